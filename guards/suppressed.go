package guards

import "holdfast/internal/store"

// Suppressed drops touches to people who must never be written to. Its reason
// is the kind of suppression: bounced, complained or erased.
var Suppressed = Guard{
	Name:    "suppressed",
	Summary: "The person's mail bounced, they complained, or their data was erased: no playbook of any class reaches them.",
	Set:     "what the provider or the person says: `email.bounced`, a complaint, an erasure",
	Example: func(a *Ask) {
		a.Suppressions = []store.Suppression{{Contact: "dana", Kind: "bounced", At: a.Now.AddDate(0, -1, 0)}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal {
			return Decision{}, nil
		}
		for _, s := range a.Suppressions {
			switch s.Kind {
			case "bounced", "complained", "erased":
				return Decision{Kind: Drop, Reason: s.Kind, Detail: "suppressed as " + s.Kind + " since " + s.At.Format("2 Jan 2006")}, nil
			}
		}
		return Decision{}, nil
	},
}
