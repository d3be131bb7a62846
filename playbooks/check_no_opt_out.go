package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/triggers"
)

var noOptOut = Check{
	Check: diag.Check{
		Name: "no-opt-out", Severity: diag.Warning,
		Summary: "A playbook of a class without an unsubscribe link sends what reads as outreach: a win-back, or mail that no act of the customer asked for.",
		Why:     "Only mail of class outreach carries the unsubscribe line and header (RFC 8058), and only it heeds an opt-out. A receipt may do without; a mail that starts by a condition of ours, or to somebody who left, may not: a no is a no (S122), and in most countries it is the law.",
	},
	Run: func(s Subject) {
		p := s.Playbook
		mails := s.steps("email")
		if len(mails) == 0 || p.Class == Outreach {
			return
		}
		class := s.Doc.Get("class")
		if p.Lane == winBackLane {
			s.warn(class.Span(), "write class: outreach", "its e-mails have no way to unsubscribe, and a win-back needs one")
			return
		}
		for _, t := range p.Triggers {
			if p.Class == Transactional && t.Kind == triggers.Condition {
				s.warn(class.Span(), "write class: outreach or service, or start it on an event", "its e-mails have no way to unsubscribe, and no act of the customer asked for them")
				return
			}
		}
	},
}
