package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/rules"
	"holdfast/triggers"
)

var openAnnouncement = Check{
	Check: diag.Check{
		Name: "open-announcement", Severity: diag.Warning,
		Summary: "A trigger on an event of all accounts whose conditions ask nothing of the account: every account starts.",
		Why:     "One release note would write to every customer there is, and to every former one. What the account is, or misses, is the reason to tell it.",
	},
	Run: func(s Subject) {
		nodes := triggerNodes(s.Doc.Get("trigger"))
		for i, t := range s.Playbook.Triggers {
			if i >= len(nodes) || t.Kind != triggers.Event || !s.Rules.OfAll(t.On) || asksOfAccount(t.When) || asksOfAccount(s.Playbook.When) {
				continue
			}
			s.warn(nodes[i].Get("on").Span(), "add when: with a condition on the account", "%s reaches all accounts, and trigger %q asks nothing of them: each of them starts", t.On, t.ID)
		}
	},
}

// asksOfAccount reports whether the answer of x can differ between accounts.
func asksOfAccount(x *rules.Expr) bool {
	if x == nil {
		return false
	}
	r := x.Reads()
	return len(r.Account)+len(r.Contact)+len(r.Metrics)+len(r.Objects) > 0
}
