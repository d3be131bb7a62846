package steps

import (
	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// End is the spec of `end`.
type End struct {
	Outcome string
	RestFor string // a span as written, "forever", or ""
	Scope   string // account, lane, playbook, or "": the lane or, without one, the playbook
	Unless  string // CEL that lifts the rest, or ""
}

var end = Verb{
	Doc: Doc{
		Name:    "end",
		Summary: "Ends the enrollment here. A playbook that runs off its last step ends with outcome completed.",
		Fields: []FieldDoc{
			{Name: "end", Type: "literal", Required: true, Summary: "The outcome, as reports will call it.", Example: "no_response"},
			{Name: "rest", Type: "duration", Summary: "How long this lane leaves the account alone: a span, forever, or a map of for, scope and unless.", Example: "6mo"},
			{Name: "rest.for", Type: "duration", Summary: "The span, or forever."},
			{Name: "rest.scope", Type: "enum(lane|account|playbook)", Summary: "What the rest binds: this lane (or this playbook, when it has none), the whole account, or this playbook alone.", Default: "lane"},
			{Name: "rest.unless", Type: "cel", Summary: "What lifts the rest early.", Example: `account.status == "trial"`},
		},
		Example: "id: close\nend: no_response\nrest: 6mo\n",
		Played:  "The timeline ends here, with the outcome.",
	},
	Decode: decodeEnd,
	run: func(w *walk, s *Step) (Command, error) {
		spec := s.Spec.(*End)
		w.finish(Command{Step: s, Path: w.path(s), Outcome: spec.Outcome, RestFor: spec.RestFor, Scope: spec.Scope, Unless: spec.Unless})
		return Command{}, nil
	},
}

func decodeEnd(d *Decoder) any {
	e := &End{Outcome: d.text("end")}
	if e.Outcome != "" {
		d.named(d.Node.Get("end"), "outcome")
	}
	rest := d.Node.Get("rest")
	length := rest
	if rest.Kind() == source.Map {
		rest.Strict(d.Diags, "rest", "for", "scope", "unless")
		if scope := rest.Get("scope"); scope != nil {
			e.Scope = choice(d, scope, "lane", "account", "playbook")
		}
		length = rest.Get("for")
		if length == nil {
			d.Diags.Errorf(rest.Span(), "missing-key", "say how long, or forever", "rest has no `for`")
		}
		if d.condition(rest.Get("unless")) != nil {
			e.Unless = rest.Get("unless").Text()
		}
	}
	if length == nil {
		return e
	}
	e.RestFor = length.Text()
	if _, err := calendar.ParseSpan(e.RestFor); err != nil && e.RestFor != "forever" {
		d.Diags.Errorf(length.Span(), "bad-duration", "write a span such as 6mo, or forever", "%v", err)
	}
	return e
}
