package sim_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

var seeds = flag.Int("seeds", 10, "random accounts whose timelines are compared with and without scans left out")

// chance makes accounts to which things happen at odd and at round moments.
type chance struct {
	*rand.Rand
	at   time.Time // where the case begins
	days int       // how long it is
}

func (r chance) pick(of ...string) string { return of[r.IntN(len(of))] }

// moment within the case: half of them on the hour, where scans are.
func (r chance) moment() time.Time {
	t := r.at.Add(time.Duration(r.IntN(r.days*24*60)) * time.Minute)
	switch r.IntN(4) {
	case 0:
		return t.Truncate(time.Hour)
	case 1:
		return t.Truncate(24 * time.Hour)
	}
	return t.Add(time.Duration(r.IntN(60)) * time.Second)
}

func (r chance) day() string { return r.moment().Format(time.DateOnly) }

// fields of the account, some of them.
func (r chance) fields() map[string]any {
	props := map[string]any{}
	for _, f := range [][2]string{
		{"status", r.pick("trial", "active")}, {"seen_at", r.moment().Format(time.RFC3339)}, {"calls_at", r.moment().Format(time.RFC3339)},
		{"started_at", r.day()}, {"renewal_date", r.day()},
	} {
		if r.IntN(3) > 0 {
			props[f[0]] = f[1]
		}
	}
	return props
}

func (r chance) message(at time.Time, i int) holdfast.Message {
	m := holdfast.Message{ID: fmt.Sprint("m", i), Source: "system", Account: "acme", At: at, Kind: holdfast.Track}
	switch r.IntN(6) {
	case 0:
		m.Kind, m.Props = holdfast.Group, r.fields()
	case 1:
		m.Event, m.Props = "Subscribed", map[string]any{"subscription_id": r.pick("s1", "s2"), "renews": r.day()}
	case 2:
		m.Event, m.Contact = "email.replied", "dana"
	default:
		m.Event, m.Props = "Used", map[string]any{"times": float64(1 + r.IntN(9))}
	}
	return m
}

// random is a case of testdata/clock.
func random(p *project.Project, seed uint64) sim.Case {
	r := chance{Rand: rand.New(rand.NewPCG(seed, 1)), days: 45}
	r.at = time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(90*24*4)) * 15 * time.Minute) // over both changes of the clocks
	c := sim.Case{Project: p, Account: "acme", At: r.at, Until: r.at.AddDate(0, 0, r.days), Tasks: sim.People(r.pick("done", "idle"))}
	first, second := p.Playbook("days"), p.Playbook("hours")
	if r.IntN(3) == 0 {
		first, second = second, first
	}
	c.Playbook = first
	if r.IntN(2) == 0 {
		c.Beside = []*playbooks.Playbook{second}
	}
	c.Trigger = c.Playbook.Triggers[r.IntN(len(c.Playbook.Triggers))].ID
	group := r.fields()
	group["name"], group["owner"] = "Acme", "sam"
	group["timezone"] = r.pick("America/Chicago", "Asia/Kolkata", "Pacific/Auckland", "Europe/Paris", "America/Havana", "Pacific/Kiritimati")
	for i, m := range []holdfast.Message{
		{Kind: holdfast.Group, Props: group},
		{Kind: holdfast.Identify, Contact: "dana", Props: map[string]any{"email": "dana@acme.example", "first_name": "Dana", "role": "champion"}},
	} {
		m.ID, m.Source, m.Account, m.At = fmt.Sprint("k", i), "system", "acme", r.at.Add(-time.Hour)
		c.Known = append(c.Known, sim.Message{Message: m})
	}
	for i := range r.IntN(25) {
		c.Events = append(c.Events, sim.Message{Message: r.message(r.moment(), i)})
	}
	for i := range r.IntN(15) {
		c.Known = append(c.Known, sim.Message{Message: r.message(r.at.AddDate(0, 0, -1-r.IntN(30)), 100+i)})
	}
	return c
}

func TestRandomAccountsLiveTheSameWithScansLeftOut(t *testing.T) {
	t.Parallel()
	p, found, err := project.Load("testdata/clock")
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	stage := sim.New(p)
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			c := random(p, seed)
			want, err := stage.Play(t.Context(), sim.EveryScan(c))
			if err != nil {
				t.Fatal(err)
			}
			got, err := stage.Play(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got, sameZone); d != "" || !slices.ContainsFunc(want.Lines, func(l store.Line) bool { return l.Kind != "enroll" }) {
				t.Errorf("with scans left out it comes out differently (-every +some):\n%s", d)
			}
		})
	}
}
