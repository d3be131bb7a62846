package project

import (
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

var unsentEvent = check{
	Check: diag.Check{
		Name: "unsent-event", Severity: diag.Warning,
		Summary: "A trigger, exit, goal or wait names an event of ours that nothing in the project can bring about.",
		Why:     "An answer needs an e-mail, a done task needs a task. Where no playbook makes one, the event never comes, and what hangs on it never happens.",
	},
	run: func(ld *loader, r reporter) {
		made := ld.made()
		for _, c := range ld.compiled {
			for _, n := range slices.Concat(below(c.doc, "on"), heard(c.doc.Get("steps"))) {
				if what, ours := needs[n.Text()]; ours && !made[what] {
					r.say(n.Span(), "add a step with "+what+", or take this away", "nothing here makes %s happen: no playbook has a step with %s", n.Text(), what)
				}
			}
		}
	},
}

// needs is the verb that an event of ours comes of. Meetings are booked and
// enrollments end by themselves.
var needs = map[string]string{
	holdfast.EventReplied: "email", holdfast.EventBounced: "email", holdfast.EventAutoReplied: "email", holdfast.EventDelivered: "email",
	holdfast.EventOpened: "email", holdfast.EventClicked: "email", holdfast.EventComplained: "email",
	holdfast.EventOptedOut: "email", holdfast.EventPaused: "email", holdfast.EventOptedIn: "email",
	holdfast.EventTaskDone: "task", holdfast.EventTaskCannot: "task", holdfast.EventTaskExpired: "task",
}

// made are the verbs in use. A verb of several parts may make tasks, so may an
// e-mail without anybody to go to.
func (ld *loader) made() map[string]bool {
	made := map[string]bool{}
	for _, c := range ld.compiled {
		for _, st := range c.book.Program.Steps {
			made[st.Verb] = true
			if !slices.Contains(plainVerbs, st.Verb) || strings.Contains(c.doc.Document(), "if_missing: task") {
				made["task"] = true
			}
		}
	}
	return made
}

// heard are the events of every wait_for below n.
func heard(n *source.Node) []*source.Node {
	var out []*source.Node
	for _, it := range n.Items() {
		out = append(out, heard(it)...)
	}
	for _, p := range n.Pairs() {
		if p.Key.Text() != "wait_for" {
			out = append(out, heard(p.Value)...)
			continue
		}
		v := p.Value
		if v.Kind() == source.Map {
			v = v.Get("any")
		}
		out = append(out, v.Items()...)
		if v.Kind() == source.Scalar {
			out = append(out, v)
		}
	}
	return out
}
