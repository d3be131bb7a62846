package sim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sim"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/sqlite"
)

// sameZone compares zones by name.
var sameZone = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

func TestTheStoreDoesNotChangeATimeline(t *testing.T) {
	t.Parallel()
	all := library(t)
	for _, name := range []string{"post-save-churned", "renewal-issues-and-silence", "save-kept", "silence-broken", "win-back-personal", "win-back-opted-out"} {
		c := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := sqlite.OpenMemory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want, err := sim.SimulateOn(t.Context(), c, db)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sim.SimulateOn(t.Context(), c, memory.New())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, sameZone); d != "" || len(want.Lines) < 3 {
				t.Errorf("in SQLite and in Go maps it comes out differently (-sqlite +maps):\n%s", d)
			}
		})
	}
}

// Every hour is looked at, or only those that may matter: nobody can tell.
func TestLeavingOutScansDoesNotChangeATimeline(t *testing.T) {
	t.Parallel()
	all := library(t)
	for _, name := range []string{
		"post-save-kept", "renewal-comprehensive", "renewal-emergency", "renewal-last-days", "silence-before-renewal", "win-back-automated", "win-back-quarter-end",
	} {
		c := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.Until = c.At.AddDate(0, 0, 40)
			want, err := sim.Simulate(t.Context(), sim.EveryScan(c))
			if err != nil {
				t.Fatal(err)
			}
			got, err := sim.Simulate(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, sameZone); d != "" || len(want.Lines) < 3 {
				t.Errorf("with scans left out it comes out differently (-every +some):\n%s", d)
			}
		})
	}
}
