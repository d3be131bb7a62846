package app

import (
	"context"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/cast"
	"holdfast/internal/conductor"
	"holdfast/internal/intake"
)

// Cast is the people of a sample run as a source: they act in the project's
// office hours. Only a compressed run may have one, since nobody real is asked.
func (a *App) Cast(c *cast.Cast) conductor.Source {
	s := a.Project.Settings
	p := &cast.Player{
		Cast: c, Store: a.Store, Days: calendar.Days{Country: s.Country, Extra: s.Closed}, Log: a.log,
		Intake: func(ctx context.Context, msgs []holdfast.Message) error {
			_, err := a.Intake.Take(ctx, msgs, intake.Live)
			return err
		},
		CloseTask: a.Activities.CloseTask,
	}
	if zone, err := calendar.Zone(s.Timezone); err == nil {
		p.Zone = zone
	}
	return p
}
