package backtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/sim"
)

// Load is the work that the playbook makes, from the simulation of every step.
// Mails and tasks of the other playbooks are counted beside its own, for caps,
// rests and people are shared.
type Load struct {
	Mails    Peak           `json:"mails_a_day"`
	AllMails Peak           `json:"mails_a_day_all_playbooks"`
	Owners   []Owner        `json:"owners"`
	Outcomes map[string]int `json:"outcomes"` // how the enrollments ended; "" still running
	Goals    int            `json:"goals"`
	Shifted  int            `json:"shifted"` // touches that a guardrail moved
	Skipped  int            `json:"skipped"` // touches that one kept back
}

// Peak is how much of something there was, and on its fullest day.
type Peak struct {
	Total int     `json:"total"`
	Mean  float64 `json:"mean"` // over all days
	Most  int     `json:"most"`
	Day   string  `json:"day,omitempty"`
}

// Owner is what one of ours would have had to do. A week is from Monday to Sunday.
type Owner struct {
	ID       string  `json:"owner"`
	Accounts int     `json:"accounts"` // that are theirs at the end
	Tasks    int     `json:"tasks"`    // of this playbook
	Mean     float64 `json:"mean"`     // a week
	Most     int     `json:"most"`     // in the fullest week
	Week     string  `json:"week,omitempty"`
	All      int     `json:"most_all_playbooks"` // in the fullest week, of all playbooks
	AllWeek  string  `json:"week_all_playbooks,omitempty"`
	Capacity int     `json:"capacity,omitempty"`      // tasks a week, as team.yaml says; 0: it does not
	Over     int     `json:"weeks_over,omitempty"`    // weeks with more than that, of all playbooks
	Book     int     `json:"book_capacity,omitempty"` // accounts, as team.yaml says
}

// load is the work of a playbook in what was played.
func load(q Question, playbook string, played *sim.Played) *Load {
	l := &Load{Outcomes: map[string]int{}}
	for _, e := range played.Enrollments {
		if e.Playbook != playbook {
			continue
		}
		l.Outcomes[e.Outcome]++
		if !e.GoalAt.IsZero() {
			l.Goals++
		}
	}
	for _, line := range played.Lines {
		if line.Playbook == playbook && line.Kind == "shift" {
			l.Shifted++
		}
	}
	days := q.To.Sub(q.From).Hours() / 24
	mine, all := map[string]int{}, map[string]int{}
	for _, t := range played.Touches {
		if t.State == holdfast.Skipped && t.Playbook == playbook {
			l.Skipped++
		}
		if t.Channel != "email" || t.State != holdfast.Sent {
			continue
		}
		d := t.DoneAt.UTC().Format(time.DateOnly)
		all[d]++
		if t.Playbook == playbook {
			mine[d]++
		}
	}
	l.Mails, l.AllMails = peak(mine, days), peak(all, days)
	l.owners(q, playbook, played, days/7)
	return l
}

func peak(by map[string]int, of float64) (p Peak) {
	for _, at := range slices.Sorted(maps.Keys(by)) {
		p.Total += by[at]
		if by[at] > p.Most {
			p.Most, p.Day = by[at], at
		}
	}
	if of > 0 {
		p.Mean = float64(p.Total) / of
	}
	return p
}

// owners counts tasks by whose they are, in the week in which they open.
func (l *Load) owners(q Question, playbook string, played *sim.Played, weeks float64) {
	mine, all := map[string]map[string]int{}, map[string]map[string]int{}
	for _, t := range played.Tasks {
		if mine[t.Owner] == nil {
			mine[t.Owner], all[t.Owner] = map[string]int{}, map[string]int{}
		}
		week := monday(t.OpenedAt).Format(time.DateOnly)
		all[t.Owner][week]++
		if t.Playbook == playbook {
			mine[t.Owner][week]++
		}
	}
	for id := range all {
		own, both := peak(mine[id], weeks), peak(all[id], weeks)
		o := Owner{ID: id, Accounts: played.Owners[id], Tasks: own.Total, Mean: own.Mean, Most: own.Most, Week: own.Day, All: both.Most, AllWeek: both.Day}
		if one, ok := q.Project.Person(id); ok {
			o.Capacity, o.Book = one.Capacity.Tasks, one.Capacity.Accounts
		}
		for _, n := range all[id] {
			if o.Capacity > 0 && n > o.Capacity {
				o.Over++
			}
		}
		l.Owners = append(l.Owners, o)
	}
	slices.SortFunc(l.Owners, func(a, b Owner) int { return cmp.Or(b.All-a.All, cmp.Compare(a.ID, b.ID)) })
}

// busiest is the fullest week of any owner.
func (l *Load) busiest() int {
	most := 0
	for _, o := range l.Owners {
		most = max(most, o.Most)
	}
	return most
}
