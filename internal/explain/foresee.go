package explain

import (
	"context"
	"slices"
	"time"

	"holdfast/internal/store"
)

// horizon is how far ahead the next fire time of an enrollment is looked for.
const horizon = 400 * 24 * time.Hour

// foresee moves w's clock: it comes last.
func (w *world) foresee(ctx context.Context, r *Report, q Question) error {
	waiting := map[string]*Enrollment{}
	for i := range r.Playbooks {
		for j := range r.Playbooks[i].Enrollments {
			if e := &r.Playbooks[i].Enrollments[j]; e.Status == "active" && w.versions[e.Digest] != nil {
				waiting[e.ID] = e
			}
		}
	}
	until := q.Calendar
	if len(waiting) == 0 && until.IsZero() {
		return nil
	}
	var err error
	if w.lines, err = w.lastLine(ctx); err != nil {
		return err
	}
	if until.IsZero() {
		until = q.At.Add(horizon)
	}
	if err := w.ahead(ctx, until, func() bool { return q.Calendar.IsZero() && w.allMoved(ctx, waiting) }); err != nil {
		return err
	}
	all, err := w.coming(ctx)
	if err != nil {
		return err
	}
	r.Assumed = assumed
	for _, c := range all {
		if !q.Calendar.IsZero() && (q.Playbook == "" || c.Playbook == q.Playbook) {
			r.Calendar = append(r.Calendar, c)
		}
		if e := waiting[c.Enrollment]; e != nil && !reached(e.Next) {
			e.Next = append(e.Next, c)
		}
	}
	return nil
}

// reached reports whether a list of what comes holds the next touch or the end.
func reached(next []Coming) bool {
	return slices.ContainsFunc(next, func(c Coming) bool {
		return !slices.Contains([]string{"skip", "error", "goal", "hold", "outcome"}, c.Kind)
	})
}

func (w *world) lastLine(ctx context.Context) (n int64, err error) {
	err = w.store.View(ctx, func(tx store.Tx) error {
		n, err = tx.LastLine()
		return err
	})
	return n, err
}

// allMoved reports whether every enrollment has come to its next touch or end.
func (w *world) allMoved(ctx context.Context, waiting map[string]*Enrollment) bool {
	all, err := w.coming(ctx)
	if err != nil {
		return false // the read is tried again, and then it is the error
	}
	next := map[string][]Coming{}
	for _, c := range all {
		next[c.Enrollment] = append(next[c.Enrollment], c)
	}
	for id := range waiting {
		if !reached(next[id]) && !w.idle(ctx, id) {
			return false
		}
	}
	return true
}
