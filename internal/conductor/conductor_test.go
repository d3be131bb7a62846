package conductor_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const hour = time.Hour

// stage is a conductor with a fake engine: a worker that delivers relay rows and
// echoes wakes some real time later. An enrollment wakes after each of its
// remaining pauses, kept in its state as hours ("1 24 2"), and then ends.
type stage struct {
	*conductor.Conductor
	store store.Store
	late  time.Duration // how long the worker takes for each enrollment
	stuck string        // an enrollment that the worker never echoes

	mu   sync.Mutex
	log  []string
	rows chan struct{}
}

func newStage(t *testing.T, s store.Store) *stage {
	t.Helper()
	st := &stage{store: s, rows: make(chan struct{}, 1), late: 50 * time.Millisecond}
	st.Conductor = &conductor.Conductor{Store: s, Clock: clock.NewVirtual(t0), Woken: st.wake}
	return st
}

func memory(t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (st *stage) wake() {
	select {
	case st.rows <- struct{}{}:
	default:
	}
}

func (st *stage) say(format string, args ...any) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.log = append(st.log, strings.TrimSpace(st.Clock.Now().Sub(t0).String()+" "+fmt.Sprintf(format, args...)))
}

func (st *stage) enroll(t *testing.T, id, pauses string) {
	t.Helper()
	err := st.store.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Enroll(store.Enrollment{ID: id, Playbook: "p", Account: id, EntryKey: id, StartedAt: st.Clock.Now(), State: []byte(`"` + pauses + `"`)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	st.wake()
}

// work is the engine: relay, workflow and activity in one, slow.
func (st *stage) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-st.rows:
		}
		var rows []store.Relayed
		_ = st.store.Update(ctx, func(tx store.Tx) (err error) {
			rows, err = tx.Lease("w", t0.AddDate(9, 0, 0), t0, 0)
			return err
		})
		for _, r := range rows {
			if err := clock.Sleep(ctx, st.late); err != nil {
				return
			}
			_ = st.store.Update(ctx, func(tx store.Tx) error { return tx.Delivered(r.Enrollment, r.Seq, "ok") })
			st.Poke()
			if r.Enrollment == st.stuck {
				continue
			}
			if err := clock.Sleep(ctx, st.late); err != nil {
				return
			}
			_ = st.store.Update(ctx, func(tx store.Tx) error { return st.advance(tx, r.Enrollment) })
			st.Poke()
		}
	}
}

func (st *stage) advance(tx store.Tx, id string) error {
	e, err := tx.Enrollment(id)
	if err != nil {
		return err
	}
	e.Echoed = e.Woken
	now := st.Clock.Now()
	pauses := strings.Fields(strings.Trim(string(e.State), `"`))
	switch {
	case !e.Due.IsZero() && e.Due.After(now):
		st.say("%s heard", id)
	case len(pauses) == 0:
		st.say("%s ends", id)
		e.Status, e.Due = "ended", time.Time{}
	default:
		st.say("%s rests %s", id, pauses[0])
		var h int
		if _, err := fmt.Sscan(pauses[0], &h); err != nil {
			return err
		}
		e.Due = now.Add(time.Duration(h) * hour)
		e.State = []byte(`"` + strings.Join(pauses[1:], " ") + `"`)
	}
	return tx.PutEnrollment(e)
}

// play runs fn in a bubble of fake real time, with the engine at work beside it.
func play(t *testing.T, st func(t *testing.T) *stage, fn func(t *testing.T, st *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stage := st(t)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { stage.work(ctx) })
		fn(t, stage)
		cancel()
		wg.Wait()
		if err := stage.store.Close(); err != nil {
			t.Error(err)
		}
	})
}

func inMemory(t *testing.T) *stage { return newStage(t, memory(t)) }

func (st *stage) want(t *testing.T, want ...string) {
	t.Helper()
	st.mu.Lock()
	defer st.mu.Unlock()
	if d := cmp.Diff(want, st.log); d != "" {
		t.Errorf("what happened (-want +got):\n%s", d)
	}
}

func TestTimeMovesStraightToWhatIsDue(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		var moves []conductor.Progress
		st.Progress = func(p conductor.Progress) { moves = append(moves, p) }
		st.enroll(t, "a", "1 2160")
		st.enroll(t, "b", "3")
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s a rests 1", "0s b rests 3", "1h0m0s a rests 2160", "3h0m0s b ends", "2161h0m0s a ends")
		want := []conductor.Progress{
			{From: t0, To: t0.Add(hour), Woken: 1},
			{From: t0.Add(hour), To: t0.Add(3 * hour), Woken: 1},
			{From: t0.Add(3 * hour), To: t0.Add(2161 * hour), Woken: 1},
		}
		if d := cmp.Diff(want, moves); d != "" {
			t.Errorf("moves (-want +got):\n%s", d)
		}
	})
}

