package project

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// hours reads when a person works: hours and days.
func (ld *loader) hours(n *source.Node) (w calendar.Window) {
	if h := n.Get("hours"); h != nil {
		w.From, w.To = h.Hours(&ld.diags)
	}
	if d := n.Get("days"); d != nil {
		w.Days = d.Days(&ld.diags)
	}
	return w
}

// away reads [{from, to, deputy}].
func (ld *loader) away(n *source.Node) []Away {
	if n != nil && n.Kind() != source.List {
		ld.diags.Errorf(n.Span(), "wrong-type", "write a list of {from, to, deputy}", "away must be a list")
	}
	var all []Away
	for _, it := range n.Items() {
		it.Strict(&ld.diags, "a time away", source.Keys(teamKind.Keys, "team.away")...)
		a := Away{
			From:   ld.day(it.Require(&ld.diags, "a time away", "from")),
			To:     ld.day(it.Get("to")),
			Deputy: it.Get("deputy").String(&ld.diags, "deputy"),
		}
		if a.To.IsZero() {
			a.To = a.From
		}
		if a.To.Before(a.From) {
			ld.diags.Errorf(it.Get("to").Span(), "wrong-type", "write the later day under to:", "the time away ends before it begins")
			continue
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b Away) int { return a.From.Compare(b.From) })
	return all
}

// left reads true, or the day from which a person is gone.
func (ld *loader) left(n *source.Node) time.Time {
	switch n.Text() {
	case "", "false":
		return time.Time{}
	case "true":
		return gone
	}
	if t, err := time.Parse(time.DateOnly, n.Text()); err == nil {
		return t
	}
	ld.diags.Errorf(n.Span(), "wrong-type", "write true, or the day such as 2026-06-01", "left cannot be %q", n.Text())
	return time.Time{}
}

// pools reads {name: [ids]} and {name: {role}}.
func (ld *loader) pools(n *source.Node) {
	named := map[string]bool{}
	for _, pair := range n.Pairs() {
		pool := Pool{Name: pair.Key.Text()}
		if named[pool.Name] {
			continue // its reader has said so
		}
		named[pool.Name] = true
		if role := pair.Value.Get("role"); role != nil {
			pair.Value.Strict(&ld.diags, "a pool", "role")
			for _, one := range ld.p.Team {
				if one.Role == role.Text() {
					pool.Members = append(pool.Members, one.ID)
				}
			}
		} else if pair.Value.Kind() != source.List {
			ld.diags.Errorf(pair.Value.Span(), "wrong-type", "write a list of ids, or {role: csm}", "a pool must be a list")
		}
		for _, it := range pair.Value.Items() {
			if _, ok := ld.p.Person(it.Text()); !ok {
				ld.diags.Errorf(it.Span(), "unknown-person", "add them to the team", "nobody in the team is %q", it.Text())
				continue
			}
			pool.Members = append(pool.Members, it.Text())
		}
		if len(pool.Members) == 0 {
			ld.diags.Errorf(pair.Key.Span(), "missing-key", "name some of the team, or a role that some have", "nobody is in the pool %q", pool.Name)
		}
		slices.Sort(pool.Members)
		pool.Members = slices.Compact(pool.Members)
		ld.p.Pools = append(ld.p.Pools, pool)
	}
	for _, one := range ld.team.Get("team").Items() {
		if ref := one.Get("pool"); ref.Text() != "" && !named[ref.Text()] {
			ld.diags.Errorf(ref.Span(), "unknown-pool", "write it under pools: {"+ref.Text()+": [ids]}", "there is no pool %q", ref.Text())
		}
	}
}

// absence is a time in which somebody's work goes to a deputy.
type absence struct {
	from, to time.Time // days, the last one included
	deputy   string    // "" nobody is named
	place    diag.Span // where the deputy is named
}

// forever is To of those who left.
var forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// deputies reports whoever cannot stand in: for themself, after they left, or in
// a ring of people who are all away.
func (ld *loader) deputies(list *source.Node) {
	absent := map[string][]absence{}
	for _, n := range list.Items() {
		one, ok := ld.p.Person(n.Get("id").Text())
		if !ok || absent[one.ID] != nil {
			continue
		}
		own := n.Get("deputy")
		if !one.Left.IsZero() {
			absent[one.ID] = append(absent[one.ID], absence{one.Left, forever, one.Deputy, own.Span()})
		}
		for _, it := range n.Get("away").Items() {
			a := absence{from: ld.quiet(it.Get("from")), to: ld.quiet(it.Get("to")), deputy: one.Deputy, place: own.Span()}
			if a.to.IsZero() {
				a.to = a.from
			}
			if d := it.Get("deputy"); d.Text() != "" {
				a.deputy, a.place = d.Text(), d.Span()
			}
			absent[one.ID] = append(absent[one.ID], a)
		}
		if own.Text() == one.ID {
			ld.diags.Errorf(own.Span(), "bad-deputy", "name another of the team", "%s cannot stand in for themself", one.ID)
		}
	}
	for _, one := range ld.p.Team {
		for _, a := range absent[one.ID] {
			if a.deputy != one.ID {
				ld.standIn(absent, a, a, []string{one.ID})
			} else if one.Deputy != one.ID {
				ld.diags.Errorf(a.place, "bad-deputy", "name another of the team", "%s cannot stand in for themself", one.ID)
			}
		}
	}
}

// standIn follows who stands in for whom while all of chain are away at once;
// first is where the chain began, and at is the absence of its last.
func (ld *loader) standIn(absent map[string][]absence, first, at absence, chain []string) {
	deputy, ok := ld.p.Person(at.deputy)
	if !ok || at.deputy == chain[len(chain)-1] {
		return
	}
	if len(chain) == 1 && !deputy.Left.IsZero() && !deputy.Left.After(at.from) {
		ld.diags.Errorf(at.place, "bad-deputy", "name somebody who is there", "%s cannot stand in: they left", deputy.ID)
		return
	}
	if deputy.ID == chain[0] {
		ld.diags.Errorf(first.place, "bad-deputy", "name somebody who is there", "%s stand in for one another, and are all away on %s", joinAnd(chain), at.from.Format("2 January 2006"))
		return
	}
	if slices.Contains(chain, deputy.ID) {
		return // a ring further on, which is told where it begins
	}
	for _, next := range absent[deputy.ID] {
		both := next
		if at.from.After(both.from) {
			both.from = at.from
		}
		if at.to.Before(both.to) {
			both.to = at.to
		}
		if !both.to.Before(both.from) {
			ld.standIn(absent, first, both, append(slices.Clone(chain), deputy.ID))
		}
	}
}

// quiet is a day that was read before, and whose mistakes are told.
func (ld *loader) quiet(n *source.Node) time.Time {
	t, err := time.Parse(time.DateOnly, n.Text())
	if err != nil {
		return time.Time{}
	}
	return t
}

// joinAnd is "a", "a and b", "a, b and c".
func joinAnd(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
