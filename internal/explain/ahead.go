package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/steps"
	"holdfast/workflows"
)

// assumed is what a look ahead takes for granted.
var assumed = []string{
	"nothing new is heard of the account: no event, no reply, no change",
	"our people do each task when it is due, and answer a required question with its first choice",
	"playbooks that start by a date or as time goes by do start; what reads the clock is looked at every hour for 60 days, then once a day",
}

// hourly is how long scans are played as often as in production; after it they
// are played once a day, which collapses those between.
const hourly = 60 * 24 * time.Hour

// maxAdvances bounds how often enrollments are advanced without a rest, and
// maxMoves how often the clock is moved.
const (
	maxAdvances = 5000
	maxMoves    = 200_000
)

// ahead lets time pass in w until a moment: enrollments advance, dates come,
// people do their tasks. enough, asked after each move, ends it sooner.
func (w *world) ahead(ctx context.Context, until time.Time, enough func() bool) error {
	due, err := w.resting(ctx)
	if err != nil {
		return err
	}
	w.due, w.began = due, w.clock.Now()
	for range maxMoves {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.settle(ctx, due); err != nil {
			return err
		}
		if enough() {
			return nil
		}
		next, ok, err := w.next(ctx, due)
		if err != nil || !ok || next.After(until) {
			return err
		}
		w.clock.Move(next)
		if err := w.fire(ctx, due); err != nil {
			return err
		}
	}
	return holdfast.Errorf(holdfast.Invalid, "too much happens to account %s before %s", w.account, until.Format(time.DateOnly))
}

// resting is when each active enrollment wakes by the clock.
func (w *world) resting(ctx context.Context) (map[string]time.Time, error) {
	due := map[string]time.Time{}
	err := w.store.View(ctx, func(tx store.Tx) error {
		all, err := tx.EnrollmentsOf(w.account, true)
		for _, e := range all {
			if !e.Due.IsZero() {
				due[e.ID] = e.Due
			}
		}
		return err
	})
	return due, err
}

// settle advances every enrollment that was woken or is due, until all rest.
func (w *world) settle(ctx context.Context, due map[string]time.Time) error {
	for range maxAdvances {
		e, ok, err := w.awake(ctx, due)
		if err != nil || !ok {
			return err
		}
		p, err := w.advance(ctx, e)
		if err != nil {
			return fmt.Errorf("look ahead in %s: %w", e.Playbook, err)
		}
		delete(due, e.ID)
		if !p.Over && !p.Until.IsZero() {
			due[e.ID] = p.Until
		}
	}
	return holdfast.Errorf(holdfast.Invalid, "the playbooks of account %s never come to rest", w.account)
}

// awake is an active enrollment that has something to read, or whose time has come.
func (w *world) awake(ctx context.Context, due map[string]time.Time) (found store.Enrollment, ok bool, err error) {
	err = w.store.View(ctx, func(tx store.Tx) error {
		all, err := tx.EnrollmentsOf(w.account, true)
		for _, e := range all {
			at, timed := due[e.ID]
			if w.versions[e.Digest] != nil && (e.Woken != e.Echoed || timed && !at.After(w.clock.Now())) {
				found, ok = e, true
				return err
			}
		}
		return err
	})
	return found, ok, err
}

// advance is what the workflow does between two rests.
func (w *world) advance(ctx context.Context, e store.Enrollment) (workflows.Progress, error) {
	in := workflows.Step{Enrollment: e.ID, Digest: e.Digest, N: e.Woken}
	if err := json.Unmarshal(e.State, &in.State); err != nil {
		return workflows.Progress{}, fmt.Errorf("read where it stands: %w", err)
	}
	for range maxAdvances {
		p, err := w.acts.Advance(ctx, in)
		if err != nil || !p.Again {
			return p, err
		}
		in.State = p.State
	}
	return workflows.Progress{}, errors.New("it never rests")
}

// next is when something happens by the clock.
func (w *world) next(ctx context.Context, due map[string]time.Time) (next time.Time, ok bool, err error) {
	first := func(t time.Time) {
		if !ok || t.Before(next) {
			next, ok = t, true
		}
	}
	for _, t := range due {
		first(t)
	}
	open, err := w.open(ctx)
	if err != nil {
		return next, false, err
	}
	for _, k := range open {
		first(k.Due())
	}
	at, some, err := w.nextAct(ctx)
	if err != nil {
		return next, false, err
	}
	if some {
		first(at)
	}
	if at, some, err = w.acts.Next(ctx); err != nil {
		return next, false, err
	}
	if some {
		first(at)
	}
	if ok && next.Before(w.clock.Now()) {
		next = w.clock.Now()
	}
	return next, ok, nil
}

