package playbooks

import "holdfast/internal/diag"

var transactionalOffer = Check{
	Check: diag.Check{
		Name: "transactional-offer", Severity: diag.Warning,
		Summary: "A transactional playbook makes an offer.",
		Why:     "A transactional message goes to those too who opted out, since it is about something they did. With an offer in it, it is outreach that does not heed a no.",
	},
	Run: func(s Subject) {
		if s.Playbook.Class != Transactional {
			return
		}
		for _, w := range offers(s.Doc) {
			s.warn(w.node.Get("offer").Span(), "write class: outreach or service, or take the offer out", "a transactional playbook makes no offer")
		}
	},
}
