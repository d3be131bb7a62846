package intake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// WaitingKind is the kind of dues of entries that a surge or the silence of a feed
// has held back: they wait for an answer, or until the feed is back, and stand a thousand years off.
const WaitingKind = "waiting"

// admittedKind is theirs when they were let in, each at a moment of its own.
const admittedKind = "entry"

// away is where a waiting due stands on the agenda: behind everything that has a
// moment, and in the order of what waits.
func away(t time.Time) time.Time { return t.AddDate(1000, 0, 0) }

// Ever is behind all of them.
var Ever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// waiting is the Data of such a due.
type waiting struct {
	Playbook   string    `json:"playbook"`
	Trigger    string    `json:"trigger"`
	Occurrence string    `json:"occurrence"`
	Contact    string    `json:"contact,omitempty"`
	Event      int64     `json:"event,omitempty"`
	Words      string    `json:"words"`
	At         time.Time `json:"at"`
	Feed       string    `json:"feed,omitempty"` // the key of the feed whose silence it waits out; "": a surge, or let in by a person
}

// about is why it waits, as the first word of its lines.
func (p waiting) about() string {
	if p.Feed != "" {
		return "silence: "
	}
	return "surge: "
}

// wait keeps an entry until a person has looked.
func (b *batch) wait(s *sheet, w why, id string) error {
	data, err := json.Marshal(waiting{
		Playbook: w.book.Name, Trigger: w.trig.ID, Occurrence: w.occurrence, Contact: w.contact, Event: w.event, Words: w.words, At: b.now,
	})
	if err != nil {
		return err
	}
	due := store.Due{Key: WaitingKind + "/" + id, Kind: WaitingKind, At: away(b.now), Account: s.acct.ID, Data: data}
	if err := b.tx.PutDue(due); err != nil {
		return fmt.Errorf("keep what waits: %w", err)
	}
	b.res.Waiting++
	return b.tx.AddLine(store.Line{
		Key: "surge/" + id, At: b.now, Account: s.acct.ID, Playbook: w.book.Name, Kind: "wait", Outcome: "paused",
		Reason: "surge: trigger " + w.trig.ID + " is paused until somebody has looked (" + w.words + ")",
	})
}

// pausedOf is whether st's trigger is paused or suspended, and an entry of the
// account waits.
func (b *batch) pausedOf(s *sheet, st *Standing) error {
	f, err := b.flowOf(ref{st.Playbook, st.Trigger})
	if err != nil {
		return err
	}
	if err := b.silenceOf(st); err != nil {
		return err
	}
	if f.On {
		st.Surge = f.words(st.Playbook.Name)
	}
	if !f.On && st.Silence == "" {
		return nil
	}
	all, err := b.tx.DueBefore(Ever, 0, WaitingKind)
	if err != nil {
		return fmt.Errorf("list what waits: %w", err)
	}
	for _, d := range all {
		var p waiting
		if d.Account == s.acct.ID && json.Unmarshal(d.Data, &p) == nil && p.Playbook == st.Playbook.Name && p.Trigger == st.Trigger.ID {
			st.Waits = p.At
		}
	}
	return nil
}

// fireAdmitted starts what was let in, by the rules of entry and if its condition
// still holds.
func (b *batch) fireAdmitted(d store.Due) error {
	var p waiting
	if err := json.Unmarshal(d.Data, &p); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	s, err := b.sheet(d.Account)
	if err != nil {
		return err
	}
	book := b.watch.byName[p.Playbook]
	if book == nil {
		return b.forgone(d, p, "the playbook is no longer published")
	}
	i := slices.IndexFunc(book.Triggers, func(t triggers.Trigger) bool { return t.ID == p.Trigger })
	if i < 0 {
		return b.forgone(d, p, "the playbook no longer has trigger "+p.Trigger)
	}
	w := why{ref: ref{book, &book.Triggers[i]}, occurrence: p.Occurrence, contact: p.Contact, event: p.Event, admitted: p.Feed == ""}
	w.words = p.Words + ", on " + p.At.Format(time.DateOnly) + "; let in by a person"
	if p.Feed != "" {
		w.words = p.Words + ", on " + p.At.Format(time.DateOnly) + "; the feed that was silent is back"
	}
	f := b.facts(s, p.Contact)
	if w.trig.Kind == triggers.Condition && !b.holds(f, book.Name, s.acct.ID, w.trig.When, book.When) {
		return b.forgone(d, p, "its condition is no longer true")
	}
	return b.start(s, f, w)
}

