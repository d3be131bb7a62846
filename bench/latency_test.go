package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"holdfast/internal/clock"
	"holdfast/internal/temporal"
	"holdfast/steps"
	"holdfast/workflows"
)

// TestBenchWake prints how long a compressed run's smallest turn takes: from
// the signal to Advance's start, and to the rest after it.
func TestBenchWake(t *testing.T) { //nolint:paralleltest // it measures
	turns := int64(3) // that it works
	if *pairs > 0 {
		turns = 200
	}
	c := engine(t)
	began, ended := make(chan time.Time, 1), make(chan time.Time, 1)
	sys := clock.System{}
	serve(t, c, func(r temporal.Registry) {
		r.RegisterWorkflow(workflows.Enrollment)
		r.RegisterActivityWithOptions(func(_ context.Context, s workflows.Step) (workflows.Progress, error) {
			began <- sys.Now()
			defer func() { ended <- sys.Now() }()
			return workflows.Progress{State: s.State}, nil
		}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	})
	in := workflows.Input{Enrollment: "e", Digest: "d", State: steps.State{V: 1}, Compressed: true}
	t0 := sys.Now()
	if _, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "e", TaskQueue: temporal.TaskQueue, EnableEagerStart: true}, workflows.EnrollmentType, in); err != nil {
		t.Fatal(err)
	}
	t.Logf("start to activity: %v", (<-began).Sub(t0))
	<-ended
	var toStart, toEnd []time.Duration
	for n := range turns {
		t0 := sys.Now()
		if err := c.SignalWorkflow(t.Context(), "e", "", workflows.WakeSignal, workflows.Wake{N: n + 1}); err != nil {
			t.Fatal(err)
		}
		toStart = append(toStart, (<-began).Sub(t0))
		toEnd = append(toEnd, (<-ended).Sub(t0))
	}
	t.Logf("signal to activity start: %s; to its end: %s", quantiles(toStart), quantiles(toEnd))
}

func quantiles(ds []time.Duration) string {
	ds = slices.Sorted(slices.Values(ds))
	return "median " + ds[len(ds)/2].Round(10*time.Microsecond).String() + ", p95 " + ds[len(ds)*95/100].Round(10*time.Microsecond).String()
}

func engine(t *testing.T) client.Client {
	t.Helper()
	e, err := temporal.Start(t.Context(), temporal.Options{Dir: t.TempDir(), FastTimers: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	c, err := e.Client(t.Context(), temporal.Namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, c client.Client, register func(temporal.Registry)) {
	t.Helper()
	w := temporal.Worker(c, temporal.TaskQueue, register)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}
