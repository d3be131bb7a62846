package conductor_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/store"
)

// script is a source with fixed moments.
type script struct {
	mu   sync.Mutex
	at   []time.Time
	fire func(now time.Time) error
}

func (s *script) Next(context.Context) (time.Time, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.at) == 0 {
		return time.Time{}, false, nil
	}
	return s.at[0], true, nil
}

func (s *script) Fire(_ context.Context, now time.Time) error {
	if err := s.fire(now); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.at) > 0 && !s.at[0].After(now) {
		s.at = s.at[1:]
	}
	return nil
}

func TestSourcesActBeforeTheEnrollmentsOfTheirInstant(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		first := &script{at: []time.Time{t0.Add(2 * hour)}, fire: func(time.Time) error {
			st.say("first acts")
			return st.store.Update(t.Context(), func(tx store.Tx) error {
				return tx.Signal(store.Signal{Enrollment: "listener", Kind: "heard", At: st.Clock.Now()})
			})
		}}
		second := &script{at: []time.Time{t0.Add(2 * hour), t0.Add(3 * hour)}, fire: func(time.Time) error {
			st.say("second acts")
			return nil
		}}
		st.Sources = []conductor.Source{first, second}
		st.enroll(t, "listener", "9")
		st.enroll(t, "timer", "2")
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s listener rests 9", "0s timer rests 2",
			"2h0m0s first acts", "2h0m0s listener heard", "2h0m0s second acts", "2h0m0s timer ends",
			"3h0m0s second acts", "9h0m0s listener ends")
	})
}

func TestASourceThatIsAlwaysDueIsAnErrorNotAHang(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		st.Sources = []conductor.Source{forever{}}
		if err := st.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "forever is due again and again") {
			t.Errorf("got %v", err)
		}
	})
}

type forever struct{}

func (forever) Next(context.Context) (time.Time, bool, error) { return t0, true, nil }
func (forever) Fire(context.Context, time.Time) error         { return nil }

func TestAFailingSourceStopsTheRun(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		boom := errors.New("boom")
		st.Sources = []conductor.Source{&script{at: []time.Time{t0.Add(hour)}, fire: func(time.Time) error { return boom }}}
		if err := st.Run(t.Context()); !errors.Is(err, boom) {
			t.Errorf("got %v, want boom", err)
		}
	})
}

func TestTimeNeverRunsFasterThanThePace(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		pace, err := conductor.ParsePace("2h/s")
		if err != nil {
			t.Fatal(err)
		}
		st.Pace = pace
		st.late = 3 * time.Second // work that costs more real time than its hours allow
		start := time.Now()
		moved := map[time.Duration]time.Duration{}
		last := start
		st.Progress = func(p conductor.Progress) {
			moved[p.To.Sub(t0)] = time.Since(last)
			last = time.Now()
		}
		st.enroll(t, "a", "48 1")
		if err := st.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := moved[48*hour]; d < 24*time.Second || d > 25*time.Second {
			t.Errorf("48 hours took %v, want 24 s: the work before fits in", d)
		}
		if d := moved[49*hour]; d < 6*time.Second || d > 7*time.Second {
			t.Errorf("the last hour took %v, want the 6 s of its work", d)
		}
	})
}

func TestWhatArrivesDuringAPacedWaitIsNotOvertaken(t *testing.T) {
	t.Parallel()
	play(t, inMemory, func(t *testing.T, st *stage) {
		st.Pace = conductor.Pace(time.Hour)
		st.enroll(t, "a", "100")
		done := make(chan error)
		go func() { done <- st.Run(t.Context()) }()
		time.Sleep(10 * time.Second)
		st.enroll(t, "b", "1") // as an API call would, at the standing clock
		st.Poke()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		st.want(t, "0s a rests 100", "0s b rests 1", "1h0m0s b ends", "100h0m0s a ends")
	})
}

func TestPaces(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"max", "2d/s", "90m/s", "1s/s", "6h/s", "3w/s"} {
		p, err := conductor.ParsePace(s)
		if err != nil || p.String() != s {
			t.Errorf("%s: got %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "2d", "/s", "d/s", "0d/s", "-1d/s", "1.5h/s", "2x/s", "999999999w/s", "fast"} {
		if p, err := conductor.ParsePace(s); err == nil {
			t.Errorf("%q is a pace of %v", s, p)
		}
	}
}

func TestATickerFiresByRealTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var fired []time.Duration
		src := &script{at: []time.Time{start.Add(5 * time.Minute), start.Add(time.Hour)}}
		src.fire = func(now time.Time) error {
			fired = append(fired, now.Sub(start))
			return nil
		}
		tries := 0
		sick := &script{at: []time.Time{start}, fire: func(time.Time) error { tries++; return errors.New("boom") }}
		tick := &conductor.Ticker{Clock: clock.System{}, Sources: []conductor.Source{sick, src}, Log: slog.New(slog.DiscardHandler)}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
		defer cancel()
		if err := tick.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if len(fired) != 2 || fired[0] != 5*time.Minute || fired[1] != time.Hour {
			t.Errorf("fired after %v, want 5m and 1h, a sick source beside it or not", fired)
		}
		if tries < 100 || tries > 300 {
			t.Errorf("the sick source was tried %d times in two hours", tries)
		}
	})
}

func TestAPokeBringsATickersMomentForward(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		src := &script{}
		ctx, cancel := context.WithCancel(t.Context())
		src.fire = func(now time.Time) error {
			if d := now.Sub(start); d != 3*time.Second {
				t.Errorf("fired after %v, want 3s", d)
			}
			cancel()
			return nil
		}
		tick := &conductor.Ticker{Clock: clock.System{}, Sources: []conductor.Source{src}}
		go func() {
			time.Sleep(2 * time.Second)
			src.mu.Lock()
			src.at = []time.Time{start.Add(3 * time.Second)}
			src.mu.Unlock()
			tick.Poke()
		}()
		if err := tick.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}
