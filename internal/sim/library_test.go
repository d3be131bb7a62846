package sim_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/playbooks"
)

// library is the cases of the shipped playbooks' timelines, by name: what the
// speed and the sameness of simulations are judged by.
func library(t testing.TB) map[string]sim.Case {
	t.Helper()
	const dir = "../../playbooks/library"
	p, found, err := project.Load(dir)
	if err != nil || len(found) > 0 {
		t.Fatalf("load the library: %v, %v", err, found)
	}
	p.Team = []project.Person{
		{ID: "mira", Name: "Mira Halloran", Email: "mira@ours.example", Slack: "U0MIRA", Timezone: "America/New_York"},
		{ID: "lea", Name: "Lea Brandt", Email: "lea@ours.example", Slack: "U0LEA", Timezone: "America/New_York", Role: "executive"},
	}
	files, err := filepath.Glob(dir + "/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	cases := map[string]sim.Case{}
	for _, file := range files {
		cases[strings.TrimSuffix(filepath.Base(file), ".txtar")] = libraryCase(t, p, file)
	}
	return cases
}

func libraryCase(t testing.TB, p *project.Project, file string) sim.Case {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head := map[string]string{}
	for line := range strings.Lines(string(a.Comment)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
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
	c := sim.Case{Project: p, Playbook: p.Playbooks[i], Trigger: head["trigger"], At: at, Tasks: sim.People(head["tasks"])}
	if c.Account, c.Known, err = sim.ReadAccount(t.Context(), filepath.Join(dir, "accounts.csv")+"#acme", at, p.Rules); err != nil {
		t.Fatal(err)
	}
	for name, into := range map[string]*[]sim.Message{"known.jsonl": &c.Known, "events.jsonl": &c.Events} {
		events, err := sim.ReadEvents(t.Context(), filepath.Join(dir, name), c.Account, time.Time{}, p.Rules)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		*into = append(*into, events...)
	}
	return c
}
