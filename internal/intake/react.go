package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// cause is why an account is looked at: a message with what it changed, or the
// clock alone.
type cause struct {
	msg   holdfast.Message
	event rules.Record // of msg
	seq   int64
	ch    changes
	scan  bool // clock-reading expressions may have changed
	start bool // what becomes true may start enrollments
	anew  bool // the trigger itself is new: what its days were is nothing to it
}

// concerns reports whether an expression may have changed its answer.
func (c *cause) concerns(rs []rules.Reads) bool {
	return c.ch.touched(rs) || c.scan && clocked(rs)
}

// react does what follows from a live message. On one event an exit beats a
// goal, which beats a wait_for; only then do triggers look at it. A late message
// ends and wakes like any other: it only starts nothing.
func (b *batch) react(s *sheet, m holdfast.Message, seq int64, says rules.Changes, ch changes) error {
	c := &cause{msg: m, seq: seq, ch: ch, event: says.Event, start: !b.late(m)}
	if !c.start {
		b.res.Late++
	}
	if !s.acct.Known {
		return nil
	}
	if m.Kind == holdfast.Track && c.event == nil {
		rec, err := facts.Event(b.set, store.Event{Message: m})
		if err != nil {
			rec = rules.Record{}
		}
		if err != nil && holdfast.CodeOf(err) != holdfast.NotFound { // what nobody declared is read by nothing
			b.trouble("", s.acct.ID, err)
		}
		c.event = rec
	}
	if err := b.running(s, c); err != nil {
		return err
	}
	return b.triggers(s, c)
}

// late reports whether m is too old to start anything.
func (b *batch) late(m holdfast.Message) bool { return m.At.Before(b.now.Add(-b.in.lateLimit())) }

// running looks at the account's enrollments: exits, goals, waits.
func (b *batch) running(s *sheet, c *cause) error {
	runs, err := b.runs(s)
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for i := range runs {
		e := &runs[i]
		if e.Status != "active" && !e.GoalAt.IsZero() || e.Outcome == Merged {
			continue // its goal is the other's
		}
		p, err := b.in.ByDigest(e.Digest)
		if err != nil {
			b.trouble(e.Playbook, e.Account, fmt.Errorf("open the version it runs: %w", err))
			continue
		}
		gone, err := b.look(s, e, p, c)
		if err != nil {
			return err
		}
		if gone {
			left[e.ID] = true
			continue
		}
		if err := b.rearm(e, p, c); err != nil {
			return err
		}
	}
	return b.hear(s, left, c)
}

// look evaluates the exits and the goal of one enrollment; gone when it has
// ended or is told to.
func (b *batch) look(s *sheet, e *store.Enrollment, p *playbooks.Playbook, c *cause) (gone bool, err error) {
	gone, err = b.exited(e)
	if err != nil {
		return gone, err
	}
	f := b.facts(s, cmp.Or(c.msg.Contact, e.Contact))
	if !gone {
		for _, x := range p.Exits {
			if b.matches(f, e, x.On, x.When, c) {
				gone = true
				if err := b.exit(e, x, c); err != nil {
					return gone, err
				}
				break
			}
		}
	}
	if p.Goal != nil {
		met, err := b.goal(s, f, e, p.Goal, c)
		if err != nil {
			return gone, err
		}
		if met && !gone && p.Goal.Outcome != "" {
			gone = true
			if err := b.exit(e, playbooks.Exit{Outcome: p.Goal.Outcome, On: "the goal is met"}, c); err != nil {
				return gone, err
			}
		}
	}
	return gone, nil
}

// matches evaluates an exit or a goal: an event with its filter, or a condition.
func (b *batch) matches(f *rules.Facts, e *store.Enrollment, on string, when *rules.Expr, c *cause) bool {
	if on != "" {
		if c.event == nil || c.msg.Event != on {
			return false
		}
		g := *f
		g.Event = c.event
		return when == nil || b.holds(&g, e.Playbook, e.Account, when)
	}
	return when != nil && c.concerns(readsOf(when)) && b.holds(f, e.Playbook, e.Account, when)
}

