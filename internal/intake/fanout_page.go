package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// fanPage is how many accounts one transaction of an announcement takes.
const fanPage = 250

// pagesAtOnce are done before the agenda looks at what else is due.
const pagesAtOnce = 8

// An announcement that reaches fewer than fewestReached accounts is never asked
// about, and one that reaches more than one in mostReached is.
const (
	fewestReached = 100
	mostReached   = 5
)

// fanOut does pages of what is announced, the oldest first. On the machine's clock
// it leaves the rest for the next call, so that what else is due is not held up.
func (in *Intake) fanOut(ctx context.Context, now time.Time) error {
	_, exact := in.Clock.(*clock.Virtual)
	for pages := 0; exact || pages < pagesAtOnce; pages++ {
		var b *batch
		more := false
		err := in.Store.Update(ctx, func(tx store.Tx) error {
			b, more = in.batchAt(tx, Live, now), false
			ds, err := tx.DueBefore(now, 1, FanOutKind)
			if err != nil || len(ds) == 0 {
				return err
			}
			more = true
			a, err := asAnnouncement(ds[0])
			if err != nil {
				return err
			}
			if err := b.page(a); err != nil {
				return fmt.Errorf("%s: %w", ds[0].Key, err)
			}
			return b.flush()
		})
		if err != nil {
			return err
		}
		in.after(b)
		if !more {
			return nil
		}
	}
	return nil
}

// page takes a to the accounts after its cursor.
func (b *batch) page(a *Announcement) error {
	b.rememberFan(FanOutKey(a.Seq), a)
	a.dirty = true
	if a.Triggers == nil {
		a.Triggers = b.reaches(a.Message.Event)
	}
	ids, err := b.tx.AccountIDs(a.Cursor, fanPage)
	if err != nil {
		return err
	}
	if err := b.gatherAll(ids); err != nil {
		return err
	}
	for _, id := range ids {
		s, err := b.sheet(id)
		if err != nil {
			return err
		}
		if err := b.reach(a, s, a.Phase == Counting); err != nil {
			return fmt.Errorf("account %s: %w", id, err)
		}
	}
	a.Looked += len(ids)
	if len(ids) == fanPage {
		a.Cursor = ids[len(ids)-1]
		return nil
	}
	return b.endRound(a)
}

// reaches are the triggers that wait for an event.
func (b *batch) reaches(event string) []Reach {
	all := []Reach{}
	for _, r := range b.watch.refs(b.watch.index.ByEvent(event)) {
		all = append(all, Reach{Playbook: r.book.Name, Trigger: r.trig.ID})
	}
	return all
}

// reach holds a against one account: it counts, or lets the account in.
func (b *batch) reach(a *Announcement, s *sheet, counts bool) error {
	if !s.acct.Known {
		return nil
	}
	var f *rules.Facts
	for i := range a.Triggers {
		r, ok := b.waitsFor(a, a.Triggers[i])
		if !ok {
			continue
		}
		if f == nil {
			f = b.facts(s, "")
		}
		if !b.matchesAll(a, s, f, r) {
			continue
		}
		a.First = cmp.Or(a.First, s.acct.ID)
		if counts {
			a.Triggers[i].Matches++
		} else if err := b.give(a, &a.Triggers[i], s, r); err != nil {
			return err
		}
	}
	return nil
}

// waitsFor is the trigger of today that waits for a; ok is false when it is gone.
func (b *batch) waitsFor(a *Announcement, t Reach) (r ref, ok bool) {
	p := b.watch.byName[t.Playbook]
	if p == nil {
		return r, false
	}
	i := slices.IndexFunc(p.Triggers, func(x triggers.Trigger) bool {
		return x.ID == t.Trigger && x.Kind == triggers.Event && x.On == a.Message.Event
	})
	if i < 0 {
		return r, false
	}
	return ref{p, &p.Triggers[i]}, true
}

