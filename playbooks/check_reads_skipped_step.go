package playbooks

import (
	"strings"

	"holdfast/internal/diag"
	"holdfast/rules"
	"holdfast/steps"
)

var readsSkippedStep = Check{
	Check: diag.Check{
		Name: "reads-skipped-step", Severity: diag.Warning,
		Summary: "A condition reads a step that was not done whenever it is asked, or asks what a step that may be skipped is not.",
		Why:     "What a skipped step would have said is unknown, and an unknown is neither true nor false: call.interest != \"no\" does not hold when nobody was called. The step behind the condition is then skipped too.",
	},
	Run: func(s Subject) {
		for _, c := range s.conditions() {
			for _, q := range c.expr.Subjects() {
				root, _, _ := strings.Cut(q.Name, ".")
				read := s.Playbook.Program.ByID[root]
				if read == nil || q.Opaque || read == c.step {
					continue
				}
				s.skipped(c, read, q)
			}
		}
	},
}

func (s Subject) skipped(c condition, read *steps.Step, q rules.Subject) {
	around := map[string]int{} // the arms that c stands in
	for _, h := range s.holders(c.step) {
		around[h.step.ID] = h.block
	}
	if c.arm >= 0 {
		around[c.step.ID] = c.arm
	}
	maybe := read.If != nil && (c.step.If == nil || c.step.If.Source() != read.If.Source())
	for _, h := range s.holders(read) {
		in, same := around[h.step.ID]
		switch {
		case same && in != h.block && h.step.Verb == "branch":
			s.warn(c.node.Span(), "read a step of this arm, or one before the branch", "%q is never done where this is asked: it stands in another arm of %q", read.ID, h.step.ID)
			return
		case !same && h.step != c.step: // until reads the pass before
			maybe = true
		}
	}
	if maybe && q.Denied && !q.Has {
		s.warn(c.node.Span(), "write !has("+q.Name+") || … too, or ask for what it is", "where %q was skipped, %s is unknown and this does not hold", read.ID, q.Name)
	}
}
