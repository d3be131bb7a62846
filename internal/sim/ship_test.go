package sim

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/plan"
	"holdfast/internal/store"
	"holdfast/steps"
)

const versionOne = `playbook: nudge
class: service
guardrails: {surge: off}
trigger: {id: ticket, on: Support Ticket Opened}
exit: [{on: email.replied, outcome: answered}]
steps:
  - {id: hello, email: hello, to: [contacts.champion]}
  - {id: settle, wait: 4bd}
  - {id: call, task: "Call {{ account.name }}", due: 1bd, expires: 2bd}
  - {id: nap, wait: 3d}
  - {id: again, email: again, to: [contacts.champion]}
  - {id: hear, wait_for: {any: [email.replied], timeout: 4d}}
  - {id: close, end: told}
`

// versionTwo inserts a step, changes a wait and a timeout, renames a step, and
// takes a wait away.
var versionTwo = strings.NewReplacer(
	"wait: 4bd", "wait: 6bd",
	"  - {id: call,", "  - {id: news, email: news, to: [contacts.champion]}\n  - {id: call,",
	"  - {id: nap, wait: 3d}\n", "",
	"id: again,", "id: second, was: again,",
	"timeout: 4d", "timeout: 6d",
).Replace(versionOne)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday

// asleep puts n accounts into the playbook, one after the other, so that they
// sleep all over it at the end.
func asleep(t *testing.T, n int, playbook string, over time.Duration) *crowd {
	t.Helper()
	c := newCrowd(t, loadCrowd(t, crowdFiles(playbook)), noon)
	ids := c.people(n)
	c.ship(c.project)
	const at = 10 // moments at which accounts come
	for k := range at {
		c.until(noon.Add(over * time.Duration(k) / at))
		var ms []holdfast.Message
		for i := k * n / at; i < (k+1)*n/at; i++ {
			ms = append(ms, holdfast.Message{ID: "t" + ids[i], Source: "system", Kind: holdfast.Track, Event: "Support Ticket Opened", Account: ids[i], At: c.clock.Now()})
		}
		c.take(intake.Live, ms...)
	}
	c.until(noon.Add(over))
	return c
}

// TestEveryEnrollmentDoesWhatThePlanSaid ships a change to three hundred that
// sleep on version 1. Each is in the plan, lands where the plan said and when,
// and over its whole life gets each touch once.
func TestEveryEnrollmentDoesWhatThePlanSaid(t *testing.T) {
	t.Parallel()
	const n = 300
	c := asleep(t, n, versionOne, 18*24*time.Hour)
	next := loadCrowd(t, crowdFiles(versionTwo))
	one := c.project.Playbooks[0].Digest
	two := next.Playbooks[0].Digest
	p := c.plan(next)
	active := map[string]bool{}
	c.view(func(tx store.Tx) error {
		es, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active"})
		for _, e := range es {
			active[e.ID] = true
		}
		return err
	})
	kinds := map[steps.Fate]int{}
	at := map[string]int{}
	for _, e := range p.Enrollments {
		kinds[e.Fate]++
		at[e.Step]++
		if !active[e.ID] || e.Version != one {
			t.Errorf("the plan has %s on %s, which does not run", e.ID, e.Version)
		}
	}
	if len(p.Enrollments) != len(active) || len(active) < 200 {
		t.Fatalf("%d of %d that run are in the plan; %d wanted at least", len(p.Enrollments), len(active), 200)
	}
	sum := 0
	for _, g := range p.Groups {
		sum += g.Count
	}
	for _, step := range []string{"settle", "call", "nap", "hear"} {
		if at[step] < 10 {
			t.Errorf("%d sleep at %s; the test sees too little: %v", at[step], step, at)
		}
	}
	if sum != len(p.Enrollments) {
		t.Errorf("the groups have %d, the plan %d", sum, len(p.Enrollments))
	}

	now := c.clock.Now()
	c.ship(next)
	if moved := c.move(7); moved.Asked != len(active)-kinds[steps.Blocked] || moved.Blocked != kinds[steps.Blocked] {
		t.Fatalf("%+v, want %d asked", moved, len(active)-kinds[steps.Blocked])
	}
	if again := c.move(50); again.Asked+again.Waiting > 0 {
		t.Errorf("moving again asks %+v, want nobody", again)
	}
	c.view(func(tx store.Tx) error {
		for _, e := range p.Enrollments {
			if err := landed(tx, e, two, now); err != nil {
				t.Error(err)
			}
		}
		return nil
	})

	c.until(noon.AddDate(0, 2, 0))
	c.view(func(tx store.Tx) error {
		planned := map[string]plan.Enrollment{}
		for _, e := range p.Enrollments {
			planned[e.ID] = e
		}
		es, err := tx.ListEnrollments(store.EnrollmentFilter{})
		for _, e := range es {
			touches, err := tx.TouchesOf(e.ID)
			if err != nil {
				return err
			}
			if said := lived(e, planned, touches); said != "" {
				t.Errorf("%s: %s\n%s", e.ID, said, ledger(touches))
			}
		}
		if len(es) != n {
			t.Errorf("%d enrollments, want %d", len(es), n)
		}
		return err
	})
	t.Logf("%d asleep: %v by fate, %v by step", len(active), kinds, at)
}

