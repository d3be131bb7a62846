package activities

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/project"
)

// Project is what touches need of a project's settings.
type Project struct {
	Name, Timezone, Country, Currency, Locale string
	Sender                                    Sender
	Closed                                    []calendar.Closed
	FiscalStart                               time.Month
	// Spread lets touches that wait for a window go over its first third, each
	// account and step at a minute of its own, instead of all at its opening.
	Spread bool
	Team   []Person
	Pools  []project.Pool
	// RedirectAllTo takes every e-mail of a staging project; "" sends them to
	// whom they are for.
	RedirectAllTo string
	Pace          project.Pace
	// Fallback does the work of accounts whose owner is unknown: the id of one of
	// the team or a #channel. "" is the first of the team, then #holdfast.
	Fallback string
}

// ProjectOf is what p's settings and team say.
func ProjectOf(p *project.Project) Project {
	s := p.Settings
	out := Project{
		Name: s.Name, Timezone: s.Timezone, Country: s.Country, Currency: s.Currency, Locale: s.Locale,
		Sender: Sender(s.Sender), Closed: s.Closed, FiscalStart: s.FiscalStart, Spread: true,
		RedirectAllTo: s.RedirectAllTo, Pace: s.Pace, Team: p.Team, Pools: p.Pools,
	}
	return out
}

// Sender of e-mails when the owner is unknown or not wanted.
type Sender struct{ Name, Email string }
