package bench

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"holdfast"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/internal/temporal"
	"holdfast/steps"
	"holdfast/workflows"
)

// withDefinition is an Enrollment that was given its definition at the start.
func withDefinition(ctx workflow.Context, _ string, in workflows.Input) error {
	return workflows.Enrollment(ctx, in)
}

// TestBenchSleepers prints what one sleeping enrollment takes in Temporal's file:
// by hand, as it is, with nothing but ids, and with the definition inline.
func TestBenchSleepers(t *testing.T) { //nolint:paralleltest // it measures
	if *pairs == 0 {
		t.Skip("measures: give -bench-pairs")
	}
	base := sleeperByHand(t)
	t.Logf("%-34s %6.0f bytes", "by hand", base)
	for _, how := range []string{"digest and state (as it is)", "digest alone, state in the store", "digest, state and definition"} {
		bytes := sleeper(t, how)
		t.Logf("%-34s %6.0f bytes, %.2f of by hand", how, bytes, bytes/base)
	}
}

// sleeperByHand is the same of the hand-written workflow.
func sleeperByHand(t *testing.T) float64 {
	t.Helper()
	w := newWorld(t, sleepers)
	defer w.stop()
	h := &byHand{w: w, mail: mail.New(w.project.Templates), ways: w.ways()}
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflow(WinBack)
		reg.RegisterActivity(h)
	})
	before := fileBytes(t, w.dir)
	for i := range sleepers {
		o := client.StartWorkflowOptions{ID: enrollment(i), TaskQueue: temporal.TaskQueue}
		if _, err := w.client.ExecuteWorkflow(t.Context(), o, WinBack, account(i), 90*24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for sent := 0; sent < sleepers; {
		w.pause(t.Context(), time.Second)
		if err := w.store.View(t.Context(), func(tx store.Tx) error {
			states, err := tx.CountTouchesByState()
			sent = states["email"][holdfast.Sent]
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	w.pause(t.Context(), 3*time.Second) // the timers and visibility rows are written
	return float64(fileBytes(t, w.dir)-before) / sleepers
}

// sleepers is how many rest while the file is measured.
const sleepers = 400

// sleeper is the bytes of one of many enrollments that rest after the first touch.
func sleeper(t *testing.T, how string) float64 {
	t.Helper()
	const n = sleepers
	w := newWorld(t, n)
	defer w.stop()
	a := w.product(func() {})
	rested := make(chan struct{}, n)
	w.work(func(reg temporal.Registry) {
		reg.RegisterWorkflowWithOptions(workflows.Enrollment, workflow.RegisterOptions{Name: workflows.EnrollmentType})
		reg.RegisterWorkflow(withDefinition)
		reg.RegisterActivityWithOptions(func(ctx context.Context, s workflows.Step) (workflows.Progress, error) {
			p, err := a.Advance(ctx, s)
			if err == nil && !p.Again {
				p.Until = w.clock.began.AddDate(0, 3, 0)
				rested <- struct{}{}
			}
			if how == "digest alone, state in the store" {
				p.State = steps.State{}
			}
			return p, err
		}, activity.RegisterOptions{Name: workflows.AdvanceActivity})
	})
	before := fileBytes(t, w.dir)
	w.update(func(tx store.Tx) error {
		for i := range n {
			if err := w.enroll(tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range n {
		in := workflows.Input{Enrollment: enrollment(i), Digest: w.book.Digest, State: steps.State{V: 1, Started: monday}}
		o := client.StartWorkflowOptions{ID: in.Enrollment, TaskQueue: temporal.TaskQueue}
		var err error
		if how == "digest, state and definition" {
			_, err = w.client.ExecuteWorkflow(t.Context(), o, withDefinition, string(w.book.Bundle.Encode()), in)
		} else {
			_, err = w.client.ExecuteWorkflow(t.Context(), o, workflows.EnrollmentType, in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range n {
		<-rested
	}
	w.pause(t.Context(), 3*time.Second) // the last timers and visibility rows are written
	return float64(fileBytes(t, w.dir)-before) / n
}

// fileBytes is the size of Temporal's file without the air in it.
func fileBytes(t *testing.T, dir string) int64 {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "temporal.db")+"?mode=ro&_pragma=busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	packed := filepath.Join(t.TempDir(), fmt.Sprint("packed", len(dir)))
	if _, err := db.ExecContext(t.Context(), `VACUUM INTO ?`, packed); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(packed)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
