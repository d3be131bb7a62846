package playbooks

import (
	"slices"

	"holdfast"
)

var noStopOnReply = Check{
	Name:    "no-stop-on-reply",
	Summary: "A playbook of outreach sends e-mails and does not stop when somebody answers one.",
	Run: func(s Subject) {
		p := s.Playbook
		mails := s.steps("email")
		stops := slices.ContainsFunc(p.Exits, func(x Exit) bool { return x.On == holdfast.EventReplied })
		if p.Class != Outreach || len(mails) == 0 || stops {
			return
		}
		s.warn(mails[0].Span, "no-stop-on-reply", "add to exit: {on: email.replied, outcome: responded}",
			"who answers this e-mail goes on getting the next ones")
	},
}