// matchesAll reports whether the conditions of r hold for the account.
func (b *batch) matchesAll(a *Announcement, s *sheet, f *rules.Facts, r ref) bool {
	if a.props == nil {
		var err error
		if a.props, err = facts.Event(b.set, store.Event{Message: a.Message}); err != nil { // as react takes it
			b.trouble(r.book.Name, s.acct.ID, err)
			a.props = rules.Record{}
		}
	}
	g := *f
	g.Event = a.props
	return b.holds(&g, r.book.Name, s.acct.ID, r.trig.When) && b.holds(f, r.book.Name, s.acct.ID, r.book.When)
}

// enteringKind is the kind of dues of accounts that match an announcement, each at
// the moment at which it enters.
const enteringKind = "entering"

// entering is the Data of such a due.
type entering struct {
	Announcement int64  `json:"announcement"`
	Playbook     string `json:"playbook"`
	Trigger      string `json:"trigger"`
}

// give gives an account that matches its moment; one that is now is used.
func (b *batch) give(a *Announcement, t *Reach, s *sheet, r ref) error {
	t.Due++
	key := entryKey(r.book.Enroll.OncePer, r.trig.ID, a.Message.ID)
	id := holdfast.EnrollmentID(r.book.Name, s.acct.ID, key)
	within := r.trig.Spread.Add(b.now, b.in.daysOf(b.record(s))).Sub(b.now)
	at := b.now.Add(offset(id, within))
	if !at.After(b.now) && b.everyone == nil {
		return b.begin(a, t, s, r)
	}
	if at.After(a.Until) {
		a.Until = at
	}
	data, err := json.Marshal(entering{a.Seq, r.book.Name, r.trig.ID})
	if err != nil {
		return err
	}
	return b.tx.PutDue(store.Due{Key: enteringKind + "/" + id, Kind: enteringKind, At: at, Account: s.acct.ID, Data: data})
}

// begin starts an account by a, by the rules of entry.
func (b *batch) begin(a *Announcement, t *Reach, s *sheet, r ref) error {
	words := a.Message.Event
	if r.trig.When != nil {
		words += " and " + clip(r.trig.When.Source())
	}
	before := b.res.Enrolled + b.res.HeldOut
	err := b.start(s, b.facts(s, ""), why{ref: r, occurrence: a.Message.ID, event: a.Seq, words: words + "; announced to all", admitted: true})
	if b.res.Enrolled+b.res.HeldOut > before {
		t.Entered++
	} else {
		t.Passed++
	}
	return err
}

// gatherEntries reads the accounts of ds together when they enter by announcements.
func (b *batch) gatherEntries(ds []store.Due) error {
	var ids []string
	for _, d := range ds {
		if d.Kind == enteringKind {
			ids = append(ids, d.Account)
		}
	}
	if len(ids) < 2 {
		return nil
	}
	return b.gatherAll(ids)
}

// fireEntering lets an account enter whose moment has come, if it still matches and
// the announcement was not stopped.
func (b *batch) fireEntering(d store.Due) error {
	var e entering
	if err := json.Unmarshal(d.Data, &e); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	a, err := b.fan(FanOutKey(e.Announcement))
	if err != nil || a == nil {
		return err
	}
	i := slices.IndexFunc(a.Triggers, func(t Reach) bool { return t.Playbook == e.Playbook && t.Trigger == e.Trigger })
	if i < 0 {
		return nil
	}
	t := &a.Triggers[i]
	a.dirty = true
	defer a.finish()
	s, err := b.sheet(d.Account)
	if err != nil {
		return err
	}
	pass := func(reason string) error {
		t.Passed++
		return b.tx.AddLine(store.Line{
			Key: d.Key, At: b.now, Account: s.acct.ID, Playbook: e.Playbook, Kind: "skip",
			Reason: "announcement: " + reason + " (" + a.Message.Event + ")",
		})
	}
	if a.Phase == Stopped {
		return pass(a.Why)
	}
	r, ok := b.waitsFor(a, *t)
	switch {
	case !ok:
		return pass("trigger " + e.Trigger + " is no longer published")
	case !s.acct.Known || !b.matchesAll(a, s, b.facts(s, ""), r):
		return pass("its conditions no longer hold")
	}
	return b.begin(a, t, s, r)
}