// forgone says that an entry that waited comes to nothing.
func (b *batch) forgone(d store.Due, p waiting, reason string) error {
	return forgo(b.tx, b.now, d, p, reason)
}

func forgo(tx store.Tx, now time.Time, d store.Due, p waiting, reason string) error {
	return tx.AddLine(store.Line{
		Key: d.Key + "/" + d.At.UTC().Format(time.RFC3339), At: now, Account: d.Account, Playbook: p.Playbook, Kind: "skip",
		Reason: p.about() + reason + " (" + p.Words + ")",
	})
}

// Held is a trigger that a surge has paused or the silence of a feed has suspended,
// or whose entries still wait.
type Held struct {
	Playbook, Trigger string
	Paused            bool
	Since             time.Time
	Why               string // in words, "" when it is not paused
	Waiting           int
}

// HeldTriggers are those of all playbooks, by name. It works beside a running
// process.
func HeldTriggers(ctx context.Context, st store.Store) (held []Held, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		held = nil
		waits, err := tx.DueBefore(Ever, 0, WaitingKind)
		if err != nil {
			return err
		}
		at := map[[2]string]int{}
		for _, d := range waits {
			var p waiting
			if json.Unmarshal(d.Data, &p) != nil {
				continue
			}
			name := [2]string{p.Playbook, p.Trigger}
			if _, there := at[name]; !there {
				at[name] = len(held)
				held = append(held, Held{Playbook: p.Playbook, Trigger: p.Trigger})
			}
			held[at[name]].Waiting++
		}
		for i := range held {
			if err := held[i].why(tx); err != nil {
				return err
			}
		}
		slices.SortFunc(held, func(a, b Held) int {
			return slices.Compare([]string{a.Playbook, a.Trigger}, []string{b.Playbook, b.Trigger})
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list paused triggers: %w", err)
	}
	return held, nil
}

// why says what has paused or suspended h.
func (h *Held) why(tx store.Tx) error {
	p, err := pausedNow(tx, h.Playbook, h.Trigger)
	if err != nil {
		return err
	}
	q, err := readSuspension(tx, h.Playbook, h.Trigger)
	if err != nil {
		return err
	}
	switch {
	case p.On && q.On:
		h.Paused, h.Since, h.Why = true, p.Since, p.words(h.Playbook)+"; and "+q.words()
	case p.On:
		h.Paused, h.Since, h.Why = true, p.Since, p.words(h.Playbook)
	case q.On:
		h.Paused, h.Since, h.Why = true, q.Since, q.words()
	}
	return nil
}

func pausedNow(tx store.Tx, playbook, trigger string) (p pause, err error) {
	state, err := tx.MetaGet(SurgeKey(playbook, trigger))
	if err == nil && state != "" {
		err = json.Unmarshal([]byte(state), &p)
	}
	return p, err
}

// Answered is what became of the entries that waited.
type Answered struct {
	Trigger string
	Entries int
}

// answerPage is how many entries one transaction answers.
const answerPage = 500

// AdmitWaiting lets in what waits for the triggers of a playbook, or for one of
// them, each at a moment of its own within over from now, and lets those triggers
// go on; what they bring today is counted from here. The error is a
// *holdfast.Error when nothing of that name is paused. It may be called again when
// it failed half way.
func AdmitWaiting(ctx context.Context, st store.Store, playbook, trigger string, over time.Duration, now time.Time) ([]Answered, error) {
	return answer(ctx, st, playbook, trigger, "", "trigger.resume", now, func(tx store.Tx, d store.Due, p waiting) (err error) {
		p.Feed = ""
		if d.Data, err = json.Marshal(p); err != nil {
			return err
		}
		d.Kind, d.At = admittedKind, now.UTC().Add(offset(d.Key, over))
		return tx.PutDue(d)
	})
}

// offset is a moment within over, the same whenever it is asked.
func offset(key string, over time.Duration) time.Duration {
	if over <= 0 {
		return 0
	}
	sum := sha256.Sum256([]byte(key))
	return time.Duration(binary.BigEndian.Uint64(sum[:]) % uint64(over)).Truncate(time.Second)
}

// DropWaiting is AdmitWaiting for entries that are not to be: each has its line,
// with who dropped it.
func DropWaiting(ctx context.Context, st store.Store, playbook, trigger, by string, now time.Time) ([]Answered, error) {
	return answer(ctx, st, playbook, trigger, by, "trigger.drop", now, func(tx store.Tx, d store.Due, p waiting) error {
		if err := forgo(tx, now, d, p, "dropped by "+by); err != nil {
			return err
		}
		return tx.DropDue(d.Key)
	})
}

func answer(ctx context.Context, st store.Store, playbook, trigger, by, what string, now time.Time, do func(store.Tx, store.Due, waiting) error) ([]Answered, error) {
	all, err := HeldTriggers(ctx, st)
	if err != nil {
		return nil, err
	}
	var out []Answered
	for _, h := range all {
		if h.Playbook != playbook || trigger != "" && h.Trigger != trigger {
			continue
		}
		err := st.Update(ctx, func(tx store.Tx) error {
			return store.Audited(ctx, tx, now, by, what, h.Playbook+"/"+h.Trigger, map[string]any{"waiting": h.Waiting})
		})
		if err != nil {
			return out, err
		}
		n, err := answerOne(ctx, st, h, now, do)
		if err != nil {
			return out, fmt.Errorf("answer for trigger %s: %w", h.Trigger, err)
		}
		out = append(out, Answered{h.Trigger, n})
	}
	if len(out) == 0 {
		missing := holdfast.Errorf(holdfast.NotFound, "nothing waits for %s", joinWords(playbook, trigger))
		missing.Hint = "holdfast triggers list shows what is paused"
		return nil, missing
	}
	return out, nil
}

func joinWords(playbook, trigger string) string {
	if trigger == "" {
		return playbook
	}
	return playbook + " " + trigger
}

// answerOne answers what waits for one trigger. Its pause ends with the first page:
// what comes in meanwhile starts at once.
func answerOne(ctx context.Context, st store.Store, h Held, now time.Time, do func(store.Tx, store.Due, waiting) error) (total int, err error) {
	for more := true; more; {
		n := 0
		err := st.Update(ctx, func(tx store.Tx) error {
			n, more = 0, false
			all, err := tx.DueBefore(Ever, 0, WaitingKind)
			if err != nil {
				return err
			}
			for _, d := range all {
				var p waiting
				if json.Unmarshal(d.Data, &p) != nil || p.Playbook != h.Playbook || p.Trigger != h.Trigger {
					continue
				}
				if more = n == answerPage; more {
					return nil
				}
				if err := do(tx, d, p); err != nil {
					return err
				}
				n++
			}
			return goOn(tx, h, now)
		})
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// goOn ends the pause of a trigger. What it brought today has been looked at.
func goOn(tx store.Tx, h Held, now time.Time) error {
	today, err := store.Tallied(tx, entriesName(h.Playbook, h.Trigger), now, now)
	if err != nil {
		return err
	}
	after := pause{Day: now.UTC().Format(time.DateOnly)}
	for _, d := range today {
		after.Let = int(d.Count)
	}
	data, err := json.Marshal(after)
	if err != nil {
		return err
	}
	if err := answered(tx, h.Playbook, h.Trigger); err != nil {
		return err
	}
	return tx.MetaSet(SurgeKey(h.Playbook, h.Trigger), string(data))
}
