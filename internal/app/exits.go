package app

import (
	"context"
	"time"

	"holdfast/internal/clock"
)

// exitsPoll is how late an exit closes that another process committed.
const exitsPoll = time.Second

// closeLeaving ends what exits tell to end, as they are committed, beside
// Temporal: how busy it is does not matter. On a compressed clock the workflows do
// it themselves, so that every run has one order.
func (a *App) closeLeaving(ctx context.Context) error {
	for ctx.Err() == nil {
		_, more, err := a.Activities.CloseLeaving(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "exits wait", "error", err)
		}
		if more && err == nil {
			continue
		}
		if _, err := clock.Wait(ctx, exitsPoll, a.exits.Rung()); err != nil {
			return err
		}
	}
	return ctx.Err()
}
