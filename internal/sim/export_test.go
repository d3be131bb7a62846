package sim

import (
	"context"

	"holdfast/internal/store"
)

// SimulateOn is Simulate on a store of the test's, which it closes.
func SimulateOn(ctx context.Context, c Case, on store.Store) (Run, error) {
	return New(c.Project).playOn(ctx, c, on)
}

// EveryScan is c with no scan left out.
func EveryScan(c Case) Case {
	c.everyScan = true
	return c
}
