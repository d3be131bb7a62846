package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/rules"
)

var deadExit = Check{
	Check: diag.Check{
		Name: "dead-exit", Severity: diag.Warning,
		Summary: "An exit that is never taken: its condition is never true, or an exit above it takes the same event wherever it would.",
		Why:     "Exits are what keeps a playbook from going on against a customer's no. One that cannot fire looks like protection and is none, and its outcome and rest are never recorded.",
	},
	Run: func(s Subject) {
		nodes := s.Doc.Get("exit").Items()
		for i, x := range s.Playbook.Exits {
			if i >= len(nodes) {
				return
			}
			at := nodes[i].Span()
			if w := nodes[i].Get("when"); w != nil {
				at = w.Span()
			}
			if x.When.Never() {
				s.warn(at, "correct the condition, or delete the exit", "this exit is never taken: its condition is never true")
				continue
			}
			if first := shadowed(x, s.Playbook.Exits[:i]); first >= 0 {
				s.warn(at, "delete it, or move it up", "this exit is never taken: the one of line %d is, wherever it would be", nodes[first].Span().Line)
			}
		}
	},
}

// shadowed is the index of the exit among before that takes all that x would, or -1.
func shadowed(x Exit, before []Exit) int {
	var conds []*rules.Expr
	for i, b := range before {
		if b.On != x.On {
			continue
		}
		if b.When == nil && b.On != "" {
			return i
		}
		conds = append(conds, b.When)
		if x.When.Implied([]*rules.Expr{b.When}) || x.When.Implied(conds) {
			return i
		}
	}
	return -1
}
