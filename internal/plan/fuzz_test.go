package plan_test

import (
	"bytes"
	"testing"

	"holdfast/internal/plan"
	"holdfast/playbooks"
)

// Whatever two versions hold, their difference is words, and none from itself.
func FuzzBundles(f *testing.F) {
	f.Add(book, book)
	f.Add(book, "playbook: nudge\nsteps: [{id: a, wait: 1d}, {id: a, was: a}, 5, [x]]\n")
	f.Add("steps: {steps: [{steps: [{id: x}]}]}", "exit: [{on: a}, {on: a}]\nsteps: []\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, now := bundle(a), bundle(b)
		if got := plan.Bundles(old, old); len(got) > 0 {
			t.Errorf("of itself: %v", got)
		}
		p := plan.Plan{Playbooks: []plan.Playbook{{Name: "nudge", Op: plan.Changed, Changes: plan.Bundles(old, now)}}, Live: plan.Live(old.Docs, now.Docs)}
		var out bytes.Buffer
		if err := p.Print(&out, true); err != nil {
			t.Error(err)
		}
	})
}

func bundle(text string) playbooks.Bundle {
	return playbooks.Bundle{
		Playbook: "nudge", Docs: map[string]string{"playbook": text, "score:health": text, "rules.yaml": text},
		Files: map[string]string{"templates/a.md": text},
	}
}
