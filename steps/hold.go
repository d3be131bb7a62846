package steps

import (
	"holdfast/internal/calendar"
)

// Hold is the spec of `hold`.
type Hold struct {
	Reason string
	For    calendar.Span // zero: until it is released, or the enrollment ends
}

var hold = Verb{
	Doc: Doc{
		Name:    "hold",
		Summary: "Holds the account: until it ends, no automated touch of any playbook goes to the customer. Clocks and listening go on, and so does work inside the house. The enrollment's end releases what it holds.",
		Fields: []FieldDoc{
			{Name: "hold", Type: "enum(account)", Required: true, Summary: "What is held: the account.", Example: "account"},
			{Name: "reason", Type: "literal", Required: true, Summary: "Why, for those whose touches wait.", Example: "executive talks"},
			{Name: "for", Type: "duration", Summary: "How long; without it until a release, or the enrollment's end.", Example: "10d"},
		},
		Example: "id: freeze\nhold: account\nreason: executive talks\nfor: 10d\n",
		Outcomes: []WordDoc{
			{Word: "held", Says: "from now on"},
		},
		Played: "The played account is on hold, and touches wait for it.",
	},
	Decode: func(d *Decoder) any {
		d.oneOf("hold", "account")
		return &Hold{Reason: d.required("reason"), For: d.span("for")}
	},
	run: func(w *walk, s *Step) (Command, error) { return w.deliver(s, nil) },
}

// Release is the spec of `release`.
type Release struct{}

var release = Verb{
	Doc: Doc{
		Name:    "release",
		Summary: "Ends every hold that this enrollment has put on the account. Those of others stay.",
		Fields: []FieldDoc{
			{Name: "release", Type: "enum(account)", Required: true, Summary: "What is released: the account.", Example: "account"},
		},
		Example: "id: thaw\nrelease: account\n",
		Outcomes: []WordDoc{
			{Word: "released", Says: "also when nothing was held"},
		},
		Played: "The holds of the played enrollment end.",
	},
	Decode: func(d *Decoder) any {
		d.oneOf("release", "account")
		return &Release{}
	},
	run: func(w *walk, s *Step) (Command, error) { return w.deliver(s, nil) },
}
