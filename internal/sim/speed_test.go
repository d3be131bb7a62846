package sim_test

import (
	"flag"
	"runtime"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/mail"
	"holdfast/internal/paired"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
)

var (
	pairs = flag.Int("bench-pairs", 0, "pairs of blocks in which simulations are measured against the same by hand")
	block = flag.Int("bench-block", 200, "simulations in a block")
)

// ninety is a case of testdata/ninety.
func ninety(t testing.TB) sim.Case {
	t.Helper()
	p, found, err := project.Load("testdata/ninety")
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	said := func(kind, contact string, props map[string]any) sim.Message {
		return sim.Message{Message: holdfast.Message{
			ID: kind, Source: "system", Kind: kind, Account: "acme", Contact: contact, At: began.Add(-time.Hour), Props: props,
		}}
	}
	return sim.Case{
		Project: p, Playbook: p.Playbook("win-back"), Account: "acme", At: began, Tasks: sim.Done,
		Known: []sim.Message{
			said(holdfast.Group, "", map[string]any{"name": "Acme", "status": "churned", "owner": "olga"}),
			said(holdfast.Identify, "dana", map[string]any{"email": "dana@acme.example", "first_name": "Dana", "role": "champion"}),
		},
	}
}

// touches are what reached somebody, and when.
func touches(lines []store.Line) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Kind == "email" || l.Kind == "task" {
			b.WriteString(l.At.Format("2 Jan 15:04 ") + l.Kind + " " + l.Step + " " + l.Outcome + "\n")
		}
	}
	return b.String()
}

// What is compared does the same: the touches of both, at the same moments.
func TestBothWaysMakeTheSameTouches(t *testing.T) {
	t.Parallel()
	c := ninety(t)
	run, err := sim.Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := touches(run.Lines)
	want := strings.ReplaceAll(touches(playByHand(t, mail.New(c.Project.Templates), c.At)), "task  ", "task call ")
	if n := strings.Count(got, "\n"); !run.Ended || n != 7 || strings.ReplaceAll(got, "slack", "task") != strings.ReplaceAll(want, "slack", "task") {
		t.Errorf("ended %v, %d touches:\n%s\nby hand:\n%s", run.Ended, n, got, want)
	}
}

// TestBenchSimulate prints what a simulation of ninety days costs on one core
// against the same steps by hand, as ratios of interleaved pairs of blocks.
func TestBenchSimulate(t *testing.T) { //nolint:paralleltest // it measures
	if *pairs == 0 {
		t.Skip("measures: give -bench-pairs")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	c := ninety(t)
	stage, templates := sim.New(c.Project), mail.New(c.Project.Templates)
	ours := func() {
		if _, err := stage.Play(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	theirs := func() { playByHand(t, templates, c.At) }
	run := func(one func()) paired.Cost {
		runtime.GC()
		return paired.Measure(t, func() {
			for range *block {
				one()
			}
		})
	}
	run(ours)
	run(theirs)
	var a, b []paired.Cost
	for i := range *pairs {
		if i%2 == 0 {
			a, b = append(a, run(ours)), append(b, run(theirs))
		} else {
			b, a = append(b, run(theirs)), append(a, run(ours))
		}
	}
	t.Logf("%-16s %9s %9s   ratio (95 %% interval), %d pairs of %d", "one simulation", "holdfast", "by hand", *pairs, *block)
	for name, of := range map[string]func(paired.Cost) float64{
		"processor ms": func(c paired.Cost) float64 { return 1000 * c.CPU / float64(*block) },
		"wall ms":      func(c paired.Cost) float64 { return 1000 * c.Wall / float64(*block) },
	} {
		var x, y, ratios []float64
		for i := range a {
			x, y, ratios = append(x, of(a[i])), append(y, of(b[i])), append(ratios, of(a[i])/of(b[i]))
		}
		low, high := paired.Interval(ratios)
		t.Logf("%-16s %9.2f %9.2f   %.2f (%.2f to %.2f); %.0f a second", name, paired.Median(x), paired.Median(y), paired.Median(ratios), low, high, 1000/paired.Median(x))
	}
}
