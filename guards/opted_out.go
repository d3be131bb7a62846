package guards

import "holdfast/internal/store"

// OptedOut keeps outreach from people who said no.
var OptedOut = Guard{
	Name:    "opted_out",
	Summary: "The person opted out: no outreach reaches them; service and transactional messages do.",
	Keys:    []string{"class"},
	Set:     "the event `contact.opted_out`, which one click in a mail and the preference page make; it binds playbooks of class outreach",
	Example: func(a *Ask) {
		a.Suppressions = []store.Suppression{{Contact: "dana", Kind: "opted_out", At: a.Now.AddDate(0, -1, 0)}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class != "outreach" {
			return Decision{}, nil
		}
		for _, s := range a.Suppressions {
			if s.Kind == "opted_out" {
				return Decision{Kind: Drop, Reason: "opted_out", Detail: "opted out on " + s.At.Format("2 Jan 2006")}, nil
			}
		}
		return Decision{}, nil
	},
}
