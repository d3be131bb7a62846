package bench

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.temporal.io/sdk/workflow"

	"holdfast/internal/paired"
	"holdfast/steps"
	"holdfast/workflows"
)

// withDefinition is an Enrollment that was given its definition at the start.
func withDefinition(ctx workflow.Context, _ string, in workflows.Input) error {
	return workflows.Enrollment(ctx, in)
}

// TestBenchSleepers: the bytes that one sleeping enrollment takes in Temporal's file,
// beside the same by hand. With -bench-pairs it also says what two other shapes would
// take, from which ADR 0002 chose.
func TestBenchSleepers(t *testing.T) { //nolint:paralleltest // it measures
	n := 20
	if *pairs > 0 {
		n = sleepers
	}
	row := paired.Row{Name: "sleeper", Size: n, Unit: "bytes"}
	byHand := func(w *world) { w.putToSleepByHand(0, n) }
	row.Run(max(*pairs, 1), stored(t, n, func(w *world) { w.putToSleep(0, n, asItIs()) }), stored(t, n, byHand))
	row.Report(t, *pairs > 0)
	if *pairs == 0 {
		return
	}
	base := paired.Median(row.Theirs)
	for name, s := range map[string]shape{
		"digest alone, state in the store": {kind: workflows.EnrollmentType, stateless: true, args: func(w *world, i int) []any { return []any{w.input(i)} }},
		"digest, state and definition": {kind: withDefinition, args: func(w *world, i int) []any {
			return []any{string(w.book.Bundle.Encode()), w.input(i)}
		}},
	} {
		bytes := stored(t, n, func(w *world) { w.putToSleep(0, n, s) })()
		t.Logf("%-34s %6.0f bytes, %.2f of by hand", name, bytes, bytes/base)
	}
}

// sleepers is how many rest while the file is measured.
const sleepers = 300

// shape is what an enrollment's workflow carries.
type shape struct {
	kind      any
	args      func(w *world, i int) []any
	stateless bool // the state comes back from no Advance
}

func asItIs() shape {
	return shape{kind: workflows.EnrollmentType, args: func(w *world, i int) []any { return []any{w.input(i)} }}
}

// stored is a block: what putting n to sleep adds to Temporal's file, for one of them.
func stored(t *testing.T, n int, asleep func(*world)) func() float64 {
	t.Helper()
	return func() float64 {
		w := newWorld(t, n)
		defer w.stop()
		before := fileBytes(t, w.dir)
		asleep(w)
		bytes := float64(fileBytes(t, w.dir)-before) / float64(n)
		if bytes <= 0 {
			t.Fatalf("%d sleepers take %.0f bytes each", n, bytes)
		}
		return bytes
	}
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

// rest is p as a workflow is given it that sleeps for three months of the machine's
// clock once it waits.
func (w *world) rest(p workflows.Progress, s shape) workflows.Progress {
	if !p.Until.IsZero() {
		p.Until = w.clock.began.AddDate(0, 3, 0)
	}
	if s.stateless {
		p.State = steps.State{}
	}
	return p
}
