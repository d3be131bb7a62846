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
		before := map[string][]starter{} // by event, those of the playbooks above
		for _, c := range ld.compiled {
			if !writes(c.book) {
				continue
			}
			var mine []starter
			for _, t := range c.book.Triggers {
				if t.Kind == triggers.Event {
					mine = append(mine, starter{c.book, t})
				}
			}
			said := map[*playbooks.Playbook]bool{}
			for _, b := range mine {
				for _, a := range before[b.t.On] {
					if !said[a.book] && together(a, b) {
						said[a.book] = true
						r.say(b.t.Span, "give both a lane: of one name, or a condition that keeps them apart",
							"playbook %q starts on this too, and both write to the customer", a.book.Name)
					}
				}
			}
			for _, b := range mine {
				before[b.t.On] = append(before[b.t.On], b)
			}
		}
	},
}

// starter is an event that starts a playbook.
type starter struct {
	book *playbooks.Playbook
	t    triggers.Trigger
}

// writes reports whether p sends outreach or service mail by itself.
func writes(p *playbooks.Playbook) bool {
	return p.Class != playbooks.Transactional && slices.ContainsFunc(p.Program.Steps, func(st *steps.Step) bool { return st.Verb == "email" })
}

// together reports whether both may start at one moment, each in a lane of its own.
func together(a, b starter) bool {
	if a.book.Lane != "" && a.book.Lane == b.book.Lane {
		return false
	}
	return !rules.Contradict(a.t.When, a.book.When, b.t.When, b.book.When)
}
