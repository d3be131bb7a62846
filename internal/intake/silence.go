package intake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// suspension is what is remembered of a trigger whose condition cannot be judged,
// since a feed that it reads is silent: JSON in Meta.
type suspension struct {
	On    bool      `json:"on"`
	Feed  string    `json:"feed,omitempty"` // its key
	Since time.Time `json:"since,omitzero"` // when the trigger was suspended
	Last  time.Time `json:"last,omitzero"`  // since when the feed is silent
	Than  string    `json:"than,omitempty"` // the time it may be silent, where settings say it; "": learned
	// Silent are all feeds of the trigger that were silent then, Feed first.
	Silent []string `json:"silent,omitempty"`
	// Despite: a person has let the trigger go on although these feeds are silent,
	// each since an hour.
	Despite map[string]int `json:"despite,omitempty"`
}

func silenceKey(playbook, trigger string) string { return "silence/" + playbook + "/" + trigger }

func readSuspension(tx store.Meta, playbook, trigger string) (p suspension, err error) {
	v, err := tx.MetaGet(silenceKey(playbook, trigger))
	if err == nil && v != "" {
		err = json.Unmarshal([]byte(v), &p)
	}
	if err != nil {
		return p, fmt.Errorf("read whether trigger %s is suspended: %w", trigger, err)
	}
	return p, nil
}

func putSuspension(tx store.Meta, playbook, trigger string, p suspension) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return tx.MetaSet(silenceKey(playbook, trigger), string(data))
}

// suspensionOf is what is remembered of r, read once in a transaction.
func (b *batch) suspensionOf(r ref) (p suspension, err error) {
	key := silenceKey(r.book.Name, r.trig.ID)
	p, known := b.suspensions[key]
	if known {
		return p, nil
	}
	if p, err = readSuspension(b.tx, r.book.Name, r.trig.ID); err == nil {
		b.remember(key, p)
	}
	return p, err
}

// suspend remembers p of r.
func (b *batch) suspend(r ref, p suspension) error {
	b.remember(silenceKey(r.book.Name, r.trig.ID), p)
	return putSuspension(b.tx, r.book.Name, r.trig.ID, p)
}

func (b *batch) remember(key string, p suspension) {
	if b.suspensions == nil {
		b.suspensions = map[string]suspension{}
	}
	b.suspensions[key] = p
}

// words say what is silent, and since when.
func (p suspension) words() string { return silentWords(p.Feed, p.Last, p.Than) }

func silentWords(key string, since time.Time, than string) string {
	name, kind := strings.TrimPrefix(key, "feed/event/"), "event "
	if name == key {
		name, kind = strings.TrimPrefix(key, "feed/source/"), "source "
	}
	longer := "longer than is usual"
	if than != "" {
		longer = "and silence: says " + than
	}
	return fmt.Sprintf("nothing of %s%q has come from anybody since %s, %s", kind, name, since.Format("2006-01-02 15:04 UTC"), longer)
}

// unheard reports whether starts by w wait while a feed is silent: those of
// conditions, unless a person asked for them or has let them in.
func (b *batch) unheard(w why) bool {
	return w.trig.Kind == triggers.Condition && !w.assumed && !w.admitted && !b.asked && !b.in.Options.Treated
}

// silenced reports whether the entry must wait, because a feed that its condition
// reads is silent; the first such entry of a feed has a person told.
func (b *batch) silenced(s *sheet, w why, id string) (bool, error) {
	if !b.unheard(w) {
		return false, nil
	}
	p, err := b.suspensionOf(w.ref)
	if err != nil {
		return false, err
	}
	if !p.On {
		silent, first, err := b.silentFeeds(w.ref, p)
		if err != nil || len(silent) == 0 {
			return false, err
		}
		p.On, p.Feed, p.Silent, p.Since, p.Last, p.Than = true, silent[0], silent, b.now, first.since(), first.Than
		if err := b.suspend(w.ref, p); err != nil {
			return false, err
		}
		if err := b.tellSilence(s, w.ref, p); err != nil {
			return false, err
		}
	}
	return true, b.waitFor(s, w, id, p)
}

