package activities

import (
	"strings"

	"holdfast"
	"holdfast/internal/project"
	"holdfast/rules"
)

// Person is one of ours.
type Person = project.Person

// someone is who gets a piece of work, and why when it is not who was meant:
// no_owner or unknown_owner, or what present says. A channel has no Person behind it.
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
// account.<field> or a #channel. There always is someone, who may be away: see present.
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
