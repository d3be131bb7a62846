package activities_test

import (
	"strconv"
	"sync"
	"testing"

	"holdfast/activities"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// TestOneOfFiftyPassesACapOfOneInFiveProcesses is its namesake with the claims in
// five processes, whose transactions truly run at once.
func TestOneOfFiftyPassesACapOfOneInFiveProcesses(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	processes := make([]*activities.Activities, 5)
	var w *world
	for i := range processes {
		db, err := postgres.Open(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		if i == 0 {
			w = newWorldIn(t, db, railed)
		}
		config := w.config
		config.Store = db
		if processes[i], err = activities.New(config); err != nil {
			t.Fatal(err)
		}
	}
	runs := make([]*run, 50)
	for i := range runs {
		runs[i] = w.enroll(strconv.Itoa(i))
	}
	var wg sync.WaitGroup
	for i, r := range runs {
		step := r.step()
		wg.Go(func() {
			p, err := processes[i%len(processes)].Advance(t.Context(), step)
			if err != nil {
				t.Error(err)
			}
			r.last = p
		})
	}
	wg.Wait()
	kinds := map[string]int{}
	for _, r := range runs {
		kinds[r.last.State.Wait.Kind]++
	}
	if len(w.email.sent) != 1 || kinds["shift"] != 49 {
		t.Errorf("%d e-mails, waits %v; want 1 and 49 shifts", len(w.email.sent), kinds)
	}
}
