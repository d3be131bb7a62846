package playbooks

import (
	"slices"

	"holdfast/internal/diag"
)

var offerWithoutSunset = Check{
	Check: diag.Check{
		Name: "offer-without-sunset", Severity: diag.Error,
		Summary: "A discount has no sunset; or another offer that costs as long as it lasts has none.",
		Why:     "A discount holds for the first year, and the standard price comes back in the second (S91). A pilot, a freeze or extra support without a date stays for ever, since nobody dares to take it away (S94, S95).",
	},
	Run: func(s Subject) {
		for _, w := range offers(s.Doc) {
			kind := w.node.Get("offer")
			if w.node.Get("sunset") == nil && slices.Contains([]string{"pilot", "freeze", "support"}, kind.Text()) {
				s.warning(kind.Span(), "add sunset: 90d", "nothing says when this %s ends", kind.Text())
			}
		}
	},
}
