package activities

import (
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/project"
	"holdfast/rules"
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
		RedirectAllTo: s.RedirectAllTo, Pace: s.Pace,
	}
	for _, one := range p.Team {
		out.Team = append(out.Team, Person{
			ID: one.ID, Name: one.Name, Email: one.Email, Slack: one.Slack, Timezone: one.Timezone, Manager: one.Manager, Role: one.Role,
		})
	}
	return out
}

// Sender of e-mails when the owner is unknown or not wanted.
type Sender struct{ Name, Email string }

// Person is one of ours.
type Person struct {
	ID, Name, Email, Slack, Timezone, Manager, Role string
}

// someone is who gets a piece of work, and why when it is not who was meant:
// no_owner or unknown_owner. A channel has no Person behind it.
type someone struct {
	Person
	Channel string // "#cs", or ""
	Reason  string
}

// id is what the store and Temporal know of them.
func (s someone) id() string {
	if s.Channel != "" {
		return s.Channel
	}
	return s.ID
}

// address is where a channel of ours reaches them.
func (s someone) address() holdfast.Address {
	if s.Channel != "" {
		return holdfast.Address{ID: s.Channel, Name: s.Channel}
	}
	to := holdfast.Address{ID: s.Slack, Name: s.Name, Email: s.Email}
	if to.ID == "" {
		to.ID = s.ID
	}
	return to
}

func (s someone) name() string {
	if s.Name != "" {
		return s.Name
	}
	return s.id()
}

// person of the team by id or e-mail address.
func (p Project) person(ref string) (Person, bool) {
	for _, one := range p.Team {
		if ref != "" && (one.ID == ref || strings.EqualFold(one.Email, ref)) {
			return one, true
		}
	}
	return Person{}, false
}

// resolve finds whom ref means for an account: owner, owner.manager,
// account.<field> or a #channel. There always is someone.
func (p Project) resolve(ref string, account rules.Record) someone {
	if strings.HasPrefix(ref, "#") {
		return someone{Channel: ref}
	}
	field := "owner"
	if f, ok := strings.CutPrefix(ref, "account."); ok {
		field = f
	}
	named, _ := account[field].(string)
	who, ok := p.person(named)
	if !ok {
		reason := "unknown_owner"
		if named == "" {
			reason = "no_owner"
		}
		return p.fallback(reason)
	}
	if ref == "owner.manager" {
		if boss, ok := p.person(who.Manager); ok {
			return someone{Person: boss}
		}
		return someone{Person: who, Reason: "no_manager"}
	}
	return someone{Person: who}
}

func (p Project) fallback(reason string) someone {
	if strings.HasPrefix(p.Fallback, "#") {
		return someone{Channel: p.Fallback, Reason: reason}
	}
	if one, ok := p.person(p.Fallback); ok {
		return someone{Person: one, Reason: reason}
	}
	if len(p.Team) > 0 {
		return someone{Person: p.Team[0], Reason: reason}
	}
	return someone{Channel: "#holdfast", Reason: reason}
}