// nextAct is when the intake acts next: on its agenda, or by a scan, which is put
// off to once a day in the far future.
func (w *world) nextAct(ctx context.Context) (at time.Time, ok bool, err error) {
	if at, ok, err = w.intake.Next(ctx); err != nil || !ok || w.clock.Now().Sub(w.began) <= hourly {
		return at, ok, err
	}
	var dated time.Time
	var some bool
	err = w.store.View(ctx, func(tx store.Tx) error {
		dated, some, err = tx.NextDue()
		return err
	})
	later := at.Add(23 * time.Hour)
	switch {
	case some && dated.Equal(at):
		return at, true, err
	case some && dated.After(at) && dated.Before(later):
		return dated, true, err
	}
	return later, true, err
}

// idle reports whether nothing that the clock brings can move an enrollment: it
// waits for a row, and none of its tasks is open.
func (w *world) idle(ctx context.Context, enrollment string) bool {
	if _, timed := w.due[enrollment]; timed {
		return false
	}
	open, err := w.open(ctx)
	return err == nil && !slices.ContainsFunc(open, func(k store.Task) bool { return k.Enrollment == enrollment })
}

// open are the tasks that somebody will do.
func (w *world) open(ctx context.Context) (open []store.Task, err error) {
	err = w.store.View(ctx, func(tx store.Tx) error {
		open, err = tx.Tasks(w.account, "", "open", 0)
		return err
	})
	return slices.DeleteFunc(open, func(k store.Task) bool { return k.Due().IsZero() }), err
}

// fire does what the clock has brought: the agenda, and the tasks that are due.
// Enrollments follow when they settle.
func (w *world) fire(ctx context.Context, _ map[string]time.Time) error {
	now := w.clock.Now()
	if err := w.intake.Fire(ctx, now); err != nil {
		return err
	}
	open, err := w.open(ctx)
	if err != nil {
		return err
	}
	for _, k := range open {
		if !k.Due().After(now) {
			if err := w.do(ctx, k, now); err != nil {
				return err
			}
		}
	}
	return w.acts.Fire(ctx, now)
}

// do closes a task as done. One that cannot be closed so is left to expire.
func (w *world) do(ctx context.Context, k store.Task, now time.Time) error {
	var answers map[string]any
	err := w.store.View(ctx, func(tx store.Tx) error {
		e, err := tx.Enrollment(k.Enrollment)
		if err == nil && w.versions[e.Digest] != nil {
			answers = sim.Answers(w.versions[e.Digest], k, now)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = w.acts.CloseTask(ctx, k.ID, "done", k.Owner, answers, now)
	if _, ok := errors.AsType[*holdfast.Error](err); !ok {
		return err
	}
	return w.store.Update(ctx, func(tx store.Tx) error {
		k.DueAt, k.SnoozedUntil = time.Time{}, time.Time{}
		return tx.PutTask(k)
	})
}

// coming are the lines that were written since the clock began to move, each
// touch with the shifts before it.
func (w *world) coming(ctx context.Context) ([]Coming, error) {
	var lines []store.Line
	err := w.store.View(ctx, func(tx store.Tx) (err error) {
		lines, err = tx.Lines(w.lines, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Coming
	for _, l := range lines {
		kind, ok := comes(l)
		if !ok {
			continue
		}
		c := Coming{
			At: l.At, Kind: kind, Playbook: l.Playbook, Enrollment: l.Enrollment, Step: l.Step, To: l.To, What: said(l),
		}
		if l.Path != "" {
			c.Shifts = w.shifts(l.Enrollment, l.Path, l.At)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b Coming) int { return a.At.Compare(b.At) })
	return out, nil
}

// comes says as what a line stands in a calendar; ok is false for what only leads
// up to something.
func comes(l store.Line) (kind string, ok bool) {
	switch l.Kind {
	case "wait", "shift", "branch", "heard", "loop", "set", "split":
		return "", false
	case "task", "approval":
		return l.Kind, l.Outcome == "opened" || l.Outcome == "asked"
	case "enroll":
		return "start", true
	case "exit":
		return "end", true
	case "outcome":
		if l.Touch != "" { // of a message, not of the enrollment
			return "outcome", true
		}
		return "end", true
	}
	return l.Kind, true
}

// shifts that the touch at path went through, in order.
func (w *world) shifts(enrollment, path string, by time.Time) []Shift {
	var out []Shift
	for _, d := range w.held[[2]string{enrollment, path}] {
		moves := d.Shifts
		if len(moves) == 0 && d.Kind == guards.At {
			moves = []guards.Shift{{Reason: d.Reason, Detail: d.Detail, To: d.At}}
		}
		for _, m := range moves {
			s := Shift(m)
			s.From, s.To = s.From.UTC(), s.To.UTC()
			if m.To.After(by) || slices.ContainsFunc(out, func(o Shift) bool { return o.Reason == s.Reason && o.To.Equal(s.To) }) {
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

// stateOf reads an enrollment's portable document.
func stateOf(e store.Enrollment) steps.State {
	var st steps.State
	if json.Unmarshal(e.State, &st) != nil {
		return steps.State{}
	}
	return st
}
