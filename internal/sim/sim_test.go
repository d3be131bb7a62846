package sim_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/playbooks"
)

var tuesday = time.Date(2026, 2, 3, 8, 0, 0, 0, time.UTC)

// acme is the case of playbook for the one account of testdata/acme.
func acme(t *testing.T, playbook string) sim.Case {
	t.Helper()
	return acmeIn(t, "testdata/acme", playbook)
}

// acmeIn is the account in a project of its own.
func acmeIn(t *testing.T, dir, playbook string) sim.Case {
	t.Helper()
	p, found, err := project.Load(dir)
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	i := slices.IndexFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Name == playbook })
	if i < 0 {
		t.Fatalf("no playbook %s: %v", playbook, found)
	}
	id, known, err := sim.ReadAccount(t.Context(), filepath.Join(dir, "accounts.csv#acme"), tuesday, p.Rules)
	if err != nil {
		t.Fatal(err)
	}
	return sim.Case{Project: p, Playbook: p.Playbooks[i], Account: id, Known: known, At: tuesday, Tasks: sim.Done}
}

func simulate(t *testing.T, c sim.Case) (sim.Run, string) {
	t.Helper()
	run, err := sim.Simulate(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range run.Lines {
		fmt.Fprintf(&b, "%s %s\n", l.At.In(run.Zone).Format("2 Jan 15:04"), strings.Join(strings.Fields(strings.Join([]string{l.Path, l.Kind, l.To, l.Outcome}, " ")), " "))
	}
	return run, b.String()
}

// earlier is c a week before, for what has happened by then.
func earlier(c sim.Case) sim.Case {
	c.At = c.At.AddDate(0, 0, -7)
	return c
}

func events(t *testing.T, c sim.Case, lines string) []sim.Message {
	t.Helper()
	file := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	ms, err := sim.ReadEvents(t.Context(), file, c.Account, c.At, c.Project.Rules)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func TestPeopleDoTheirTasksWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	run, got := simulate(t, acme(t, "nudge"))
	want := `3 Feb 09:00 enroll
3 Feb 09:00 hello email dana sent
3 Feb 09:00 settle wait
5 Feb 09:00 call task sam opened
6 Feb 09:00 call task sam done
6 Feb 09:00 outcome declined
`
	if diff := cmp.Diff(want, got); diff != "" || !run.Ended {
		t.Errorf("ended %v, timeline (-want +got):\n%s", run.Ended, diff)
	}
}

func TestAnIdleTeamLetsTasksExpire(t *testing.T) {
	t.Parallel()
	c := acme(t, "nudge")
	c.Tasks = sim.Idle
	_, got := simulate(t, c)
	if !strings.Contains(got, "20 Feb 09:00 call task expired\n") || !strings.Contains(got, "20 Feb 09:00 outcome told\n") {
		t.Errorf("want it expired ten business days after it was due, on 20 Feb, got:\n%s", got)
	}
}

func TestEventsHappenAtTheirTime(t *testing.T) {
	t.Parallel()
	c := acme(t, "nudge")
	c.Events = events(t, c, `{"type":"track","event":"task.completed","groupId":"acme","messageId":"1","timestamp":"2026-02-05T13:30:00Z","properties":{"step":"call","answers":{"interest":"yes"}}}
{"type":"track","event":"email.replied","groupId":"other","messageId":"2","timestamp":"2026-02-04T13:30:00Z"}
`)
	_, got := simulate(t, c)
	if !strings.HasSuffix(got, "5 Feb 14:30 call task sam done\n5 Feb 14:30 lost skip skipped\n5 Feb 14:30 outcome told\n") {
		t.Errorf("want the task done on 5 Feb 14:30 with the event's answer, got:\n%s", got)
	}
	c.Events = events(t, c, `{"type":"track","event":"email.replied","groupId":"acme","userId":"dana","messageId":"1","timestamp":"2026-02-04T13:30:00Z"}`)
	_, got = simulate(t, c)
	if !strings.HasSuffix(got, "settle wait\n4 Feb 14:30 exit answered\n") {
		t.Errorf("want the reply of 4 Feb 14:30 to end the wait, got:\n%s", got)
	}
}

func TestTheSameCaseGivesTheSameTimeline(t *testing.T) {
	t.Parallel()
	first, _ := simulate(t, acme(t, "nudge"))
	for range 5 {
		again, _ := simulate(t, acme(t, "nudge"))
		if diff := cmp.Diff(first.Lines, again.Lines); diff != "" {
			t.Fatalf("it came out differently (-first +again):\n%s", diff)
		}
	}
}

func TestALongLoopContinuesAsNew(t *testing.T) {
	t.Parallel()
	run, got := simulate(t, acme(t, "watch")) // 600 wakes, and a run takes 500
	if !strings.HasSuffix(got, "outcome seen\n") {
		t.Errorf("it ended %v, doing %q, after %d lines: want 300 passes and the outcome seen", run.Ended, run.Doing, len(run.Lines))
	}
}

func TestItStopsWhereItIsTold(t *testing.T) {
	t.Parallel()
	c := acme(t, "nudge")
	c.Until = c.At.Add(24 * time.Hour)
	run, _ := simulate(t, c)
	if run.Ended || !run.Stands.Equal(c.Until) || run.Doing != "waits until Thu 5 Feb 09:00" {
		t.Errorf("ended %v, stands at %v, doing %q; want it waiting at %v", run.Ended, run.Stands, run.Doing, c.Until)
	}
}

func TestMistakesInACaseAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	c := acme(t, "nudge")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"accounts.csv": "id,name,arr\nacme,Acme,many\nglobex,Globex,5\n",
		"short.csv":    "id,name,arr\nacme,Acme\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for ref, want := range map[string]string{
		"accounts.csv#acme":  "/accounts.csv:2: arr: found \"many\", expected an amount of money",
		"accounts.csv#globx": "/accounts.csv has no account \"globx\" (did you mean \"globex\"?)",
		"short.csv#acme":     "/short.csv:2: 2 cells: expected 3 as in the header",
		"accounts.csv":       "expected a file and an account id, such as accounts.csv#acme",
		"none.csv#acme":      "/none.csv: no such file or directory",
	} {
		id, known, err := sim.ReadAccount(t.Context(), filepath.Join(dir, ref), c.At, c.Project.Rules)
		if err == nil {
			c.Account, c.Known = id, known
			_, err = sim.Simulate(t.Context(), c)
		}
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want it to end in %s", ref, err, want)
		}
	}
}

func TestATaskThatIsNotOpenCannotBeDone(t *testing.T) {
	t.Parallel()
	c := acme(t, "nudge")
	c.Events = events(t, c, `{"type":"track","event":"task.completed","groupId":"acme","messageId":"1","timestamp":"2026-02-04T13:30:00Z","properties":{"step":"call"}}`)
	_, err := sim.Simulate(t.Context(), c)
	if want := `events.jsonl:1: no task of a step "call" is open on 4 Feb 2026 13:30 UTC`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want it to end in %s", err, want)
	}
}
