package project

import (
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/playbooks"
	"holdfast/steps"
)

var noUnsubscribeLink = check{
	Check: diag.Check{
		Name: "no-unsubscribe-link", Severity: diag.Warning,
		Summary: "Outreach goes through a real e-mail provider, and the project has no public_url at which recipients can unsubscribe.",
		Why:     "Mail of class outreach carries a link and the headers of one-click unsubscribe (RFC 8058), which the large mailboxes ask for. They lead to public_url, over https. Without it `holdfast server` does not start.",
	},
	run: func(ld *loader, r reporter) {
		way := ld.settings.Get("channels").Get("email")
		url := ld.settings.Get("public_url")
		if way == nil || way.Text() == "outbox" || strings.HasPrefix(ld.p.Settings.PublicURL, "https://") {
			return
		}
		i := slices.IndexFunc(ld.compiled, func(c compiled) bool { return c.book.Class == playbooks.Outreach && mails(c.book) })
		if i < 0 {
			return
		}
		at, hint := way.Span(), "add public_url: the https address at which customers reach holdfast server"
		if url != nil {
			at, hint = url.Span(), "begin it with https://"
		}
		r.say(at, hint, "playbook %s is outreach, and its mails would have no link to unsubscribe", ld.compiled[i].book.Name)
	},
}

// mails reports whether p sends e-mail.
func mails(p *playbooks.Playbook) bool {
	return slices.ContainsFunc(p.Program.Steps, func(s *steps.Step) bool { return s.Verb == "email" })
}