// landed compares where an enrollment is after its move with the plan.
func landed(tx store.Tx, want plan.Enrollment, two string, now time.Time) error {
	e, err := tx.Enrollment(want.ID)
	if err != nil {
		return err
	}
	if !want.Moves {
		return fmt.Errorf("%s is not moved: %s", e.ID, want.Notes)
	}
	if e.Digest != two {
		return fmt.Errorf("%s runs %s, want the new version", e.ID, e.Digest)
	}
	lines, err := tx.LinesOf(e.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(lines, func(l store.Line) bool { return l.Kind == "move" })
	if i < 0 || lines[i].Step != want.To {
		return fmt.Errorf("%s: the plan said %s, the timeline %+v", e.ID, want.To, lines)
	}
	if want.Wakes.After(now) && (e.Step != want.To || !e.Due.Equal(want.Wakes)) {
		return fmt.Errorf("%s is at %s until %s, the plan said %s until %s", e.ID, e.Step, e.Due, want.To, want.Wakes)
	}
	return nil
}

// lived compares the touches of a whole life with what its version and its plan
// say; "" when they agree.
func lived(e store.Enrollment, planned map[string]plan.Enrollment, touches []store.Touch) string {
	if e.Status != "ended" || e.Outcome != "told" {
		return fmt.Sprintf("%s at %s (%s), want it told", e.Status, e.Step, e.Outcome)
	}
	got := map[string]int{}
	for _, h := range touches {
		if h.State != holdfast.Sent && h.Channel == "email" {
			return fmt.Sprintf("the touch at %s is %s", h.Path, h.State)
		}
		name := h.Path
		if name == "second" {
			name = "again" // one step under two names
		}
		got[name+" "+h.Channel]++
	}
	want := map[string]int{"hello email": 1, "again email": 1, "call slack": 1}
	if p, ok := planned[e.ID]; ok {
		for _, id := range p.Runs {
			want[id+" email"] = 1
		}
		if len(p.Runs)+len(p.Skips) != 1 {
			return fmt.Sprintf("the plan says neither that news is run nor that it is not: %+v", p)
		}
	}
	for name := range got {
		if got[name] != want[name] {
			return fmt.Sprintf("%s went %d times, want %d", name, got[name], want[name])
		}
	}
	for name := range want {
		if got[name] != want[name] {
			return fmt.Sprintf("%s went %d times, want %d", name, got[name], want[name])
		}
	}
	return ""
}

func ledger(touches []store.Touch) string {
	var out []string
	for _, h := range touches {
		out = append(out, h.Path+" "+h.Channel+" "+string(h.State)+" "+h.ClaimedAt.Format("2 Jan 15:04"))
	}
	return strings.Join(out, "\n")
}
