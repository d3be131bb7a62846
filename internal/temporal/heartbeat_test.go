//go:build !noembed

package temporal

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

func TestALongActivityIsKnownToLive(t *testing.T) {
	t.Parallel()
	slow := func(ctx context.Context) error { // longer than its heartbeat timeout
		ctx, cancel := context.WithTimeout(ctx, 2500*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return nil
	}
	patient := func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute,
			HeartbeatTimeout:    time.Second,
			RetryPolicy:         &sdk.RetryPolicy{MaximumAttempts: 1},
		}), "slow").Get(ctx, nil)
	}
	c := dial(t, start(t, Options{Dir: t.TempDir(), FastTimers: true}))
	w := Worker(c, TaskQueue, func(r Registry) {
		r.RegisterWorkflowWithOptions(patient, workflow.RegisterOptions{Name: "patient"})
		r.RegisterActivityWithOptions(slow, activity.RegisterOptions{Name: "slow"})
	})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: TaskQueue}, "patient")
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err != nil {
		t.Errorf("a living activity was given up: %v", err)
	}
}
