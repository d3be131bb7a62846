package playbooks

import "holdfast/internal/diag"

var offerExchange = Check{
	Check: diag.Check{
		Name: "offer-exchange", Severity: diag.Warning,
		Summary: "An offer asks for nothing in exchange.",
		Why:     "A concession is always tied to something: 20 % for two years, 15 % for a case study (S88). One that is free is the new price.",
	},
	Run: func(s Subject) {
		for _, w := range offers(s.Doc) {
			if x := w.node.Get("in_exchange"); x == nil || x.Text() == "" && x.Items() == nil && x.Pairs() == nil {
				s.warn(w.node.Get("offer").Span(), "add in_exchange: and what they give, such as a term of two years", "this is offered for nothing in exchange")
			}
		}
	},
}
