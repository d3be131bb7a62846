package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/steps"
)

// Check is one thing that lint says about a playbook that would run: most are
// warnings. What cannot be read at all is said by the parts as they decode.
type Check struct {
	Name    string // of its findings, for ever; its file is check_<name>.go
	Summary string // one sentence for the reference
	Run     func(Subject)
}

// Subject is a playbook under check: it may be incomplete where it has errors,
// but its Program is never nil.
type Subject struct {
	Doc      *source.Node
	Playbook *Playbook
	Diags    *diag.List
}

// Checks in the order of the reference.
var Checks = []Check{
	unreachableStep,
	noStopOnReply,
	noGuardrails,
	tooManyTouches,
}

// warn adds the check's warning.
func (s Subject) warn(at diag.Span, check, hint, format string, args ...any) {
	s.Diags.Warnf(at, check, hint, format, args...)
}

// steps with the verb, in file order.
func (s Subject) steps(verb string) []*steps.Step {
	var found []*steps.Step
	for _, st := range s.Playbook.Program.Steps {
		if st.Verb == verb {
			found = append(found, st)
		}
	}
	return found
}
