package conductor

import (
	"context"
	"log/slog"
	"time"

	"holdfast/internal/clock"
)

const (
	patience   = 30 * time.Second      // longest wait of a Ticker that nobody pokes
	firstRetry = time.Second           // after a failure; doubles up to patience
	breath     = 10 * time.Millisecond // between rounds, should a source always be due
)

// Ticker drives sources by real time, in production. Enrollments have timers of
// their own there and are not woken. Set the fields, then Run once. Poke may be
// called from anywhere at any time.
type Ticker struct {
	Clock   clock.Clock
	Sources []Source // fired in this order
	Woken   func()   // called after each Fire; may be nil
	Log     *slog.Logger

	bell clock.Bell
}

// Poke says that something was committed which may be due earlier than what the
// Ticker waits for. It never blocks; pokes collapse.
func (t *Ticker) Poke() { t.bell.Ring() }

// Run fires each source when it is due, until ctx ends, and returns its error. A
// source that fails is logged and tried again, and does not hold up the others.
func (t *Ticker) Run(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		failed := false
		wait := patience
		for _, s := range t.Sources {
			d, err := t.tick(ctx, s)
			if err != nil && ctx.Err() == nil {
				t.log().ErrorContext(ctx, "source failed, is tried again", "error", err)
				failed = true
				continue
			}
			wait = min(wait, d)
		}
		woken := t.bell.Rung()
		if failed {
			pause = min(max(2*pause, firstRetry), patience)
			wait, woken = min(wait, pause), nil // pokes must not turn retries into a storm
		} else {
			pause = 0
		}
		if _, err := clock.Wait(ctx, max(wait, breath), woken); err != nil {
			return err
		}
	}
}

// tick fires s when it is due and says how long until it is due next.
func (t *Ticker) tick(ctx context.Context, s Source) (time.Duration, error) {
	next, ok, err := s.Next(ctx)
	if err != nil || !ok {
		return patience, err
	}
	now := t.Clock.Now()
	if next.After(now) {
		return next.Sub(now), nil
	}
	if err := s.Fire(ctx, now); err != nil {
		return 0, err
	}
	if t.Woken != nil {
		t.Woken()
	}
	return 0, nil
}

func (t *Ticker) log() *slog.Logger {
	if t.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return t.Log
}
