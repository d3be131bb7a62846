package backtest

import (
	"cmp"
	"slices"
	"time"
)

// weeks counts entries and labels from Monday to Monday.
func (r *Report) weeks(p *past) {
	index := map[string]int{}
	for day := monday(r.From); !day.After(r.To); day = day.AddDate(0, 0, 7) {
		index[day.Format(time.DateOnly)] = len(r.Weeks)
		r.Weeks = append(r.Weeks, Week{Monday: day.Format(time.DateOnly)})
	}
	for _, e := range r.Entries {
		r.Weeks[index[monday(e.At).Format(time.DateOnly)]].Entries++
	}
	for _, at := range p.labels {
		for _, t := range at {
			if i, ok := index[monday(t).Format(time.DateOnly)]; ok && !t.Before(r.From) {
				r.Weeks[i].Labels++
			}
		}
	}
}

// monday is the first day of t's week, in UTC.
func monday(t time.Time) time.Time {
	t = t.UTC().Truncate(24 * time.Hour)
	return t.AddDate(0, 0, -((int(t.Weekday()) + 6) % 7))
}

// overlap compares r's entries with those of the other playbooks.
func (r *Report) overlap(p *past) {
	mine := map[string][]Entry{}
	for _, e := range r.Entries {
		mine[e.Account] = append(mine[e.Account], e)
	}
	for name, others := range p.entries {
		if name == r.Playbook || isSwept(name) {
			continue
		}
		o := Overlap{Playbook: name}
		accounts := map[string]bool{}
		for _, other := range others {
			for _, e := range mine[other.Account] {
				if days := shared(e, other); days > 0 {
					o.Days += days
					accounts[e.Account] = true
				}
			}
		}
		if o.Accounts = len(accounts); o.Accounts > 0 {
			r.Overlap = append(r.Overlap, o)
		}
	}
	slices.SortFunc(r.Overlap, func(a, b Overlap) int {
		return cmp.Or(b.Days-a.Days, cmp.Compare(a.Playbook, b.Playbook))
	})
}

// shared is the days, begun ones counted, on which both were active.
func shared(a, b Entry) int {
	from, to := a.At, a.ends
	if b.At.After(from) {
		from = b.At
	}
	if b.ends.Before(to) {
		to = b.ends
	}
	if !to.After(from) {
		return 0
	}
	return int((to.Sub(from) + 24*time.Hour - 1) / (24 * time.Hour))
}
