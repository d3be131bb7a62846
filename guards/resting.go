package guards

import "holdfast/internal/store"

// Resting keeps a playbook from an account that rests from it, from its lane or
// from all of them.
// A touch is dropped, not kept back: what it had to say will not be true months later.
var Resting = Guard{
	Name:    "resting",
	Summary: "The account rests, from this playbook, from its lane or from all; transactional messages still go.",
	Keys:    []string{"exit.rest"},
	Set:     "`rest:` of an end or an exit",
	Example: func(a *Ask) {
		a.Rests = []store.Rest{{Scope: "lane:win-back", Until: a.Now.AddDate(0, 6, 0), Reason: "declined"}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class == "transactional" {
			return Decision{}, nil
		}
		for _, r := range a.Rests {
			if !r.Binds(a.Playbook, a.Lane) {
				continue
			}
			if r.Until.IsZero() {
				return Decision{Kind: Drop, Reason: "resting", Detail: r.Scope + " rests for ever (" + r.Reason + ")"}, nil
			}
			if a.Now.Before(r.Until) {
				return Decision{Kind: Drop, Reason: "resting", Detail: r.Scope + " rests until " + r.Until.In(a.Zone).Format("2 Jan 2006") + " (" + r.Reason + ")"}, nil
			}
		}
		return Decision{}, nil
	},
}
