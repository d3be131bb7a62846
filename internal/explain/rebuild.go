package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// unrebuilt says what a rebuilt account cannot know.
var unrebuilt = []string{
	"the schema, mappings and metrics are today's, and so are the triggers of playbooks that were published since; an enrollment is shown under the version it runs",
	"not kept, so not shown: whether a condition had been true before, dates that waited on the agenda, and which step an enrollment stood at (its lines up to then tell)",
}

// counted says which messages a rebuilt account is made of.
func counted(happened bool) string {
	if happened {
		return "this is what had happened by that moment, whenever it was heard of"
	}
	return "this is what was known at that moment: messages that came later are left out, even those about the time before it (--happened counts them)"
}

// rebuild fills w with what was known of the account at a moment: its messages
// received by then go through the intake again, as history, and what carries its
// own times (enrollments, touches, tasks, rests, suppressions, lines) is cut at it.
// happened counts what had happened by then, whenever it was received.
func (w *world) rebuild(ctx context.Context, s store.Store, at time.Time, happened bool) error {
	w.then = true
	var known []holdfast.Message
	err := s.View(ctx, func(from store.Tx) error {
		all, err := from.Events(w.account, nil, time.Time{}, time.Time{}, 0)
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b store.Event) int { return int(a.Seq - b.Seq) })
		for _, e := range all {
			if happened && !e.At.After(at) || !e.Received.After(at) {
				known = append(known, replayed(e.Message))
			}
		}
		if len(known) == 0 && len(all) > 0 {
			w.first = all[0].Received
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the messages of account %s: %w", w.account, err)
	}
	if err := w.take(ctx, known); err != nil {
		return fmt.Errorf("replay account %s: %w", w.account, err)
	}
	return s.View(ctx, func(from store.Tx) error {
		return w.store.Update(ctx, func(to store.Tx) error {
			c := &cutter{copier: copier{world: w, from: from, to: to, seqs: map[int64]int64{}}, at: at}
			return c.cut()
		})
	})
}

// replayed is a stored message as the intake takes it: one of our own events was
// let in once already.
func replayed(m holdfast.Message) holdfast.Message {
	if strings.Contains(m.Event, ".") {
		m.Source = "system"
	}
	return m
}

// cutter copies what a moment lets through.
type cutter struct {
	copier
	at time.Time
}

func (c *cutter) cut() error {
	if err := errors.Join(c.meta("salt"), c.published()); err != nil {
		return err
	}
	runs, err := c.from.EnrollmentsOf(c.account, false)
	if err != nil {
		return err
	}
	for _, e := range runs {
		if e.StartedAt.After(c.at) {
			continue
		}
		if err := c.version(e.Digest); err != nil {
			return err
		}
		if err := c.then(e); err != nil {
			return fmt.Errorf("enrollment %s: %w", e.ID, err)
		}
	}
	if err := c.arms(); err != nil {
		return err
	}
	return c.rests(runs)
}

// then is an enrollment as it stood at the moment.
func (c *cutter) then(e store.Enrollment) error {
	if e.EndedAt.After(c.at) {
		e.Status, e.Outcome, e.EndedAt = "active", "", time.Time{}
	}
	if e.GoalAt.After(c.at) {
		e.GoalAt = time.Time{}
	}
	if e.Status == "active" {
		e.State, e.Due, e.Step, e.Doing = []byte("{}"), time.Time{}, "", ""
	}
	lines, err := c.from.LinesOf(e.ID)
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(lines, func(l store.Line) bool { return l.At.After(c.at) })
	if n := len(lines); n > 0 && e.Status == "active" {
		e.Step, e.Doing = lines[n-1].Step, "by its last line: "+said(lines[n-1])
	}
	e.Event = 0
	if _, err := c.to.Enroll(e); err != nil {
		return err
	}
	for _, l := range lines {
		l.Key = fmt.Sprintf("was/%d", l.Seq)
		if err := c.to.AddLine(l); err != nil {
			return err
		}
	}
	return c.work(e.ID)
}

// work is the tasks and touches of an enrollment.
func (c *cutter) work(enrollment string) error {
	tasks, err := c.from.TasksOf(enrollment)
	if err != nil {
		return err
	}
	for _, k := range tasks {
		if k.OpenedAt.After(c.at) {
			continue
		}
		if k.ClosedAt.After(c.at) {
			k.Status, k.ClosedAt, k.ClosedBy, k.Answers, k.Reason = "open", time.Time{}, "", nil, ""
		}
		if err := c.to.PutTask(k); err != nil {
			return err
		}
	}
	touches, err := c.from.TouchesOf(enrollment)
	if err != nil {
		return err
	}
	for _, t := range touches {
		if t.ClaimedAt.After(c.at) {
			continue
		}
		if t.DoneAt.After(c.at) {
			t.State, t.DoneAt = holdfast.Sending, time.Time{}
		}
		if err := c.to.PutTouch(t); err != nil {
			return err
		}
	}
	return nil
}

// rests begin when their enrollment ends. The store forgets those that are over.
func (c *cutter) rests(runs []store.Enrollment) error {
	all, err := c.from.Rests(c.account, c.at)
	if err != nil {
		return err
	}
	for _, r := range all {
		i := slices.IndexFunc(runs, func(e store.Enrollment) bool { return e.ID == r.Enrollment })
		if i >= 0 && (runs[i].EndedAt.IsZero() || runs[i].EndedAt.After(c.at)) {
			continue
		}
		if err := c.to.PutRest(r); err != nil {
			return err
		}
	}
	return nil
}
