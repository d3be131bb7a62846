package bench

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/workflows"
)

// putToSleep takes the enrollments of some accounts to their first wait, which is three
// months of the machine's clock.
func (w *world) putToSleep(from, to int, s shape) {
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
	w.update(func(tx store.Tx) error {
		for i := from; i < to; i++ {
			if err := w.enroll(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	w.begin(from, to, s.kind, func(i int) []any { return s.args(w, i) })
	w.allAsleep(from, to)
}

// putToSleepByHand does the same with the hand-written workflow, whose worker knows no
// playbook and no rules.
func (w *world) putToSleepByHand(from, to int) {
	w.t.Helper()
	h := &byHand{w: w, mail: mail.New(w.project.Templates), ways: w.ways()}
	w.project, w.book = nil, nil
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflow(WinBack)
		reg.RegisterActivity(h)
	})
	w.begin(from, to, WinBack, func(i int) []any { return []any{account(i), 90 * 24 * time.Hour} })
	w.allAsleep(from, to)
}

// allAsleep waits until the mails of all accounts before to have gone, and the workflows
// of those since from have nothing to do but wait.
func (w *world) allAsleep(from, to int) {
	w.t.Helper()
	for sent := 0; sent < to; {
		w.pause(w.t.Context(), time.Second)
		if err := w.store.View(w.t.Context(), func(tx store.Tx) error {
			states, err := tx.CountTouchesByState()
			sent = states["email"][holdfast.Sent]
			return err
		}); err != nil {
			w.t.Fatal(err)
		}
	}
	for i := from; i < to; {
		d, err := w.client.DescribeWorkflowExecution(w.t.Context(), enrollment(i), "")
		switch {
		case err != nil:
			w.t.Fatal(err)
		case d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			w.t.Fatalf("%s is %v, and should sleep", enrollment(i), d.GetWorkflowExecutionInfo().GetStatus())
		case d.GetPendingWorkflowTask() != nil || len(d.GetPendingActivities()) > 0:
			w.pause(w.t.Context(), 20*time.Millisecond)
		default:
			i++
		}
	}
	w.pause(w.t.Context(), 3*time.Second) // the last rows of visibility
}
