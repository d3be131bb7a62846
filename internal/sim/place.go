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

// place is where an account lives: its zone, its country's, the project's.
func (w *world) place(account rules.Record) (*time.Location, calendar.Days) {
	s := w.Project.Settings
	country, _ := account["country"].(string)
	zone, _ := account["timezone"].(string)
	days := calendar.Days{Country: country, Extra: s.Closed}
	if country == "" {
		days.Country = s.Country
	}
	for _, name := range []string{zone, calendar.ZoneOf(country), s.Timezone} {
		if loc, err := calendar.Zone(name); err == nil && name != "" {
			return loc, days
		}
	}
	return time.UTC, days
}
