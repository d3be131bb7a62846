package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/rules"
)

var deadBranch = Check{
	Check: diag.Check{
		Name: "dead-branch", Severity: diag.Warning,
		Summary: "An arm of a branch, or a step with `if`, that is never taken: its condition is never true, or an arm above is taken wherever it holds.",
		Why:     "Arms are tried from the top and the first that holds is taken. An arm that cannot be taken is a promise the playbook does not keep: mostly the order is wrong, or a bound is.",
	},
	Run: func(s Subject) {
		var last string
		var before []*rules.Expr
		for _, c := range s.conditions() {
			if c.arm <= 0 || c.step.ID != last {
				last, before = c.step.ID, nil
			}
			switch {
			case c.expr.Never() && c.arm >= 0:
				s.warn(c.node.Span(), "correct the condition, or delete the arm", "this arm is never taken: its condition is never true")
			case c.expr.Never() && c.step.If == c.expr:
				s.warn(c.node.Span(), "correct the condition, or delete the step", "step %q is never done: its condition is never true", c.step.ID)
			case c.arm > 0 && c.expr.Implied(before):
				s.warn(c.node.Span(), "move it up, or delete it", "this arm is never taken: wherever its condition holds, an arm above it is taken")
			}
			if c.arm >= 0 {
				before = append(before, c.expr)
			}
		}
		s.deadElse()
	},
}

// deadElse finds else arms behind arms that leave nothing over.
func (s Subject) deadElse() {
	for _, st := range s.steps("branch") {
		var before []*rules.Expr
		for _, arm := range st.Blocks() {
			if arm.When == nil && arm.Label == "else" && rules.Covered(before) {
				s.warn(arm.Span, "delete it", "else is never taken: one of the arms above always is")
			}
			before = append(before, arm.When)
		}
	}
}