// holds is true only for True: an unset field never fires. An error is kept as
// trouble and counts as not true.
func (b *batch) holds(f *rules.Facts, playbook, account string, es ...*rules.Expr) bool {
	for _, x := range es {
		if x == nil {
			continue
		}
		t, _, err := x.Bool(f)
		if err != nil {
			b.trouble(playbook, account, fmt.Errorf("evaluate %s: %w", clip(x.Source()), err))
			return false
		}
		if t != rules.True {
			return false
		}
	}
	return true
}

// RestSpec is the Data of an exit's signal: the rest that its end begins.
type RestSpec struct {
	For    string `json:"for,omitempty"`
	Scope  string `json:"scope,omitempty"`
	Unless string `json:"unless,omitempty"`
}

// exit writes the row that ends e: from this commit on nothing of it is claimed.
// The line is written by whoever reads the signal.
func (b *batch) exit(e *store.Enrollment, x playbooks.Exit, c *cause) error {
	data, err := json.Marshal(RestSpec{For: x.RestFor, Scope: x.Scope, Unless: x.Unless})
	if err != nil {
		return err
	}
	reason := x.On
	if x.When != nil {
		if reason != "" {
			reason += " and "
		}
		reason += clip(x.When.Source())
	}
	b.poke = true
	b.res.Exited++
	b.tells(e)
	return b.tx.Signal(store.Signal{
		Enrollment: e.ID, Kind: "exit", Outcome: x.Outcome, Reason: reason, Event: c.seq, At: b.now, Data: data,
	})
}

// exited reports whether e has ended, or an exit row tells it to: the first counts.
func (b *batch) exited(e *store.Enrollment) (bool, error) {
	if e.Status != "active" {
		return true, nil
	}
	told, err := b.told(e)
	if err != nil {
		return false, fmt.Errorf("read exit: %w", err)
	}
	return told, nil
}

// rearm wakes an enrollment whose wait is for a date that may have moved.
func (b *batch) rearm(e *store.Enrollment, p *playbooks.Playbook, c *cause) error {
	if p.Program == nil || c.ch.none() {
		return nil
	}
	var st steps.State
	if err := json.Unmarshal(e.State, &st); err != nil {
		return nil //nolint:nilerr // a state that cannot be read is the interpreter's to report
	}
	if !c.ch.touched(steps.Watching(p.Program, st)) {
		return nil
	}
	b.poke = true
	return b.tx.Wake(e.ID)
}

// hear tells the account's open wait_for steps of the event, unless it ended
// them, or it happened before their enrollment's last touch. The listener stays:
// whoever reads the signal decides whether the step has heard enough.
func (b *batch) hear(s *sheet, left map[string]bool, c *cause) error {
	active := func(e store.Enrollment) bool { return e.Status == "active" }
	if c.event == nil || !slices.ContainsFunc(s.runs, active) {
		return nil
	}
	ls, err := b.listeners(s.acct.ID, c.msg.Event)
	if err != nil {
		return fmt.Errorf("read listeners: %w", err)
	}
	for _, l := range ls {
		if left[l.Enrollment] {
			continue
		}
		i := slices.IndexFunc(s.runs, func(e store.Enrollment) bool { return e.ID == l.Enrollment })
		var st steps.State
		if i >= 0 && json.Unmarshal(s.runs[i].State, &st) == nil && c.msg.At.Before(st.Touched) {
			continue
		}
		b.poke = true
		if err := b.tx.Signal(store.Signal{
			Enrollment: l.Enrollment, Kind: "heard", Path: l.Path, Reason: c.msg.Event, Event: c.seq, At: c.msg.At,
		}); err != nil {
			return err
		}
	}
	return nil
}

// runs are all enrollments of the account, by start.
func (b *batch) runs(s *sheet) ([]store.Enrollment, error) {
	if s.loaded {
		return s.runs, nil
	}
	runs, err := b.enrollments(s.acct.ID)
	if err != nil {
		return nil, fmt.Errorf("read enrollments: %w", err)
	}
	s.runs, s.loaded = runs, true
	return runs, nil
}
