package guards

import "holdfast/internal/store"

// Paused keeps outreach from people who asked for none for a while. What falls
// into the pause is skipped, not kept for its end: they asked for quiet, not for
// all of it at once afterwards.
var Paused = Guard{
	Name:    "paused",
	Summary: "The person paused outreach: what would go before the pause ends is skipped; service and transactional messages go.",
	Keys:    []string{"class"},
	Set:     "the event `contact.paused`, which the preference page makes; it binds playbooks of class outreach",
	Example: func(a *Ask) {
		a.Suppressions = []store.Suppression{{Contact: "dana", Kind: "paused", At: a.Now.AddDate(0, -1, 0), Until: a.Now.AddDate(0, 2, 0)}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class != "outreach" {
			return Decision{}, nil
		}
		for _, s := range a.Suppressions {
			if s.Kind == "paused" && !s.Ended(a.Now) {
				return Decision{Kind: Drop, Reason: "paused", Detail: "asked for no outreach before " + s.Until.Format("2 Jan 2006")}, nil
			}
		}
		return Decision{}, nil
	},
}