func TestEverythingDueAtOneInstantWakesTogether(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		woken := 0
		st.Progress = func(p conductor.Progress) { woken = max(woken, p.Woken) }
		for i := range 5 {
			st.enroll(t, fmt.Sprint("e", i), "24")
		}
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if woken != 5 || !st.Clock.Now().Equal(t0.Add(24*hour)) {
			t.Errorf("woke %d at once and stopped at %v, want 5 a day after the start", woken, st.Clock.Now())
		}
	})
}

func TestNothingMovesWhileAWakeIsNotEchoed(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		st.late = hour // of real time
		st.enroll(t, "slow", "1")
		done := make(chan error)
		st.Stall = 3 * hour
		go func() { done <- st.Run(t.Context()) }()
		for range 10 {
			time.Sleep(11 * time.Minute) // real time; delivered after 60, echoed after 120
			st.Poke()
			synctest.Wait()
			if now := st.Clock.Now(); !now.Equal(t0) {
				t.Fatalf("the clock moved to %v while the wake was not echoed", now)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s slow rests 1", "1h0m0s slow ends")
	})
}

func TestNothingMovesWhileWorkIsUnderWay(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		var mu sync.Mutex
		busy := 1
		st.Busy = func() int { mu.Lock(); defer mu.Unlock(); return busy }
		st.enroll(t, "a", "1")
		done := make(chan error)
		go func() { done <- st.Run(t.Context()) }()
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if now := st.Clock.Now(); !now.Equal(t0) {
			t.Errorf("the clock moved to %v while a message was being taken in", now)
		}
		mu.Lock()
		busy = 0
		mu.Unlock()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s a rests 1", "1h0m0s a ends")
	})
}

func TestAStallNamesWhoIsNotAtRest(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		st.stuck = "b"
		st.enroll(t, "a", "1")
		st.enroll(t, "b", "1")
		start := time.Now()
		err := st.Run(t.Context())
		var stall *conductor.StallError
		if !errors.As(err, &stall) || stall.Unsettled != 1 || !strings.HasPrefix(stall.Enrollments[0], "b (p for b, wake 0 of 1)") {
			t.Fatalf("got %v, want a stall that names b", err)
		}
		if took := time.Since(start); took < 2*time.Minute || took > 3*time.Minute {
			t.Errorf("noticed after %v, want about two minutes", took)
		}
		if !st.Clock.Now().Equal(t0) {
			t.Errorf("the clock moved to %v", st.Clock.Now())
		}
	})
}

func TestTheEndStopsTheClockAndLaterDuesStay(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		st.End = t0.Add(24 * hour)
		st.enroll(t, "at-the-end", "24")
		st.enroll(t, "beyond", "25")
		for range 2 { // a second run has nothing to do
			if err := st.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !st.Clock.Now().Equal(st.End) {
			t.Errorf("stopped at %v, want the end", st.Clock.Now())
		}
		st.want(t, "0s at-the-end rests 24", "0s beyond rests 25", "24h0m0s at-the-end ends")
		st.End = t0.Add(30 * hour)
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s at-the-end rests 24", "0s beyond rests 25", "24h0m0s at-the-end ends", "25h0m0s beyond ends")
	})
}

func TestARestartGoesOnWhereTheClockStood(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	open := func(t *testing.T) *stage {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return newStage(t, s)
	}
	play(t, open, func(t *testing.T, st *stage) {
		st.enroll(t, "a", "1 1 1")
		ctx, cancel := context.WithCancel(t.Context())
		st.Progress = func(p conductor.Progress) {
			if p.To.Equal(t0.Add(2 * hour)) {
				cancel() // right after the wakes of this instant were committed
			}
		}
		if err := st.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want cancelled", err)
		}
	})
	play(t, open, func(t *testing.T, st *stage) {
		// What the relay had leased is relayed again by the next process.
		if err := st.store.Update(t.Context(), func(tx store.Tx) error { return tx.Unlease("a") }); err != nil {
			t.Fatal(err)
		}
		st.wake()
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := st.Clock.Now(); !now.Equal(t0.Add(3 * hour)) {
			t.Errorf("ended at %v, want three hours after the start", now)
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		if last := st.log[len(st.log)-1]; last != "3h0m0s a ends" || strings.HasPrefix(st.log[0], "0s") {
			t.Errorf("after the restart: %q", st.log)
		}
	})
}
