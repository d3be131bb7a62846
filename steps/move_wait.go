package steps

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// counts reports whether s repeats or multiplies what it holds: the path of a
// step inside says which pass or item it is of.
func counts(s *Step) bool { return s.Verb == everyVerb || s.Verb == parallelVerb || s.Verb == eachVerb }

// arms moves each of the counters that s, which is t now, has open.
func (m *mover) arms(s, t *Step, open []Arm) ([]Arm, *block) {
	open = slices.Clone(open)
	for i := range open {
		arm := &open[i]
		if arm.At == "" {
			continue // it is over
		}
		if s.Verb == parallelVerb && !slices.ContainsFunc(t.Blocks(), func(b Block) bool { return b.Label == arm.Key }) {
			return nil, blocked("loop_gone", "it is in arm %s of %q, which the new version does not have", arm.Key, s.ID)
		}
		c, b := m.counter(counter{At: arm.At, Loops: arm.Loops, Wait: arm.Wait, Arms: arm.Arms}, s, t)
		if b != nil {
			return nil, b
		}
		arm.Asked = arm.Asked && c.Wait != nil
		arm.At, arm.Loops, arm.Wait, arm.Arms = c.At, c.Loops, c.Wait, c.Arms
	}
	return open, nil
}

// holders are the steps around s that count, outermost first, up to holder; ok
// is false when s is not inside that.
func holders(p *Program, s, holder *Step) (all []*Step, ok bool) {
	up := p.ByID[s.Parent]
	for ; up != nil && up != holder; up = p.ByID[up.Parent] {
		if counts(up) {
			all = append(all, up)
		}
	}
	slices.Reverse(all)
	return all, up == holder
}

// sameLoops reports whether s and t lie inside the same loops, and in the same
// arm of what holds their counter.
func (m *mover) sameLoops(s, t, holder, newHolder *Step) bool {
	a, inside := holders(m.old, s, holder)
	b, newInside := holders(m.new, t, newHolder)
	return inside && newInside && armOf(m.old, s, holder) == armOf(m.new, t, newHolder) &&
		slices.EqualFunc(a, b, func(a, b *Step) bool { return m.there(a) == b && a.Verb == b.Verb })
}

// armOf is the arm of a parallel in which s lies, or "".
func armOf(p *Program, s, holder *Step) string {
	if holder == nil || holder.Verb != parallelVerb {
		return ""
	}
	for s.Parent != holder.ID {
		s = p.ByID[s.Parent]
	}
	for _, b := range holder.Blocks() {
		for n := p.ByID[b.First]; n != nil; n = p.ByID[n.Next] {
			if n == s {
				return b.Label
			}
		}
	}
	return ""
}

func (m *mover) otherLoops(s, t *Step) *block {
	around := func(p *Program, s *Step) string {
		if up := p.ByID[s.Parent]; up != nil && up.Verb == parallelVerb {
			return "arm " + armOf(p, s, up) + " of " + up.ID
		}
		var ids []string
		all, _ := holders(p, s, nil)
		for _, h := range all {
			ids = append(ids, h.ID)
		}
		if len(ids) == 0 {
			return "none"
		}
		return strings.Join(ids, " and ")
	}
	return blocked("loop_other", "step %q is inside %s, and inside %s in the new version; what it repeats would be lost, or come twice", s.ID, around(m.old, s), around(m.new, t))
}

// loopsStay blocks when a loop that is open is gone.
func (m *mover) loopsStay(open []Loop) *block {
	for _, l := range open {
		s := m.old.step(l.Step)
		if s == nil {
			return blocked("no_step", "its version has no loop %q", l.Step)
		}
		if t := m.there(s); t == nil || t.Verb != s.Verb {
			return blocked("loop_gone", "it is in pass %d of %q, which the new version does not have", l.Pass, s.ID)
		}
	}
	return nil
}

