//go:build !noembed

package temporal

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"

	"holdfast/steps"
	"holdfast/workflows"
)

// touches of each enrollment in the kill test.
const touches = 3

// touch is a small Advance: State.Seen counts the touches made, and the next is
// always due, which is a second later.
func touch(_ context.Context, s workflows.Step) (workflows.Progress, error) {
	s.State.Seen++
	return workflows.Progress{State: s.State, Until: time.Unix(1, 0), Over: s.State.Seen == touches}, nil
}

// play is what this binary does as a process of its own. It is killed, or ends.
func play(role string) int {
	ctx := context.Background()
	dir := os.Getenv("HOLDFAST_TEST_DIR")
	trouble := func(err error) int {
		fmt.Fprintln(os.Stderr, role+":", err)
		return 1
	}
	d, err := OpenDir(dir)
	if err != nil {
		return trouble(err)
	}
	defer d.Close()
	e, err := Start(ctx, Options{Dir: dir, FastTimers: true, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return trouble(err)
	}
	defer e.Stop()
	c, err := e.Client(ctx, Namespace, nil)
	if err != nil {
		return trouble(err)
	}
	defer c.Close()
	if role == "sleepers" {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "sleeper", TaskQueue: TaskQueue}, nap, time.Second)
		if err != nil {
			return trouble(err)
		}
		return 0
	}
	w := Worker(c, TaskQueue, registerTouch)
	if err := w.Start(); err != nil {
		return trouble(err)
	}
	for n := range 10_000 { // until killed
		id := strconv.Itoa(n)
		in := workflows.Input{Enrollment: id, Digest: "d", State: steps.State{V: 1}}
		if _, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: TaskQueue, WorkflowTaskTimeout: 5 * time.Second}, workflows.EnrollmentType, in); err != nil {
			return trouble(err)
		}
		fmt.Fprintln(os.Stdout, id) // acknowledged
	}
	return 0
}

func registerTouch(r Registry) {
	r.RegisterWorkflow(workflows.Enrollment)
	r.RegisterActivityWithOptions(touch, activity.RegisterOptions{Name: workflows.AdvanceActivity})
}

func TestKilledInFullFlightEveryAcknowledgedEnrollmentGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := asProcess(t, "flight", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if acknowledged++; acknowledged == 60 {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait()
	if acknowledged < 60 {
		t.Fatalf("the process ended by itself after %d starts", acknowledged)
	}

	d := openDir(t, dir) // the lock of the dead is free
	defer d.Close()
	c := dial(t, start(t, Options{Dir: dir, FastTimers: true}))
	w := Worker(c, TaskQueue, registerTouch)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	for n := range acknowledged {
		if err := c.GetWorkflow(t.Context(), strconv.Itoa(n), "").Get(t.Context(), nil); err != nil {
			t.Errorf("enrollment %d: %v", n, err)
		}
	}
}
