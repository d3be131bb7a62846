package playbooks

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/rules"
	"holdfast/steps"
)

var openEndedWait = Check{
	Check: diag.Check{
		Name: "open-ended-wait", Severity: diag.Warning,
		Summary: "A wait until a date that nothing says is set: neither the trigger nor a condition around the wait reads it.",
		Why:     "A wait for an unset date waits until somebody sets it, which may be never: the account is silently stuck and its lane taken.",
	},
	Run: func(s Subject) {
		for _, st := range s.steps("wait") {
			spec, ok := st.Spec.(*steps.Pause)
			if !ok || spec.Until == nil {
				continue
			}
			for _, f := range spec.Until.Reads().Account {
				if !slices.Contains([]string{"country", "timezone"}, f) && !s.known(st, f) {
					s.warn(s.place(st, "wait", "until"), "add has(account."+f+") to the trigger's when", "this waits for ever where account.%s is not set", f)
				}
			}
		}
	},
}

// known reports whether something before st depends on account field f: the
// triggers, each of them, or a condition around st.
func (s Subject) known(st *steps.Step, f string) bool {
	reads := func(es ...*rules.Expr) bool {
		return slices.ContainsFunc(es, func(e *rules.Expr) bool { return e != nil && slices.Contains(e.Reads().Account, f) })
	}
	if reads(s.Playbook.When, st.If) {
		return true
	}
	for _, h := range s.holders(st) {
		if reads(h.step.If, h.step.Blocks()[h.block].When) {
			return true
		}
	}
	for _, x := range s.Playbook.Exits { // an exit that watches the field lets go when it is not what it should be
		if x.On == "" && reads(x.When) && s.asks(x.When, f) {
			return true
		}
	}
	for _, t := range s.Playbook.Triggers {
		if !reads(t.When, t.At) && !slices.Contains(s.Rules.Sets(t.On), f) {
			return false
		}
	}
	return len(s.Playbook.Triggers) > 0
}

// asks reports whether e asks if field f is set.
func (s Subject) asks(e *rules.Expr, f string) bool {
	return slices.ContainsFunc(e.Subjects(), func(q rules.Subject) bool { return q.Name == "account."+f && q.Has })
}
