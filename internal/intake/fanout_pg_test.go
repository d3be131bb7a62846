package intake_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/playbooks"
)

// beside is another process over the same database.
func (w *world) beside(st store.Store) *world {
	w.t.Helper()
	heads := w.Playbooks()
	other := newWorld(w.t)
	other.Store, other.ByDigest = st, w.ByDigest
	other.Playbooks = func() []*playbooks.Playbook { return heads }
	other.clock.Move(w.clock.Now())
	return other
}

func TestTwoProcessesTakeOneAnnouncementToTheAccounts(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	open := func() store.Store {
		st, err := postgres.Open(context.Background(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	one := newWorld(t, onShipped+"guardrails: {surge: off}\n")
	one.Store = open()
	one.customers(3000)
	one.take(intake.Live, shipped)
	two := one.beside(open())
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, w := range []*world{one, two} {
		both.Go(func() { errs[i] = w.Fire(context.Background(), w.clock.Now()) })
	}
	both.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	one.run(time.Hour)
	a := one.announcement()
	if n, r := one.enrolled(), a.Triggers[0]; n != 1000 || r.Matches != 1000 || r.Due != 1000 || r.Entered != 1000 || a.Accounts != 3000 || a.Phase != intake.Done {
		t.Errorf("%d entered, want 1000: %+v", n, a)
	}
}

// onPostgres is a world over a database of its own.
func onPostgres(b *testing.B, w *world) {
	b.Helper()
	st, err := postgres.Open(context.Background(), pgtest.Start(b).Database(b))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	w.Store = st
}

// BenchmarkFanOut is one announcement to 5,000 enrollments of 15,000 accounts, both
// rounds, up to the commit of the outbox. PostgreSQL does not wait for its disk.
func BenchmarkFanOut(b *testing.B) {
	for name, open := range map[string]func(*testing.B, *world){"sqlite": onDisk, "postgres": onPostgres} {
		b.Run(name, func(b *testing.B) {
			w := newWorld(b, onShipped+"guardrails: {surge: off}\nenroll: {once_per: [trigger, occurrence]}\nexit: [{on: Churned, outcome: gone}]\n")
			open(b, w)
			w.Options.Treated = true // the same event, more often than anybody announces it
			w.customers(15_000)
			entered := 0
			for b.Loop() {
				b.StopTimer()
				w.endAll()
				b.StartTimer()
				w.take(intake.Live, shipped)
				if err := w.Fire(context.Background(), w.clock.Now()); err != nil {
					b.Fatal(err)
				}
				entered += 5000
			}
			if n := w.enrolled(); n != entered {
				b.Fatalf("%d entered, want %d", n, entered)
			}
			b.ReportMetric(float64(entered)/b.Elapsed().Seconds(), "enrollments/s")
		})
	}
}
