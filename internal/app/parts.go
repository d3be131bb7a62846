package app

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/leader"
	"holdfast/internal/temporal"
)

// Part is what a process does of the product.
type Part string

// The parts. A Server takes in what happens, answers who calls, publishes releases,
// and does what the clock brings; of several, one does what only one should. A
// Worker walks enrollments and sends. A Relay hands what was decided to Temporal. Of
// each there may be any number.
const (
	Server Part = "server"
	Worker Part = "worker"
	Relay  Part = "relay"
)

func (a *App) does(p Part) bool { return len(a.cfg.Parts) == 0 || slices.Contains(a.cfg.Parts, p) }

// takeDir takes the data directory: alone, or beside others where nothing is kept
// in it. Parts alone, and no directory, are for the latter.
func takeDir(cfg Config) (*temporal.Dir, error) {
	mode, _, err := temporal.Peek(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if cfg.Virtual == nil && mode != temporal.ClockVirtual && cfg.Env.Elsewhere() {
		return temporal.ShareDir(cfg.Dir)
	}
	if cfg.Dir != "" && len(cfg.Parts) == 0 {
		return temporal.OpenDir(cfg.Dir)
	}
	what := "a process without a data directory"
	if len(cfg.Parts) > 0 {
		var names []string
		for _, p := range cfg.Parts {
			names = append(names, string(p))
		}
		what = "a process that is " + strings.Join(names, " and ") + " alone"
	}
	e := holdfast.Errorf(holdfast.Invalid, "%s needs PostgreSQL and Temporal elsewhere, where the others find them too", what)
	e.Hint = "set HOLDFAST_DATABASE_URL and HOLDFAST_TEMPORAL_ADDRESS; without them, holdfast server does everything in one process"
	return nil, e
}

// shared reports whether other processes may work over the same database.
func (a *App) shared() bool { return a.cfg.Virtual == nil && a.cfg.Env.Elsewhere() }

// solo is work that one process does for all.
type solo struct {
	name string
	run  func(context.Context) error
}

// once has f run in the background: here or, where others work over the same
// database, in the one that leads (see lead).
func (a *App) once(ctx context.Context, name string, f func(context.Context) error) {
	if !a.shared() {
		a.background(ctx, name, f)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alone = append(a.alone, solo{name, f})
}

// lead does f, and what once was given, whenever this process leads, until ctx ends.
func (a *App) lead(ctx context.Context, f func(context.Context) error) error {
	l := &leader.Leader{Store: a.Store, Holder: a.name, Clock: clock.System{}, Log: a.log}
	return l.Run(ctx, func(ctx context.Context) error {
		a.mu.Lock()
		all := append(slices.Clone(a.alone), solo{"the clock", f})
		a.mu.Unlock()
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		errs := make([]error, len(all))
		var wg sync.WaitGroup
		for i, s := range all {
			wg.Go(func() {
				if errs[i] = s.run(ctx); errs[i] != nil && ctx.Err() == nil {
					a.log.ErrorContext(ctx, "a part ended by itself", "part", s.name, "error", errs[i])
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	})
}
