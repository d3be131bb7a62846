package explain

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/rules"
)

// conditions are what random playbooks ask.
var conditions = []string{
	`account.arr >= 10000`, `account.status == "active"`, `account.status in ["trial", "churned"] || account.seats > 3`,
	`!account.fragile && account.seats < 8`, `has(account.renewal_date) && days_until(account.renewal_date) < 90`,
	`segment.dear`, `account.fragile ? account.seats > 2 : account.arr > 5000`, `metric.tickets > 0`, `!(segment.dear) || account.seats == 1`,
	`account.renewal_date > now`, `account.arr * 2 > 30000 && (account.seats > 1 || account.fragile)`,
}

func randomBooks(r *rand.Rand) []string {
	var books []string
	one := func() string { return conditions[r.IntN(len(conditions))] }
	// A date looks once, as it is first seen: before the ticket of the same account.
	early := func() string { return conditions[r.IntN(7)] }
	for i := range 5 {
		trigger := "{when: '" + one() + "'}"
		switch r.IntN(5) {
		case 0:
			trigger = `{on: Ticket Opened, when: 'event.priority == "urgent" && ` + one() + `'}`
		case 1:
			trigger = "{at: account.renewal_date, before: 60d, if_past: start, when: '" + early() + "'}"
		case 2:
			trigger = "{when: '" + one() + "', any: [{on: Ticket Opened}, {when: '" + one() + "'}]}"
		case 3:
			trigger = "{when: '" + one() + "', for: 3d}"
		}
		books = append(books, fmt.Sprintf("playbook: p%d\ntitle: P\nclass: service\nowner: account.owner\ntrigger: %s\nsteps:\n  - {id: settle, wait: 9d}\n  - {id: bye, end: over}\n", i, trigger))
	}
	return books
}

func randomAccount(r *rand.Rand) map[string]any {
	all := map[string]any{
		"status": []string{"trial", "active", "churned"}[r.IntN(3)], "arr": float64(r.IntN(4) * 6000), "seats": float64(r.IntN(10)),
		"fragile": r.IntN(2) == 0, "renewal_date": start.AddDate(0, 0, r.IntN(300)-60).Format(time.DateOnly), "owner": "mira",
	}
	for k := range all {
		if r.IntN(4) == 0 {
			delete(all, k)
		}
	}
	return all
}

// Explain's "would be enrolled" over messages that nobody has acted on, against
// what the intake does when it takes the same messages live.
func TestWhatWouldEnrolIsWhatEnrols(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			p := newProject(t, randomBooks(r)...)
			for n := range 6 {
				ms := []holdfast.Message{{ID: "g", Source: "system", Kind: holdfast.Group, Account: "acme", At: start, Props: randomAccount(r)}}
				if r.IntN(2) == 0 {
					ms = append(ms, holdfast.Message{ID: "t", Source: "system", Kind: holdfast.Track, Event: "Ticket Opened", Account: "acme", At: start,
						Props: map[string]any{"priority": []string{"low", "urgent"}[r.IntN(2)]}})
				}
				report, err := Told(t.Context(), p, placed(ms), Question{Account: "acme", At: start})
				if err != nil {
					t.Fatal(err)
				}
				pr := newProduction(t, p)
				if _, err := pr.intake.Take(t.Context(), ms, intake.Live); err != nil {
					t.Fatal(err)
				}
				in := pr.enrolled()
				for _, b := range report.Playbooks {
					if got := b.Verdict == WouldEnrol; got != slices.Contains(in, b.Name) {
						t.Errorf("account %d %v: explain says %s (%s), and the intake enrolled %v", n, ms[0].Props, b.Verdict, b.Short, in)
					}
					agree(t, b)
				}
			}
		})
	}
}

// agree holds a verdict, which the intake's own code gave, against the trees.
func agree(t *testing.T, b Playbook) {
	t.Helper()
	holds := func(n *rules.Node) bool { return n == nil || n.State == "true" }
	for _, tr := range b.Triggers {
		all := holds(tr.When) && holds(b.When)
		if tr.Verdict == WouldEnrol && !all {
			t.Errorf("%s %s: would enrol, and its conditions are %+v and %+v", b.Name, tr.ID, tr.When, b.When)
		}
		if tr.Kind == "condition" && tr.Verdict == NotEnrolled && all {
			t.Errorf("%s %s: not enrolled (%s), and all its conditions hold", b.Name, tr.ID, tr.Why)
		}
		if tr.Why == "" {
			t.Errorf("%s %s: %s without a word why", b.Name, tr.ID, tr.Verdict)
		}
	}
}

func (p *production) enrolled() []string {
	p.t.Helper()
	var names []string
	for _, l := range p.lines() {
		if l.Kind == "enroll" {
			names = append(names, l.Playbook)
		}
	}
	return names
}

// What explain says an event would do, against what it then does.
func TestWhatAnEventWouldStartIsWhatItStarts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 2))
			pr := newProduction(t, newProject(t, randomBooks(r)...))
			pr.group(randomAccount(r))
			for range 6 {
				pr.play(pr.clock.Now().AddDate(0, 0, r.IntN(8)))
				priority := []string{"low", "urgent"}[r.IntN(2)]
				h := pr.ask(Question{Event: "Ticket Opened", Props: map[string]any{"priority": priority}}).Event
				var want []string
				for _, e := range h.Does {
					if e.Kind == "start" {
						want = append(want, e.Playbook)
					}
				}
				before := len(pr.enrolled())
				pr.event("Ticket Opened", map[string]any{"priority": priority})
				got := pr.enrolled()[before:]
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(want, got) {
					t.Errorf("explain says that it starts %v, and it started %v", want, got)
				}
			}
		})
	}
}
