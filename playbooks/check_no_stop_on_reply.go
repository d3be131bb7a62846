package playbooks

import (
	"slices"

	"holdfast"
	"holdfast/internal/diag"
)

var noStopOnReply = Check{
	Check: diag.Check{
		Name: "no-stop-on-reply", Severity: diag.Warning,
		Summary: "A playbook of outreach sends e-mails and does not stop when somebody answers one.",
		Why:     "Who answered and gets the next automated mail knows that nobody read the answer. A no is respected, and a yes deserves a person (S122).",
	},
	Run: func(s Subject) {
		p := s.Playbook
		mails := s.steps("email")
		stops := slices.ContainsFunc(p.Exits, func(x Exit) bool { return x.On == holdfast.EventReplied })
		if p.Class != Outreach || len(mails) == 0 || stops {
			return
		}
		s.warn(mails[0].Span, "add to exit: {on: email.replied, outcome: responded}",
			"who answers this e-mail goes on getting the next ones")
	},
}
