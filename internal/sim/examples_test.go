package sim_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/steps"
	"holdfast/triggers"
)

// The examples of the reference are played: each verb's and each trigger's, for
// an account of the shipped rules, to their end. Its project has no sender, which
// no mail may need.
func TestTheExamplesOfTheReferencePlay(t *testing.T) {
	t.Parallel()
	const last = "  - {id: last_of_all, end: shown}\n"
	for _, v := range steps.All {
		t.Run(v.Doc.Name, func(t *testing.T) {
			t.Parallel()
			step := "  - " + strings.ReplaceAll(strings.TrimSpace(v.Doc.Example), "\n", "\n    ") + "\n"
			if v.Doc.Name == "end" {
				shown(t, "trigger: {when: account.arr > 5}\nsteps:\n"+step)
				return
			}
			shown(t, "trigger: {when: account.arr > 5}\nsteps:\n"+step+last)
		})
	}
	for _, k := range triggers.All {
		t.Run(k.Doc.Name, func(t *testing.T) {
			t.Parallel()
			run := shown(t, strings.TrimSpace(k.Doc.Example)+"\nsteps:\n"+last)
			if run.Lines[0].Kind != "enroll" || !strings.Contains(run.Lines[0].Reason, k.Doc.Name) {
				t.Errorf("the first line does not say that the %s started it: %+v", k.Doc.Name, run.Lines[0])
			}
		})
	}
}

var template = regexp.MustCompile(`\b(?:email|brief): ([\w/-]+)`)

// shown plays a playbook of one example, and fails when it does not end well.
func shown(t *testing.T, text string) sim.Run {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"holdfast.yaml":       "project: shown\nrules: library\nlibrary: [post-save]\nwebhooks: {crm: https://crm.example.com/hooks}\n",
		"team.yaml":           "team:\n  - {id: sam, name: Sam, email: sam@shown.example, role: csm, manager: lea}\n  - {id: lea, name: Lea, email: lea@shown.example, role: manager, manager: kim}\n  - {id: kim, name: Kim, email: kim@shown.example, role: director}\n",
		"accounts.csv":        "id,name,status,owner,arr,renewal_date,executive_sponsor\nacme,Acme,active,sam,50000,2026-09-01,kim\n",
		"contacts.csv":        "id,account,email,first_name,role\ndana,acme,dana@acme.example,Dana,champion\n",
		"playbooks/book.yaml": "playbook: shown\nclass: service\nholdout: off\n" + text,
	}
	for _, m := range template.FindAllStringSubmatch(text, -1) {
		files["templates/"+m[1]+".md"] = "---\nsubject: Hello\n---\nHello {{ account.name }}\n"
	}
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, found, err := project.Load(dir)
	if err != nil || diag.Failed(found) {
		t.Fatal(err, found)
	}
	id, known, err := sim.ReadAccount(t.Context(), filepath.Join(dir, "accounts.csv")+"#acme", tuesday, p.Rules)
	if err != nil {
		t.Fatal(err)
	}
	run, timeline := simulate(t, sim.Case{Project: p, Playbook: p.Playbook("shown"), Account: id, Known: known, At: tuesday, Tasks: sim.Done})
	for _, l := range run.Lines {
		if l.Kind == "error" {
			t.Errorf("%s: %s", l.Path, l.Reason)
		}
	}
	if !run.Ended {
		t.Errorf("it does not end:\n%s", timeline)
	}
	return run
}
