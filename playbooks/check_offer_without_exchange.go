package playbooks

import (
	"regexp"

	"holdfast/internal/diag"
)

var offerWithoutExchange = Check{
	Check: diag.Check{
		Name: "offer-without-exchange", Severity: diag.Error,
		Summary: "An offer asks for nothing in exchange, or says in so many words that it does not.",
		Why:     "A concession is always tied to something: 20 % for two years, 15 % for a case study (S88). One that is free is the new price.",
	},
	Run: func(s Subject) {
		for _, w := range offers(s.Doc) {
			if x := w.node.Get("in_exchange"); hollow.MatchString(x.Text()) {
				s.warning(x.Span(), "say what they give, such as a term of two years", "this is offered for nothing in exchange")
			}
		}
	},
}

// hollow words take the place of an answer.
var hollow = regexp.MustCompile(`(?i)^\s*(nothing|none|no|n/?a|free|goodwill|tbd|todo|-+|\?+)\s*$`)
