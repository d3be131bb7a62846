package project

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

var overlap = check{
	Check: diag.Check{
		Name: "overlap", Severity: diag.Warning,
		Summary: "Two playbooks that write to customers start on the same event, without a lane that they share.",
		Why:     "One account has one conversation. Two playbooks that start together write in turns to the same person, each as if the other was not there; in one lane the stronger goes first.",
	},
	run: func(ld *loader, r reporter) {
		for i, b := range ld.compiled {
			for _, a := range ld.compiled[:i] {
				if !writes(a.book) || !writes(b.book) || a.book.Lane != "" && a.book.Lane == b.book.Lane {
					continue
				}
				if t, ok := together(a.book, b.book); ok {
					r.say(t.Span, "give both a lane: of one name, or a condition that keeps them apart",
						"playbook %q starts on this too, and both write to the customer", a.book.Name)
				}
			}
		}
	},
}

// writes reports whether p sends outreach or service mail by itself.
func writes(p *playbooks.Playbook) bool {
	return p.Class != playbooks.Transactional && slices.ContainsFunc(p.Program.Steps, func(st *steps.Step) bool { return st.Verb == "email" })
}

// together is the trigger of b that starts at one moment with one of a.
func together(a, b *playbooks.Playbook) (triggers.Trigger, bool) {
	for _, t := range b.Triggers {
		for _, o := range a.Triggers {
			if t.Kind == triggers.Event && o.Kind == triggers.Event && t.On == o.On && !rules.Contradict(t.When, b.When, o.When, a.When) {
				return t, true
			}
		}
	}
	return triggers.Trigger{}, false
}
