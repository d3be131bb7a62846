package explain

import (
	"testing"
	"time"

	"holdfast/internal/store"
)

// Over the playbooks that we ship: what is said to come next is what comes, to
// the microsecond, as long as nothing else happens.
func TestWhatComesNextComes(t *testing.T) {
	t.Parallel()
	p := newProduction(t, sampleProject(t, "tidewater"))
	p.person("dana", map[string]any{"email": "dana@acme.example", "first_name": "Dana", "last_name": "D", "role": "champion"})
	p.person("eve", map[string]any{"email": "eve@acme.example", "first_name": "Eve", "last_name": "E", "role": "decision_maker"})
	p.group(map[string]any{
		"name": "Acme", "status": "active", "arr": 20000, "owner": "mira", "country": "US", "timezone": "America/New_York",
		"renewal_date": start.AddDate(0, 0, 95).Format(time.DateOnly),
	})
	foretold := map[string]Coming{}
	for day := 4; day < 40; day += 9 {
		p.play(start.AddDate(0, 0, day))
		for _, b := range p.ask(Question{}).Playbooks {
			for _, e := range b.Enrollments {
				for _, c := range e.Next {
					foretold[e.ID+c.Kind+c.Step+c.At.String()] = c
				}
			}
		}
	}
	p.play(start.AddDate(0, 0, 50))
	happened := p.lines()
	for _, c := range foretold {
		if c.At.Before(p.clock.Now()) && !came(happened, c) {
			t.Errorf("foretold, and did not come: %+v", c)
		}
	}
	if len(foretold) < 3 {
		t.Errorf("only %d things were foretold", len(foretold))
	}
}

func came(lines []store.Line, c Coming) bool {
	for _, l := range lines {
		if l.Enrollment == c.Enrollment && kindOf(l) == c.Kind && l.Step == c.Step && l.At.Equal(c.At) {
			return true
		}
	}
	return false
}

func kindOf(l store.Line) string {
	kind, _ := comes(l)
	return kind
}

// A year ahead is looked at in seconds, and nothing of it is left out in silence.
func TestALongLookAheadComesToItsEnd(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach, `
playbook: quiet
title: Quiet
class: service
owner: account.owner
trigger: {when: days_until(account.renewal_date) < 30}
steps:
  - {id: settle, wait: 2d}
  - {id: bye, end: over}
`))
	dana(p)
	p.group(map[string]any{"name": "Acme", "owner": "mira", "status": "trial", "renewal_date": start.AddDate(0, 0, 330).Format(time.DateOnly)})
	var got []string
	for _, c := range p.ask(Question{Calendar: start.AddDate(1, 0, 0)}).Calendar {
		got = append(got, c.At.Format(time.DateOnly)+" "+c.Kind)
	}
	want := start.AddDate(0, 0, 301).Format(time.DateOnly) + " start"
	if len(got) != 2 || got[0] != want {
		t.Errorf("got %v, want %s and its end", got, want)
	}
}
