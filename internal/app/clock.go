package app

import (
	"context"
	"fmt"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/conductor"
	"holdfast/internal/store"
	"holdfast/rules"
)

// Virtual is a compressed run.
type Virtual struct {
	At   time.Time      // where a new directory's clock starts; an older one goes on from where it stood
	End  time.Time      // where it stops; zero: when nothing is due any more
	Pace conductor.Pace // at most; the zero Pace is no limit
}

// openClock is the system's, or a virtual one standing where the directory's stood.
func (a *App) openClock(ctx context.Context) (clock.Clock, error) {
	if a.cfg.Virtual == nil {
		return clock.System{}, nil
	}
	at := a.cfg.Virtual.At
	err := a.Store.View(ctx, func(tx store.Tx) error {
		was, err := tx.MetaGet("virtual_now")
		if err != nil || was == "" {
			return err
		}
		at, err = time.Parse(time.RFC3339Nano, was)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read where the clock stood: %w", err)
	}
	return clock.NewVirtual(at), nil
}

// Run makes time pass: on a compressed clock until its end or until nothing is
// due any more, returning nil then; in production until ctx ends. The agenda,
// people's work and alarms are always among the sources. Of several servers over one
// database, one makes it pass; a process that is no server only waits for ctx.
func (a *App) Run(ctx context.Context, sources ...conductor.Source) error {
	if !a.does(Server) {
		<-ctx.Done()
		return ctx.Err()
	}
	sources = append([]conductor.Source{a.Intake, a.Activities.Alarms()}, append(sources, a.Activities)...)
	if v, ok := a.Clock.(*clock.Virtual); ok {
		c := &conductor.Conductor{
			Store: a.Store, Clock: v, Sources: sources, Pace: a.cfg.Virtual.Pace, End: a.cfg.Virtual.End,
			Busy: a.relay.InFlight, Woken: a.poke,
		}
		defer a.news.listen(c.Poke)()
		return c.Run(ctx)
	}
	t := &conductor.Ticker{Clock: a.Clock, Sources: sources, Woken: a.poke, Log: a.log}
	defer a.news.listen(t.Poke)()
	if a.shared() {
		return a.lead(ctx, t.Run)
	}
	return t.Run(ctx)
}

// place is where an account lives, for dates and business days.
func (a *App) place(account rules.Record) (*time.Location, calendar.Days) {
	return a.settings().Place(account)
}
