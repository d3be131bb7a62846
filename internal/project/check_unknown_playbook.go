package project

import (
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/triggers"
)

var unknownPlaybook = check{
	Check: diag.Check{
		Name: "unknown-playbook", Severity: diag.Warning,
		Summary: "A trigger waits for the end of a playbook that is not there.",
		Why:     "A renamed playbook keeps nobody from waiting for its old name. The playbook that was to follow never starts.",
	},
	run: func(ld *loader, r reporter) {
		if ld.only != "" {
			return // the others were not compiled
		}
		known := ld.lib.names()
		for name := range ld.known {
			known = append(known, name)
		}
		for _, c := range ld.compiled {
			for _, t := range c.book.Triggers {
				if t.Kind != triggers.Event || t.On != holdfast.EventEnrollmentEnded {
					continue
				}
				for _, q := range t.When.Subjects() {
					for _, name := range q.Texts {
						if q.Name == "event.playbook" && !slices.Contains(known, name) {
							r.say(ld.said(c.doc, t, name), suggestion(name, known), "there is no playbook %q", name)
						}
					}
				}
			}
		}
	},
}

func suggestion(word string, known []string) string {
	if s := source.Suggest(word, known); s != "" {
		return `did you mean "` + s + `"?`
	}
	return "name a playbook of this project"
}

// said is where word stands in the condition of t.
func (ld *loader) said(doc *source.Node, t triggers.Trigger, word string) diag.Span {
	for _, w := range below(doc.Get("trigger"), "when") {
		if strings.Contains(w.Text(), word) {
			return within(w, word)
		}
	}
	return t.Span
}