// loops are the open ones under their new names. A changed interval counts from
// the pass that was due last, so that no pass comes twice.
func (m *mover) loops(open []Loop) []Loop {
	open = slices.Clone(open)
	for i, l := range open {
		s := m.old.step(l.Step)
		t := m.there(s)
		open[i].Step = t.ID
		a, aLoop := s.Spec.(*Every)
		b, bLoop := t.Spec.(*Every)
		if !aLoop || !bLoop || sameSpan(a.Each, b.Each) {
			continue
		}
		last := m.due(a, l)
		open[i].Anchor, open[i].Base = last.UTC(), l.Pass
		m.note("%s comes every %s instead of every %s, counted from the pass before", t.ID, inWords(b.Each), inWords(a.Each))
	}
	return open
}

// due is when pass l.Pass was.
func (m *mover) due(e *Every, l Loop) time.Time {
	return passDue(e, l, l.Pass, m.in.Zone, m.in.Days)
}

func sameSpan(a, b calendar.Span) bool {
	a.Text, b.Text = "", ""
	return a == b
}

// wait is what a counter that stays at t waits for in the new version.
func (m *mover) wait(s, t *Step, resting *Wait) *Wait {
	if resting == nil {
		return nil
	}
	w := *resting
	switch w.Kind {
	case "shift", "park": // the guards of the new version are asked at once
		w.Until = time.Time{}
	case reviewKind:
		if spec, ok := t.Spec.(*Email); ok && spec.Review == nil {
			m.leave(resting)
			m.note("nobody reviews it any more: it goes as drafted")
			w.Kind, w.Until = reviewedKind, time.Time{}
		}
	case timeKind:
		if a, ok := s.Spec.(*Pause); ok {
			m.pause(a, t.Spec.(*Pause), &w)
		}
	case eventKind:
		if a, ok := s.Spec.(*Listening); ok {
			m.listening(a, t.Spec.(*Listening), &w)
		}
	case taskVerb:
		if a, ok := s.Spec.(*Task); ok {
			m.task(a, t.Spec.(*Task))
		}
	}
	return &w
}

// pause counts a changed span from when the wait began; a changed date is
// evaluated afresh.
func (m *mover) pause(a, b *Pause, w *Wait) {
	switch {
	case b.Until != nil && a.Until != nil && written(a.Until) == written(b.Until) && a.At == b.At:
	case b.Until != nil:
		w.Until, w.Reason = time.Time{}, ""
		m.note("it waits until %s instead of %s", written(b.Until), asked(a))
	case a.Until != nil || !sameSpan(a.For, b.For):
		w.Until, w.Reason = roundUp(b.For.Add(w.Since.In(m.in.Zone), m.in.Days)), ""
		m.note("it waits %s instead of %s, counted from when the wait began", inWords(b.For), asked(a))
	}
}

func asked(p *Pause) string {
	if p.Until != nil {
		return written(p.Until)
	}
	return inWords(p.For)
}

func written(e *rules.Expr) string { return strings.Join(strings.Fields(e.Source()), " ") }

// listening counts a changed timeout from when the wait began.
func (m *mover) listening(a, b *Listening, w *Wait) {
	if !sameSpan(a.Timeout, b.Timeout) {
		w.Until = roundUp(b.Timeout.Add(w.Since.In(m.in.Zone), m.in.Days))
		m.note("it listens for %s instead of %s, counted from when the wait began", inWords(b.Timeout), inWords(a.Timeout))
	}
	if slices.Equal(a.Events, b.Events) {
		return
	}
	m.note("it listens for %s instead of %s", orList(b.Events), orList(a.Events))
	look := &walk{p: m.new, st: m.st}
	m.out.Listen = append(m.out.Listen, Listens{Path: w.Path, Events: b.Events, Since: look.sinceWhen(b)})
}

// task stays as it was opened; only its form is the new one's.
func (m *mover) task(a, b *Task) {
	if !sameSpan(a.Due, b.Due) || !sameSpan(a.Expires, b.Expires) {
		m.note("the open task keeps the days on which it is due and expires")
	}
}
