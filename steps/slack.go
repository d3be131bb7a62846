package steps

import (
	"strings"

	"holdfast/internal/calendar"
)

// Slack is the spec of `slack`: a note to our own people.
type Slack struct {
	To      string        // "#channel", "owner" or "owner.manager"
	Text    string        // Liquid
	Expires calendar.Span // as for Email
}

var slack = Verb{
	Doc: Doc{
		Name:    "slack",
		Summary: "Tells our own people something in Slack. Customers never see it, so send windows and caps do not bind it.",
		Fields: []FieldDoc{
			{Name: "slack", Type: "literal", Required: true, Summary: "A #channel (quoted), owner or owner.manager.", Example: `"#renewals"`},
			{Name: "text", Type: "liquid", Required: true, Summary: "What to say.", Example: `"{{ account.name }} renews on {{ account.renewal_date }}"`},
			{Name: "expires", Type: "duration", Summary: "Too late to say when it could not go for this long; it is skipped then."},
		},
		Example: "id: note\nslack: \"#renewals\"\ntext: \"{{ account.name }} renews soon\"\n",
		Outcomes: []WordDoc{
			{Word: "sent", Says: "it was posted"},
			{Word: "unconfirmed", Says: "whether it was posted was never learnt"},
		},
		Played: "The note is written to the outbox.",
	},
	Decode: decodeSlack,
	run: func(w *walk, s *Step) (Command, error) {
		return w.deliver(s, within(s.Spec.(*Slack).Expires, w.in.Days))
	},
}

func decodeSlack(d *Decoder) any {
	s := &Slack{To: d.text("slack"), Text: d.required("text"), Expires: d.span("expires")}
	switch {
	case s.To == "", s.To == "owner", s.To == "owner.manager":
	case !strings.HasPrefix(s.To, "#") || len(s.To) < 2:
		d.Diags.Errorf(d.Node.Get("slack").Span(), "bad-recipient", `write a channel in quotes ("#renewals"), owner or owner.manager`,
			"%q is no Slack channel and nobody of ours", s.To)
	}
	return s
}
