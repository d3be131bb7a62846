package app

import (
	"context"
	"sync/atomic"

	"go.temporal.io/sdk/client"

	"holdfast/guards"
	"holdfast/internal/store"
	"holdfast/internal/telemetry"
	"holdfast/workflows"
)

// engineParts are what Start adds and others look at.
type engineParts struct {
	client     client.Client
	relayEnded atomic.Bool
}

// held counts what guards keep back; nil when nobody watches.
func (a *App) held() func(enrollment, path string, d guards.Decision) {
	t := a.cfg.Telemetry
	if t == nil {
		return nil
	}
	return func(_, _ string, d guards.Decision) { t.Held(d.Reason) }
}

// advance is the activity, timed and traced.
func (a *App) advance(ctx context.Context, in workflows.Step) (p workflows.Progress, err error) {
	err = a.cfg.Telemetry.Walk(ctx, a.Store, in.Enrollment, func(ctx context.Context) error {
		p, err = a.Activities.Advance(ctx, in)
		return err
	})
	return p, err
}

// snapshot is what stands open now.
func (a *App) snapshot(ctx context.Context) (s telemetry.Snapshot, err error) {
	now := a.Clock.Now()
	var stops []store.Stop
	err = a.Store.View(ctx, func(tx store.Tx) (err error) {
		if s.Standing, err = tx.Standing(now); err != nil {
			return err
		}
		if stops, err = store.Stops(tx); err != nil {
			return err
		}
		s.Paused, err = a.Intake.PausedTriggers(tx)
		return err
	})
	if err != nil {
		return s, err
	}
	for _, stop := range stops {
		s.Stopped = append(s.Stopped, stop.Playbook)
	}
	s.ScanLag, err = a.Intake.ScanLag(ctx, now)
	return s, err
}
