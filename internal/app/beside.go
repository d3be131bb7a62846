package app

import (
	"context"
	"errors"

	"holdfast/activities"
	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// Beside opens a data directory that another process may be running, for what
// people do: a task that is done, a request that is approved. It has the store
// and the parts that decide, no engine and no channel; what it commits, the
// running process finds. cfg.Project is the one in force there. Close it.
func Beside(ctx context.Context, cfg Config) (*App, error) {
	cfg.Offline = true
	st, err := storeBeside(ctx, cfg.Dir, cfg.Env)
	if err != nil {
		return nil, err
	}
	return besideOver(ctx, cfg, st)
}

func besideOver(ctx context.Context, cfg Config, st store.Store) (*App, error) {
	a := &App{cfg: cfg, log: cfg.Log, Project: cfg.Project, Store: st, Clock: clock.System{}}
	a.onStop(st.Close)
	err := st.View(ctx, func(tx store.Tx) error {
		machine := clock.System{}.Now()
		now, err := activities.Now(tx, machine)
		if err == nil && !now.Equal(machine) {
			a.Clock = clock.NewVirtual(now) // it stands while nobody moves it
		}
		return err
	})
	if err == nil {
		err = a.wire(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}