// silentFeeds are the feeds that r's condition reads and that are silent beyond what
// is usual or set, and how the first of them is. What came in this transaction
// counts as heard.
func (b *batch) silentFeeds(r ref, p suspension) (silent []string, first silence, err error) {
	for _, event := range feedsOf(b.set, r) {
		for key := eventFeed(event); key != ""; {
			f, err := readFeed(b.tx, key)
			if err != nil {
				return nil, first, err
			}
			if _, speaks := b.came[key]; speaks {
				break
			}
			q, is := b.judge(key, f)
			last, despite := p.Despite[key]
			if is && (!despite || last != q.Last) && !slices.Contains(silent, key) {
				if len(silent) == 0 {
					first = q
				}
				silent = append(silent, key)
			}
			if key = ""; f.Source != "" {
				key = sourceFeed(f.Source)
			}
		}
	}
	return silent, first, nil
}

// judge reports whether a feed is silent, and how. Where settings say how long its
// source may be, the source is by that alone; an event of it is by what is usual, and
// not before.
func (b *batch) judge(key string, f feed) (q silence, is bool) {
	from, whole := strings.CutPrefix(key, sourceFeed(""))
	if !whole {
		from = f.Source
	}
	var after calendar.Span
	if b.in.Silence != nil {
		var off bool
		if after, off = b.in.Silence(from); off {
			return q, false
		}
	}
	q, known := f.Hours.silent(b.now)
	if after.Zero() {
		return q, known && q.beyond()
	}
	if q.Last, is = f.Hours.last(); !is || after.Add(q.since(), calendar.Days{}).After(b.now) {
		return q, false
	}
	if whole {
		q.Than = after.Text
		return q, true
	}
	return q, known && q.beyond()
}

// tellSilence tells the people who look after the playbooks that a feed is silent,
// once for each silence.
func (b *batch) tellSilence(s *sheet, r ref, p suspension) error {
	f, err := readFeed(b.tx, p.Feed)
	if err != nil || !f.Told.IsZero() {
		return err
	}
	f.Told = b.now
	if err := putFeed(b.tx, p.Feed, f); err != nil {
		return err
	}
	b.in.Log.Warn("a feed is silent: triggers that read it are suspended", "feed", p.Feed, "since", p.Last, "playbook", r.book.Name, "trigger", r.trig.ID)
	name := r.book.Name + " " + r.trig.ID
	return PutAlarm(b.tx, Alarm{
		Key: p.Feed, Playbook: r.book.Name, Account: s.acct.ID, At: b.now,
		Title: p.words() + "; trigger " + r.trig.ID + " of " + r.book.Name + " is suspended",
		Brief: "Whom it and other triggers that read this feed would start waits. Look at the feed: when it is back they go on by themselves, if their " +
			"condition is still true. Is the silence real? holdfast triggers resume " + name + " lets them in, holdfast triggers drop " + name +
			" forgets them, and holdfast triggers list shows who else waits.",
	})
}

// waitFor keeps an entry until the feed is back.
func (b *batch) waitFor(s *sheet, w why, id string, p suspension) error {
	data, err := json.Marshal(waiting{
		Playbook: w.book.Name, Trigger: w.trig.ID, Occurrence: w.occurrence, Contact: w.contact, Event: w.event, Words: w.words, At: b.now, Feed: p.Feed,
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
		Key: fmt.Sprintf("silence/%s/%d", id, b.now.Unix()), At: b.now, Account: s.acct.ID, Playbook: w.book.Name, Kind: "wait", Outcome: "suspended",
		Reason: "silence: " + p.words() + ", so that trigger " + w.trig.ID + " waits until it is back (" + w.words + ")",
	})
}

// silenceOf is why st's trigger is suspended, or would be by its next start.
func (b *batch) silenceOf(st *Standing) error {
	if st.Trigger.Kind != triggers.Condition || b.in.Options.Treated {
		return nil
	}
	p, err := readSuspension(b.tx, st.Playbook.Name, st.Trigger.ID)
	if err != nil {
		return err
	}
	if !p.On {
		silent, first, err := b.silentFeeds(ref{st.Playbook, st.Trigger}, p)
		if err != nil || len(silent) == 0 {
			return err
		}
		p.Feed, p.Last, p.Than = silent[0], first.since(), first.Than
	}
	st.Silence = p.words()
	return nil
}

// answered ends a suspension that a person has answered: the silence that there is
// now suspends the trigger no more.
func answered(tx store.Tx, playbook, trigger string) error {
	p, err := readSuspension(tx, playbook, trigger)
	if err != nil || !p.On {
		return err
	}
	after := suspension{Despite: p.Despite}
	for _, key := range p.Silent {
		f, err := readFeed(tx, key)
		if err != nil {
			return err
		}
		if last, ok := f.Hours.last(); ok {
			if after.Despite == nil {
				after.Despite = map[string]int{}
			}
			after.Despite[key] = last
		}
	}
	return putSuspension(tx, playbook, trigger, after)
}
