package bench

import (
	"flag"
	"testing"

	"go.temporal.io/api/workflowservice/v1"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/paired"
	"holdfast/internal/store"
)

var (
	pairs = flag.Int("bench-pairs", 0, "pairs of blocks to measure; 0 checks the history budget only")
	runs  = flag.Int("bench-runs", 150, "enrollments in a block")
)

// figures of one block, each for one enrollment.
type figures struct {
	events  float64 // of history
	history float64 // bytes of it
	cpu     float64 // seconds of processor time
	wall    float64 // seconds of the block divided by its enrollments
}

// block runs n accounts through one side in a world of its own.
func block(t *testing.T, n int, side func(*world, int)) figures {
	t.Helper()
	w := newWorld(t, n)
	defer w.stop()
	began, cpu := clock.System{}.Now(), paired.Processor(t)
	side(w, n)
	f := figures{wall: clock.System{}.Now().Sub(began).Seconds() / float64(n), cpu: (paired.Processor(t) - cpu).Seconds() / float64(n)}
	for i := range min(n, 10) {
		d, err := w.client.DescribeWorkflowExecution(t.Context(), enrollment(i), "")
		if err != nil {
			t.Fatal(err)
		}
		f.events += float64(d.GetWorkflowExecutionInfo().GetHistoryLength()) / float64(min(n, 10))
		f.history += float64(d.GetWorkflowExecutionInfo().GetHistorySizeBytes()) / float64(min(n, 10))
	}
	checkTouches(t, w, n)
	return f
}

// checkTouches holds a side to its work: five mails and one task card each.
func checkTouches(t *testing.T, w *world, n int) {
	t.Helper()
	w.update(func(tx store.Tx) error {
		counts, err := tx.CountTouchesByState()
		if got := counts["email"][holdfast.Sent]; got != 5*n {
			t.Errorf("%d mails sent, want %d: %v", got, 5*n, counts)
		}
		return err
	})
}

// TestBenchAgainstHandWritten holds the history budget: an enrollment uses no
// more events than the same sequence by hand. With -bench-pairs it also prints
// what both cost, as ratios of interleaved pairs.
func TestBenchAgainstHandWritten(t *testing.T) { //nolint:paralleltest // it measures
	if *pairs == 0 {
		ours, theirs := block(t, 3, runProduct), block(t, 3, runByHand)
		t.Logf("history events: %.0f, by hand %.0f", ours.events, theirs.events)
		if ours.events > theirs.events {
			t.Errorf("an enrollment has %.1f history events, the hand-written one %.1f", ours.events, theirs.events)
		}
		return
	}
	says(t)
	ours, theirs := paired.Blocks(*pairs, func() figures { return block(t, *runs, runProduct) }, func() figures { return block(t, *runs, runByHand) })
	for _, f := range []struct {
		name, unit string
		of         func(figures) float64
	}{
		{"events", "events", func(f figures) float64 { return f.events }},
		{"history", "bytes", func(f figures) float64 { return f.history }},
		{"enrollment", "", func(f figures) float64 { return f.cpu }},
		{"rate", "", func(f figures) float64 { return f.wall }},
	} {
		row := paired.Row{Name: f.name, Size: *runs, Unit: f.unit, Note: "for one enrollment", Ours: paired.Each(ours, f.of), Theirs: paired.Each(theirs, f.of)}
		row.Report(t, true)
	}
}

// says notes which server the blocks run on.
func says(t *testing.T) {
	t.Helper()
	w := newWorld(t, 1)
	defer w.stop()
	info, err := w.client.WorkflowService().GetSystemInfo(t.Context(), &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		t.Fatal(err)
	}
	paired.With(t, "Temporal", info.GetServerVersion())
}
