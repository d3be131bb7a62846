package playbooks

import (
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

var endlessRestart = Check{
	Check: diag.Check{
		Name: "endless-restart", Severity: diag.Warning,
		Summary: "A playbook that starts when an enrollment ends, its own included, with nothing that limits how often.",
		Why:     "Its end is its next beginning: the account goes through it without pause, and every touch comes again.",
	},
	Run: func(s Subject) {
		p := s.Playbook
		if p.Enroll.AtMost > 0 || !p.Enroll.NotWithin.Zero() {
			return
		}
		own, _ := s.Rules.Compile(`event.playbook == "`+p.Name+`" && event.outcome in ["`+strings.Join(s.outcomes(), `", "`)+`"]`, nil, rules.Scope{Event: holdfast.EventEnrollmentEnded}, rules.Bool)
		nodes := triggerNodes(s.Doc.Get("trigger"))
		for i, t := range p.Triggers {
			if t.Kind != triggers.Event || t.On != holdfast.EventEnrollmentEnded || i >= len(nodes) || rules.Contradict(t.When, own) {
				continue
			}
			s.warn(or(nodes[i].Get("on"), nodes[i]).Span(), `add when: event.playbook == "another", or enroll: {not_within: 6mo}`,
				"this playbook starts again whenever it ends")
		}
	},
}

// outcomes that the playbook can end with, those of every playbook included.
func (s Subject) outcomes() []string {
	out := []string{"completed", "failed", "missed", "exited", "preempted"}
	for _, x := range s.Playbook.Exits {
		out = append(out, x.Outcome)
	}
	for _, st := range s.steps("end") {
		if e, ok := st.Spec.(*steps.End); ok {
			out = append(out, e.Outcome)
		}
	}
	return slices.DeleteFunc(out, func(o string) bool { return !words.MatchString(o) })
}

func or(n, otherwise *source.Node) *source.Node {
	if n == nil {
		return otherwise
	}
	return n
}
