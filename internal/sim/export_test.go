package sim

import (
	"context"
	"log/slog"

	"holdfast/internal/store"
)

// SimulateOn is Simulate on a store of the test's.
func SimulateOn(ctx context.Context, c Case, s store.Store) (Run, error) {
	c.Log = slog.New(slog.DiscardHandler)
	c.Until = c.At.Add(horizon)
	if c.Trigger == "" {
		c.Trigger = c.Playbook.Triggers[0].ID
	}
	return simulate(ctx, c, s)
}
