package steps

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
)

// Email is the spec of `email`: one message to one person at the account.
type Email struct {
	Template  string        // templates/<Template>.md
	To        []string      // in order of preference: "contact" (the trigger's) or "contacts.<role>"
	From      string        // "owner" or "default"
	ReplyTo   string        // "" = the sender's; "owner" or an address
	Thread    string        // id of an earlier email step whose conversation it continues, or ""
	IfMissing string        // nobody to write to: "skip" or "task" (the owner finds someone)
	Expires   calendar.Span // not sent this long after it was due: skipped; zero = never
	Review    *Review       // a person of ours sees it first; nil = nobody
}

const emailVerb = "email"

var email = Verb{
	Doc: Doc{
		Name:    emailVerb,
		Summary: "Writes to one person at the account, from a template. Guardrails may move it to a later moment; it is never sent twice.",
		Fields: []FieldDoc{
			{Name: "email", Names: "template", Type: "literal", Required: true, Summary: "The template: its path below templates/, without .md.", Example: "win-back/what-changed"},
			{Name: "to", Type: "list", Default: "contact", Summary: "Whom to write to, in order of preference: contacts.<role>, or contact for the one the trigger is about.", Example: "[contacts.champion, contact]"},
			{Name: "from", Type: "enum(owner|default)", Default: "owner", Summary: "The owner of the account, or the project's sender."},
			{Name: "reply_to", Type: "literal", Summary: "Where replies go: owner or an address. Unset: to the sender. With inbound set in holdfast.yaml they reach Holdfast as well, so that email.replied happens; an address written here gets them alone."},
			{Name: "thread", Names: "step", Type: "reference", Summary: "An earlier email step: this message continues its conversation."},
			{Name: "if_missing", Type: "enum(skip|task)", Default: "skip", Summary: "When there is nobody to write to: skip with the reason, or give the owner a task."},
			{Name: "review", Type: "map", Summary: "A person of ours sees the draft first, and may edit or refuse it: a map of by and send_after.", Example: "{by: owner, send_after: 2bd}"},
			{Name: "review.by", Names: "person", Type: "reference", Default: "owner", Summary: "Who sees it: owner, owner.manager or account.<field>."},
			{Name: "review.send_after", Type: "duration", Summary: "Sent as drafted when nobody has answered for so long. Unset: it waits ten business days, and is skipped then."},
			{Name: "expires", Type: "duration", Summary: "Too late to send when it could not go for this long; it is skipped then.", Example: "14d"},
		},
		Example: "id: opening\nemail: win-back/what-changed\nto: [contacts.champion, contact]\nfrom: owner\nexpires: 14d\n",
		Outcomes: []WordDoc{
			{Word: "sent", Says: "it went, or was handed to the provider"},
			{Word: "unconfirmed", Says: "whether it went was never learnt; it is not sent again"},
		},
		Played: "It is written to the outbox at the moment at which it would go, rendered; nothing leaves. A review that no event answers lets the draft go as it is when its time is over.",
	},
	Decode: decodeEmail,
	run: func(w *walk, s *Step) (Command, error) {
		spec := s.Spec.(*Email)
		if spec.Review != nil {
			if cmd, sends := w.review(s, spec.Review); !sends {
				return cmd, nil
			}
		}
		return w.deliver(s, within(spec.Expires, w.in.Days))
	},
}

func decodeEmail(d *Decoder) any {
	e := &Email{
		Template:  d.text("email"),
		From:      d.oneOf("from", "owner", "default"),
		ReplyTo:   d.text("reply_to"),
		Thread:    d.text("thread"),
		IfMissing: d.oneOf("if_missing", "skip", "task"),
		Expires:   d.span("expires"),
	}
	d.template("email", e.Template)
	e.To = d.recipients()
	e.Review = d.review()
	if r := e.ReplyTo; r != "" && r != "owner" && !strings.Contains(r, "@") {
		d.Diags.Errorf(d.Node.Get("reply_to").Span(), "bad-value", "write owner or an address", "%q is no place to reply to", r)
	}
	if e.Thread != "" {
		d.earlier("thread", emailVerb)
	}
	return e
}

// recipients reads `to`: one reference or a list of them.
func (d *Decoder) recipients() []string {
	n := d.Node.Get("to")
	if n == nil {
		return []string{"contact"}
	}
	var to []string
	for _, item := range listOf(n) {
		role, ok := strings.CutPrefix(item.Text(), "contacts.")
		if item.Text() != "contact" && (!ok || !idPattern.MatchString(role)) {
			d.Diags.Errorf(item.Span(), "bad-recipient", "write contact, or contacts and a role: contacts.champion",
				"%q names nobody an email can go to", item.Text())
			continue
		}
		to = append(to, item.Text())
	}
	return to
}

// within is the limit that an `expires` sets, or nil.
func within(s calendar.Span, days calendar.Days) func(time.Time) time.Time {
	if s.Zero() {
		return nil
	}
	return func(since time.Time) time.Time { return s.Add(since, days) }
}
