package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"holdfast/internal/clock"
)

func TestWaitEndsWithWhateverComesFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d         time.Duration
		wakeAfter time.Duration // 0: never
		endAfter  time.Duration // of ctx; 0: never
		woken     bool
		err       error
		took      time.Duration
	}{
		"the time":           {d: time.Second, wakeAfter: time.Hour, took: time.Second},
		"a wake":             {d: time.Hour, wakeAfter: time.Second, woken: true, took: time.Second},
		"the context":        {d: time.Hour, endAfter: time.Second, err: context.DeadlineExceeded, took: time.Second},
		"nothing to wait":    {d: -1},
		"a wake, no timeout": {d: time.Hour, wakeAfter: time.Minute, endAfter: 2 * time.Minute, woken: true, took: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.endAfter > 0 {
					var cancel func()
					ctx, cancel = context.WithTimeout(ctx, c.endAfter)
					defer cancel()
				}
				wake := make(chan struct{}, 1)
				if c.wakeAfter > 0 {
					defer time.AfterFunc(c.wakeAfter, func() { wake <- struct{}{} }).Stop()
				}
				start := time.Now()
				woken, err := clock.Wait(ctx, c.d, wake)
				if woken != c.woken || !errors.Is(err, c.err) || time.Since(start) != c.took {
					t.Errorf("got %v, %v after %v; want %v, %v after %v", woken, err, time.Since(start), c.woken, c.err, c.took)
				}
			})
		})
	}
}

func TestTheVirtualClockNeverGoesBack(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	v := clock.NewVirtual(start)
	v.Move(start.Add(time.Hour))
	v.Move(start)
	if got := v.Now(); !got.Equal(start.Add(time.Hour)) {
		t.Errorf("got %v, want an hour after the start", got)
	}
}
