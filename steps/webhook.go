package steps

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Webhook is the spec of `webhook`: a call of a named endpoint.
type Webhook struct {
	Name    string
	Body    []Part
	Expires calendar.Span
	Span    diag.Span // of the name
}

// Part is one field of a webhook's body.
type Part struct {
	Name  string
	Value any         // JSON-shaped literal
	Expr  *rules.Expr // nil = Value
}

const webhookVerb = "webhook"

var webhook = Verb{
	Doc: Doc{
		Name:    webhookVerb,
		Summary: "Calls an endpoint that the project's settings name, signed, with account, playbook, enrollment and step beside the body given. It may arrive twice, each time with the same webhook-id, as the receiver expects of webhooks. A field whose value is unknown is left out.",
		Fields: []FieldDoc{
			{Name: "webhook", Type: "reference", Required: true, Summary: "The endpoint's name in holdfast.yaml.", Example: "crm"},
			{Name: "body", Type: "map", Summary: "Fields of the body: literals, or {cel: …}.", Example: "{stage: saved, at: {cel: now}}"},
			{Name: "body.*", Type: "literal", Summary: "A value, or {cel: an expression}."},
			{Name: "body.*.cel", Type: "cel", Required: true, Summary: "An expression.", Example: "account.arr"},
			{Name: "expires", Type: "duration", Default: "3d", Summary: "Too late to call when it could not be reached for this long; it is skipped then."},
		},
		Example: "id: tell_crm\nwebhook: crm\nbody: {stage: saved, arr: {cel: account.arr}}\n",
		Outcomes: []WordDoc{
			{Word: "sent", Says: "the endpoint took it"},
			{Word: "unconfirmed", Says: "whether it was taken was never learnt"},
		},
		Played: "The call is written to the outbox; nothing is called.",
	},
	Decode: decodeWebhook,
	run:    runWebhook,
}

func runWebhook(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Webhook)
	cmd, err := w.deliver(s, within(spec.Expires, w.in.Days))
	if err != nil || cmd.Kind != Deliver {
		return cmd, err
	}
	cmd.Values = map[string]any{}
	for _, part := range spec.Body {
		v := part.Value
		if part.Expr != nil {
			out, ok, err := part.Expr.Value(&w.facts)
			if err != nil {
				return Command{}, failed(s, part.Expr, err)
			}
			if !ok {
				w.say(s, "skip", "unset", part.Name+" is left out: "+part.Expr.Source()+" is unknown", time.Time{})
				continue
			}
			v = rules.Untyped(out)
		}
		cmd.Values[part.Name] = v
	}
	return cmd, nil
}

func decodeWebhook(d *Decoder) any {
	h := &Webhook{Name: d.text(webhookVerb), Expires: d.span("expires"), Span: d.place(webhookVerb)}
	if d.Node.Get("expires") == nil {
		h.Expires = calendar.Span{Days: 3, Text: "3d"}
	}
	body := d.Node.Get("body")
	if body != nil && body.Kind() != source.Map {
		d.Diags.Errorf(body.Span(), "bad-value", "write a map of fields", "body of %s is no map", d.what())
	}
	for _, p := range body.Pairs() {
		part := Part{Name: p.Key.Text()}
		if p.Value.Kind() == source.Map && p.Value.Get("cel") != nil {
			p.Value.Strict(d.Diags, part.Name, "cel")
			part.Expr = d.expr(p.Value.Get("cel"), rules.Any)
		} else {
			part.Value = p.Value.JSON()
		}
		h.Body = append(h.Body, part)
	}
	return h
}
