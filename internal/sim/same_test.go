package sim_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/sim"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/sqlite"
)

func TestTheStoreDoesNotChangeATimeline(t *testing.T) {
	t.Parallel()
	for name, c := range library(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.ScanEvery = 24 * time.Hour
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
			if d := cmp.Diff(want, got, cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })); d != "" || len(want.Lines) < 3 {
				t.Errorf("in SQLite and in Go maps it comes out differently (-sqlite +maps):\n%s", d)
			}
		})
	}
}
