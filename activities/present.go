package activities

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
)

// gone says why one of ours is not there at a moment, in words, and who was named
// to stand in; why is "" for those who are there.
func (p Project) gone(one Person, now time.Time) (why, deputy string) {
	y, m, d := now.In(p.ours(someone{Person: one}).zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if !one.Left.IsZero() && !one.Left.After(today) {
		if one.Left.Unix() == 0 {
			return "left", one.Deputy
		}
		return "left on " + one.Left.Format("2 January"), one.Deputy
	}
	for _, a := range one.Away {
		if a.From.After(today) || a.To.Before(today) {
			continue
		}
		if deputy = a.Deputy; deputy == "" {
			deputy = one.Deputy
		}
		return "away until " + a.To.Format("2 January"), deputy
	}
	return "", ""
}

// hasLeft reports whether gone's words say that somebody is gone for good.
func hasLeft(why string) bool { return strings.HasPrefix(why, "left") }

// there reports whether one of ours is neither away nor gone.
func (p Project) there(one Person, now time.Time) bool {
	why, _ := p.gone(one, now)
	return why == ""
}

// present is s, or whoever stands in while s is away or after they left: the
// deputy, and the deputy's; the manager, and theirs; one of the pool; anybody.
// Reason says which, and why.
func (p Project) present(s someone, now time.Time) someone {
	if s.Channel != "" || p.there(s.Person, now) {
		return s
	}
	why, _ := p.gone(s.Person, now)
	instead := func(as string, one Person) someone {
		return someone{Person: one, Reason: joinNonEmpty(s.Reason, as+" "+s.ID+": "+why)}
	}
	for _, one := range p.deputies(s.Person, now) {
		if p.there(one, now) {
			return instead("deputy_of", one)
		}
	}
	for _, one := range p.above(s.Person) {
		if p.there(one, now) {
			return instead("manager_of", one)
		}
	}
	for _, id := range p.pool(s.Person) {
		if one, ok := p.person(id); ok && p.there(one, now) {
			return instead("pool_of", one)
		}
	}
	for _, one := range p.Team {
		if p.there(one, now) {
			return instead("nobody_for", one)
		}
	}
	return someone{Channel: "#holdfast", Reason: joinNonEmpty(s.Reason, "nobody_for "+s.ID+": "+why)}
}

// deputies of one who is gone, nearest first: the deputy, and as long as that one
// is gone too, theirs.
func (p Project) deputies(one Person, now time.Time) []Person {
	var all []Person
	seen := []string{one.ID}
	for {
		_, named := p.gone(one, now)
		next, ok := p.person(named)
		if !ok || slices.Contains(seen, next.ID) {
			return all
		}
		all, seen, one = append(all, next), append(seen, next.ID), next
	}
}

// above are the managers over one of ours, nearest first.
func (p Project) above(one Person) []Person {
	var all []Person
	for range p.Team {
		up, ok := p.person(one.Manager)
		if !ok {
			break
		}
		all, one = append(all, up), up
	}
	return all
}

// pool are the ids of the pool that takes what one of ours cannot, sorted: the
// one that they name, or the first that they are in.
func (p Project) pool(one Person) []string {
	for _, pool := range p.Pools {
		if pool.Name == one.Pool || (one.Pool == "" && slices.Contains(pool.Members, one.ID)) {
			return pool.Members
		}
	}
	return nil
}

// ours is where one of our own people lives, and so works.
func (p Project) ours(s someone) place {
	at := p.place(s.zone(), nil, nil)
	if s.Country != "" {
		at.days.Country = s.Country
	}
	return at
}

// officeHours are those of whoever does not say.
var officeHours = calendar.Window{From: 9 * 60, To: 17 * 60}

// work is when one of our own people works. A channel is never asleep on a
// working day of the project.
func (p Project) work(s someone) calendar.Work {
	w := calendar.Work{Days: p.ours(s).days, Hours: s.Hours}
	if s.Channel == "" && w.Hours.To <= w.Hours.From {
		w.Hours.From, w.Hours.To = officeHours.From, officeHours.To
	}
	return w
}

// known is whom the id of a task's owner means: one of the team, or a channel or
// somebody who is in it no more.
func (p Project) known(id string) someone {
	if one, ok := p.person(id); ok {
		return someone{Person: one}
	}
	return someone{Channel: id}
}
