package activities

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// place is whose clock and calendar hold, and how that is known.
type place struct {
	zone *time.Location
	from string // contact, account, country, project or playbook
	days calendar.Days
}

// place of a contact at an account. whose is what a send window says: contact
// (the default), account, project or a zone of its own. What is not known falls
// to the next: contact, account, country, project.
func (p Project) place(whose string, account, contact rules.Record) place {
	country := p.Country
	if c, _ := account["country"].(string); len(c) == 2 {
		country = c
	}
	country = strings.ToUpper(country)
	at := place{days: calendar.Days{Country: country, Extra: p.Closed, FiscalStart: p.FiscalStart}}
	switch whose {
	case "", "contact":
		at.try(text(contact, "timezone"), "contact")
		at.try(text(account, "timezone"), "account")
		at.try(calendar.ZoneOf(text(account, "country")), "country")
	case "account":
		at.try(text(account, "timezone"), "account")
		at.try(calendar.ZoneOf(text(account, "country")), "country")
	case "project":
	default:
		at.try(whose, "playbook")
	}
	at.try(p.Timezone, "project")
	if at.zone == nil {
		at.zone, at.from = time.UTC, "project"
	}
	return at
}

// Place is where an account lives, for its dates and business days: its zone,
// its country's, the project's.
func (p Project) Place(account rules.Record) (*time.Location, calendar.Days) {
	at := p.place("account", account, nil)
	return at.zone, at.days
}

// try takes zone name unless one was found already. What no database knows is
// as good as unknown.
func (at *place) try(name, from string) {
	if at.zone != nil || name == "" {
		return
	}
	if zone, err := calendar.Zone(name); err == nil {
		at.zone, at.from = zone, from
	}
}

func text(r rules.Record, field string) string {
	s, _ := r[field].(string)
	return strings.TrimSpace(s)
}
