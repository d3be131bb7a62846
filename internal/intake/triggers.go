package intake

import (
	"encoding/json"
	"slices"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// triggers looks at the triggers that c can affect, events first.
func (b *batch) triggers(s *sheet, c *cause) error {
	if c.event != nil {
		if err := b.happened(s, c); err != nil {
			return err
		}
	}
	rs := b.watch.affected(c)
	if len(rs) == 0 {
		return nil
	}
	f := b.facts(s, c.msg.Contact)
	for _, r := range rs {
		if err := b.state(s, f, r, c); err != nil {
			return err
		}
	}
	return nil
}

// state evaluates a condition or a date.
func (b *batch) state(s *sheet, f *rules.Facts, r ref, c *cause) error {
	if c.start && !c.ch.identified {
		unseen, err := b.unseen(r, s.acct.ID)
		if err != nil {
			return err
		}
		if unseen { // whether it became true, or was so already, nobody can tell
			first := *c
			first.start, first.anew = false, true
			c = &first
		}
	}
	if f.Contact == nil && readsContact(r.trig.When, r.book.When) {
		return nil // answered by messages that name a contact
	}
	if r.trig.Kind == triggers.Date {
		return b.date(s, f, r, c)
	}
	return b.condition(s, f, r, c)
}

// happened starts what waits for the event. One entry for each message id.
func (b *batch) happened(s *sheet, c *cause) error {
	if !c.start {
		return nil
	}
	for _, r := range b.watch.refs(b.watch.index.ByEvent(c.msg.Event)) {
		if err := b.happenedTo(s, c, r); err != nil {
			return err
		}
	}
	return nil
}

// happenedTo starts one playbook by the event, if its filter and the playbook's
// own condition hold.
func (b *batch) happenedTo(s *sheet, c *cause, r ref) error {
	f := b.facts(s, c.msg.Contact)
	g := *f
	g.Event = c.event
	ok := b.holds(&g, r.book.Name, s.acct.ID, r.trig.When) && b.holds(f, r.book.Name, s.acct.ID, r.book.When)
	if !ok {
		return nil
	}
	words := c.msg.Event
	if r.trig.When != nil {
		words += " and " + clip(r.trig.When.Source())
	}
	return b.start(s, f, why{ref: r, occurrence: c.msg.ID, contact: c.msg.Contact, event: c.seq, words: words})
}

// condition starts an enrollment when the trigger's condition and the
// playbook's own become true together. What is unset is not true: an edge that
// passes through it counts as falling and rising. Each edge fires once, whether
// the rules of entry then let it in or not; one that must not start anything
// (late, history) is marked as gone by. With rearm, one that has fired stays true
// until that holds.
func (b *batch) condition(s *sheet, f *rules.Facts, r ref, c *cause) error {
	now := b.holds(f, r.book.Name, s.acct.ID, r.trig.When, r.book.When)
	old, err := b.truth(r.book.Name, r.trig.ID, s.acct.ID)
	if err != nil || now == old.True {
		return err
	}
	if !now && old.Fired && r.trig.Rearm != nil && !b.holds(f, r.book.Name, s.acct.ID, r.trig.Rearm) {
		return nil // it has not recovered: a swing about the limit is no new edge
	}
	t := store.Truth{Playbook: r.book.Name, Trigger: r.trig.ID, Account: s.acct.ID, True: now}
	if !now {
		return b.fell(t, r)
	}
	t.Since, t.Fired = b.now, true
	w := why{ref: r, occurrence: t.Since.Format(time.RFC3339), words: clip(r.trig.When.Source()) + " became true"}
	if c.start && !r.trig.For.Zero() {
		t.Fired = false
		return b.hold(s, t, r)
	}
	if err := b.putTruth(t); err != nil || !c.start {
		return err
	}
	return b.start(s, f, w)
}

func (b *batch) fell(t store.Truth, r ref) error {
	if !r.trig.For.Zero() {
		if err := b.tx.DropDue(dueKey("held", t.Playbook, t.Trigger, t.Account)); err != nil {
			return err
		}
	}
	return b.putTruth(t)
}

// pending is the Data of a due: which trigger, and the occurrence it stands for.
type pending struct {
	Playbook   string `json:"playbook"`
	Trigger    string `json:"trigger"`
	Occurrence string `json:"occurrence"`
}

func dueKey(kind, playbook, trigger, account string) string {
	return kind + "/" + playbook + "/" + trigger + "/" + account
}

// hold puts off an edge until the condition has held for the trigger's `for`.
func (b *batch) hold(s *sheet, t store.Truth, r ref) error {
	if err := b.putTruth(t); err != nil {
		return err
	}
	loc, days := b.in.place(b.record(s))
	return b.due("held", t, r.trig.For.Add(t.Since.In(loc), days), t.Since.Format(time.RFC3339))
}

func (b *batch) due(kind string, t store.Truth, at time.Time, occurrence string) error {
	data, err := json.Marshal(pending{t.Playbook, t.Trigger, occurrence})
	if err != nil {
		return err
	}
	return b.tx.PutDue(store.Due{
		Key: dueKey(kind, t.Playbook, t.Trigger, t.Account), Kind: kind, At: at.UTC(), Account: t.Account, Data: data,
	})
}

func readsContact(es ...*rules.Expr) bool {
	return slices.ContainsFunc(readsOf(es...), func(r rules.Reads) bool { return len(r.Contact) > 0 })
}

// goalEnd is the end of the window in which e's goal counts.
func (b *batch) goalEnd(s *sheet, e *store.Enrollment, g *playbooks.Goal) time.Time {
	if g.Within.Zero() {
		return b.now.AddDate(100, 0, 0)
	}
	return b.later(s, e.StartedAt, g.Within)
}

func (b *batch) later(s *sheet, t time.Time, span calendar.Span) time.Time {
	loc, days := b.in.place(b.record(s))
	return span.Add(t.In(loc), days).UTC()
}
