package activities

import (
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// approver is whom a request asks: who has the role, or whom a field names, or
// whoever stands in for them with the authority.
func (w *walk) approver(role string, requester someone) someone {
	if named(role) {
		return w.project.instead(w.named(role), store.Approval{RequestedBy: requester.id(), Role: role}, w.now)
	}
	return w.project.authority(role, requester, w.now)
}

// named reports whether a role is a reference to one person.
func named(role string) bool { return role == "owner.manager" || strings.HasPrefix(role, "account.") }

// authority is the first who is there with the role above the requester, or
// anywhere in the team, or whoever is most senior above them. Where all of them
// are away it is who would have been asked.
func (p Project) authority(role string, requester someone, now time.Time) someone {
	above := p.above(requester.Person)
	away := someone{}
	for _, one := range append(slices.Clone(above), p.Team...) {
		if !strings.EqualFold(one.Role, role) || one.ID == requester.ID {
			continue
		}
		why, _ := p.gone(one, now)
		if why == "" {
			return someone{Person: one, Reason: away.Reason}
		}
		if away.ID == "" {
			away = someone{Person: one, Reason: "in place of " + one.ID + ": " + why}
		}
	}
	top := requester.Person
	for _, one := range above {
		if p.there(one, now) {
			top = one
		}
	}
	if away.ID == "" {
		return someone{Person: top, Reason: "no_" + role}
	}
	if top.ID == requester.ID {
		return someone{Person: away.Person}
	}
	return someone{Person: top, Reason: away.Reason}
}

// instead is who is asked in place of an approver who is away or gone: whoever
// stands in and has the authority, or the next above. Where there is nobody it
// stays with them.
func (p Project) instead(was someone, r store.Approval, now time.Time) someone {
	if strings.HasPrefix(was.Channel, "#") {
		return was
	}
	if was.Channel != "" { // who was asked is in the team no more
		to := p.authority(r.Role, p.known(r.RequestedBy), now)
		to.Reason = joinNonEmpty("unknown_owner "+was.Channel, to.Reason)
		if to.id() == r.RequestedBy {
			return was
		}
		return to
	}
	why, _ := p.gone(was.Person, now)
	if why == "" {
		return was
	}
	if r.Approver == "" {
		r.Approver = was.ID
	}
	for i, one := range append(p.deputies(was.Person, now), p.above(was.Person)...) {
		if !p.there(one, now) || p.mayDecide(one, r) != nil {
			continue
		}
		as := "manager_of"
		if i < len(p.deputies(was.Person, now)) {
			as = "deputy_of"
		}
		return someone{Person: one, Reason: joinNonEmpty(was.Reason, as+" "+was.ID+": "+why)}
	}
	return was
}

// mayDecide refuses whoever may not answer a request: it takes whoever was asked,
// the role, or somebody above; never who has asked.
func (p Project) mayDecide(who Person, r store.Approval) error {
	switch {
	case who.ID == r.RequestedBy:
		return holdfast.Errorf(holdfast.Unauthorized, "%s has asked for this, and cannot approve it", who.ID)
	case who.ID != r.Approver && !strings.EqualFold(who.Role, r.Role) && !p.outranks(who.ID, r.Approver):
		return holdfast.Errorf(holdfast.Unauthorized, "%s has not the authority: it takes a %s", who.ID, r.Role)
	}
	return nil
}

// outranks reports whether a stands above b, however far.
func (p Project) outranks(a, b string) bool {
	for range p.Team {
		one, ok := p.person(b)
		if !ok || one.Manager == "" {
			return false
		}
		if b = one.Manager; b == a {
			return true
		}
	}
	return false
}
