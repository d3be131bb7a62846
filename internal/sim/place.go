package sim

import (
	"time"

	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/rules"
)

// settingsOf a project, as the activities want them.
func settingsOf(p *project.Project) activities.Project {
	s := p.Settings
	out := activities.Project{
		Name: s.Name, Timezone: s.Timezone, Country: s.Country, Currency: s.Currency, Locale: s.Locale,
		Sender: activities.Sender(s.Sender), Closed: s.Closed, FiscalStart: s.FiscalStart,
	}
	for _, one := range p.Team {
		out.Team = append(out.Team, activities.Person(one))
	}
	return out
}

// place is where an account lives, for the intake.
func (w *world) place(account rules.Record) (*time.Location, calendar.Days) {
	return settingsOf(w.Project).Place(account)
}
