package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

// several opens one database as that many processes would.
func several(t *testing.T, n int) []*postgres.Store {
	t.Helper()
	address := pgtest.Start(t).Database(t)
	var all []*postgres.Store
	for range n {
		all = append(all, open(t, address))
	}
	return all
}

// together runs fn n times in each of the stores, all at once.
func together(t *testing.T, stores []*postgres.Store, n int, fn func(s store.Store, i int) error) {
	t.Helper()
	var wg sync.WaitGroup
	for i, s := range stores {
		for j := range n {
			wg.Go(func() {
				if err := fn(s, i*n+j); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
}

func TestProcessesDoNotInterleave(t *testing.T) {
	t.Parallel()
	stores := several(t, 4)
	var mu sync.Mutex
	runs := 0
	// The first update of each process goes on when all four have read, so that
	// three must find out that what they read is no longer so.
	var read sync.WaitGroup
	read.Add(len(stores))
	firsts := make([]sync.Once, len(stores))
	together(t, stores, 10, func(s store.Store, i int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			mu.Lock()
			runs++
			mu.Unlock()
			n, err := tx.MetaGet("n")
			if err != nil {
				return err
			}
			firsts[i/10].Do(func() { read.Done(); read.Wait() })
			return errors.Join(tx.MetaSet("n", n+"x"), tx.AddLine(store.Line{Key: fmt.Sprint(i)}))
		})
	})
	if err := stores[0].View(t.Context(), func(tx store.Tx) error {
		n, err := tx.MetaGet("n")
		lines, errLines := tx.Lines(0, 0)
		if len(n) != 40 || len(lines) != 40 {
			t.Errorf("got %d marks and %d lines, want 40 of each", len(n), len(lines))
		}
		return errors.Join(err, errLines)
	}); err != nil {
		t.Fatal(err)
	}
	if runs < 43 {
		t.Errorf("%d runs: the processes did not meet, so this proves nothing", runs)
	}
}

// Fifty claims in five processes look whether there is one, and write it: what
// each reads, none changes, so that only serialisable transactions find out.
func TestFiftyClaimsOfFiveProcessesMakeOneTouch(t *testing.T) {
	t.Parallel()
	stores := several(t, 5)
	now := time.Now()
	together(t, stores, 10, func(s store.Store, i int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			n, err := tx.CountTouches("acme", "", "email", now)
			if err != nil || n > 0 {
				return err
			}
			return tx.PutTouch(store.Touch{
				ID: fmt.Sprint("touch", i), Enrollment: fmt.Sprint("e", i), Account: "acme", Path: "mail",
				Channel: "email", Recipient: "dana", State: holdfast.Claimed, ClaimedAt: now,
			})
		})
	})
	if err := stores[0].View(t.Context(), func(tx store.Tx) error {
		n, err := tx.CountTouches("acme", "", "email", now)
		if n != 1 {
			t.Errorf("%d claims on a cap of one", n)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Whoever begins by reading much comes alone: nothing of it is run again, as it would
// be if the tables that it has read counted as read whole.
func TestBatchesOfTwoProcessesTakeTurns(t *testing.T) {
	t.Parallel()
	stores := several(t, 2)
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprint("a", i))
	}
	var runs atomic.Int64
	together(t, stores, 20, func(s store.Store, _ int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			runs.Add(1)
			found, err := tx.Look(store.Wanted{Accounts: ids})
			for _, id := range ids {
				seen, _ := found.Accounts[id].Fields["seen"].Value.(string)
				err = errors.Join(err, tx.PutAccount(store.Account{ID: id, Fields: map[string]store.Field{"seen": {Value: seen + "x"}}}))
			}
			return err
		})
	})
	if runs.Load() != 40 {
		t.Errorf("40 updates ran %d times", runs.Load())
	}
	if err := stores[0].View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(ids[39])
		if seen, _ := a.Fields["seen"].Value.(string); len(seen) != 40 {
			t.Errorf("%d of 40 updates are seen", len(seen))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Pages of several processes read the same accounts and enrol those who have not
// entered: each enters once, and whoever enrolled them knows.
func TestPagesOfSeveralProcessesEnrolOnce(t *testing.T) {
	t.Parallel()
	stores := several(t, 4)
	var accounts []string
	for i := range 40 {
		accounts = append(accounts, fmt.Sprint("a", i))
	}
	var read sync.WaitGroup // all have read before the first writes
	read.Add(len(stores))
	var mu sync.Mutex
	runs, wins := 0, 0
	firsts := make([]sync.Once, len(stores))
	together(t, stores, 1, func(s store.Store, i int) error {
		won := 0
		err := s.Update(t.Context(), func(tx store.Tx) error {
			mu.Lock()
			runs++
			mu.Unlock()
			won = 0
			there, err := tx.ManyEnrollments(accounts[i*5:])
			if err != nil {
				return err
			}
			firsts[i].Do(func() { read.Done(); read.Wait() })
			for _, a := range accounts[i*5:] {
				if len(there[a]) > 0 {
					continue
				}
				w, err := tx.Enroll(store.Enrollment{ID: "e" + a, Playbook: "save", Account: a, EntryKey: "k"})
				if err != nil {
					return err
				}
				if w {
					won++
				}
			}
			return nil
		})
		mu.Lock()
		defer mu.Unlock()
		wins += won
		return err
	})
	if err := stores[0].View(t.Context(), func(tx store.Tx) error {
		all, err := tx.ListEnrollments(store.EnrollmentFilter{})
		n, errN := tx.Unsettled()
		if len(all) != 40 || wins != 40 || n != 80 || runs < 7 {
			t.Errorf("%d enrollments, %d won, %d unsettled in %d runs; want 40, 40 and 80 in 7 or more", len(all), wins, n, runs)
		}
		return errors.Join(err, errN)
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRelaysOfSeveralProcessesLeaseEachEnrollmentOnce(t *testing.T) {
	t.Parallel()
	stores := several(t, 3)
	now := time.Now()
	const enrollments = 30
	together(t, stores, enrollments/3, func(s store.Store, i int) error {
		return s.Update(t.Context(), func(tx store.Tx) error {
			e := store.Enrollment{ID: fmt.Sprint("e", i), Playbook: "save", Account: fmt.Sprint("a", i), EntryKey: "k", StartedAt: now}
			if won, err := tx.Enroll(e); err != nil || !won {
				return fmt.Errorf("enroll %d: %v, %w", i, won, err)
			}
			return tx.Wake(e.ID)
		})
	})
	var mu sync.Mutex
	rows, holders := map[string]int{}, map[string]map[string]bool{}
	together(t, stores, 10, func(s store.Store, i int) error {
		var got []store.Relayed
		if err := s.Update(t.Context(), func(tx store.Tx) (err error) {
			got, err = tx.Lease(fmt.Sprint("relay", i), now.Add(time.Hour), now, 2)
			return err
		}); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range got {
			rows[r.Enrollment]++
			if holders[r.Enrollment] == nil {
				holders[r.Enrollment] = map[string]bool{}
			}
			holders[r.Enrollment][fmt.Sprint(i)] = true
		}
		return nil
	})
	if len(rows) != enrollments {
		t.Errorf("%d enrollments were leased, want %d", len(rows), enrollments)
	}
	for id, n := range rows {
		if n != 2 || len(holders[id]) != 1 {
			t.Errorf("%s: %d rows to %d relays, want its 2 to one", id, n, len(holders[id]))
		}
	}
}
