package playbooks

import "holdfast/internal/diag"

var offerSunset = Check{
	Check: diag.Check{
		Name: "offer-sunset", Severity: diag.Warning,
		Summary: "An offer has no sunset.",
		Why:     "A discount holds for the first year, and the standard price comes back in the second (S91). Without a date it stays for ever, since nobody dares to take it away.",
	},
	Run: func(s Subject) {
		for _, w := range offers(s.Doc) {
			if w.node.Get("sunset") == nil {
				s.warn(w.node.Get("offer").Span(), "add sunset: 12mo", "nothing says when this offer ends")
			}
		}
	},
}
