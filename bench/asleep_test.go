package bench

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/workflows"
)

// putToSleep takes n enrollments to their first wait, which is three months of the
// machine's clock.
func (w *world) putToSleep(n int, s shape) {
	w.t.Helper()
	w.serve(s)
	w.update(func(tx store.Tx) error {
		for i := range n {
			if err := w.enroll(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	w.begin(n, s.kind, func(i int) []any { return s.args(w, i) })
	w.allSent(n)
}

// serve runs a worker of the product whose enrollments sleep long.
func (w *world) serve(s shape) {
	w.t.Helper()
	a := w.product(func() {})
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflowWithOptions(workflows.Enrollment, workflow.RegisterOptions{Name: workflows.EnrollmentType})
		reg.RegisterWorkflow(withDefinition)
		reg.RegisterActivityWithOptions(func(ctx context.Context, in workflows.Step) (workflows.Progress, error) {
			p, err := a.Advance(ctx, in)
			return w.rest(p, s), err
		}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	})
}

// putToSleepByHand does the same as putToSleep with the hand-written workflow.
func (w *world) putToSleepByHand(n int) {
	w.t.Helper()
	w.serveByHand()
	w.begin(n, WinBack, func(i int) []any { return []any{account(i), 90 * 24 * time.Hour} })
	w.allSent(n)
}

// serveByHand runs a worker of the hand-written workflow, which knows no playbook and
// no rules.
func (w *world) serveByHand() {
	w.t.Helper()
	h := &byHand{w: w, mail: mail.New(w.project.Templates), ways: w.ways()}
	w.project, w.book = nil, nil
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflow(WinBack)
		reg.RegisterActivity(h)
	})
}

// allSent waits until n mails have gone and what follows each is written.
func (w *world) allSent(n int) {
	w.t.Helper()
	for sent := 0; sent < n; {
		w.pause(w.t.Context(), time.Second)
		if err := w.store.View(w.t.Context(), func(tx store.Tx) error {
			states, err := tx.CountTouchesByState()
			sent = states["email"][holdfast.Sent]
			return err
		}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.pause(w.t.Context(), 3*time.Second) // the last timers and visibility rows
}
