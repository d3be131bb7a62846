package library_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// Each file of testdata is one account's whole way through a shipped playbook: who
// it is, what happens to it, and the dated timeline that the real workflow makes
// of that. UPDATE=1 rewrites the timelines; read them as the customer would.
func TestShippedPlaybooksKeepTheirTimelines(t *testing.T) {
	t.Parallel()
	p, found, err := project.Load(".")
	if err != nil || len(found) > 0 {
		t.Fatalf("load the library: %v, %v", err, found)
	}
	p.Team = []project.Person{
		{ID: "mira", Name: "Mira Halloran", Email: "mira@ours.example", Slack: "U0MIRA", Timezone: "America/New_York"},
		{ID: "lea", Name: "Lea Brandt", Email: "lea@ours.example", Slack: "U0LEA", Timezone: "America/New_York", Role: "executive"},
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := played(t, p, file, a)
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "timeline.txt" })
			if i < 0 {
				t.Fatalf("%s has no timeline.txt", file)
			}
			if os.Getenv("UPDATE") != "" && string(a.Files[i].Data) != got {
				a.Files[i].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil { // as the rest of the tree
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(strings.Split(string(a.Files[i].Data), "\n"), strings.Split(got, "\n")); d != "" {
				t.Errorf("the timeline has changed (-want +got):\n%s", d)
			}
		})
	}
}

// played runs a case: its head says which playbook, trigger and moment, and
// whether people do their tasks; its files are the account, its contacts, and
// what happens.
func played(t *testing.T, p *project.Project, file string, a *txtar.Archive) string {
	t.Helper()
	head := map[string]string{}
	for line := range strings.Lines(string(a.Comment)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			head[key] = value
		}
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at, err := intake.ParseTime(head["at"])
	if err != nil {
		t.Fatalf("%s: at %v", file, err)
	}
	i := slices.IndexFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Name == head["playbook"] })
	if i < 0 {
		t.Fatalf("%s: there is no playbook %q", file, head["playbook"])
	}
	c := sim.Case{Project: p, Playbook: p.Playbooks[i], Trigger: head["trigger"], At: at, Tasks: sim.People(head["tasks"]), ScanEvery: 24 * time.Hour}
	if c.Account, c.Known, err = sim.ReadAccount(t.Context(), filepath.Join(dir, "accounts.csv")+"#acme", at, p.Rules); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"known.jsonl", "events.jsonl"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		events, err := sim.ReadEvents(t.Context(), path, c.Account, time.Time{}, p.Rules)
		if err != nil {
			t.Fatal(err)
		}
		if name == "known.jsonl" {
			c.Known = append(c.Known, events...)
			continue
		}
		c.Events = events
	}
	run, err := sim.Simulate(t.Context(), c)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if !run.Ended {
		t.Errorf("%s: it has not ended on %s: %s", file, run.Stands, run.Doing)
	}
	return text(t, run)
}

// text is a timeline by the account's clock, with the days since its start.
func text(t *testing.T, run sim.Run) string {
	t.Helper()
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, l := range run.Lines {
		day := int(l.At.Sub(run.Lines[0].At).Hours() / 24)
		fmt.Fprintf(w, "day %d\t%s\t%s\t%s\t%s\n", day, l.At.In(run.Zone).Format("Mon 2 Jan 2006 15:04"), l.Kind, l.Path, words(l))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func words(l store.Line) string {
	said := []string{}
	if l.To != "" {
		said = append(said, "to "+l.To)
	}
	for _, part := range []string{l.Outcome, l.Reason} {
		if part != "" {
			said = append(said, part)
		}
	}
	return strings.Join(said, "; ")
}
