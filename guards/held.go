package guards

import (
	"time"

	"holdfast/internal/store"
)

// Held keeps automated touches back while somebody holds the account. The
// longest hold counts: when its end is known the touch waits for that, otherwise
// for the row that releases it. Human work that reaches the customer waits too,
// unless it is of the enrollment that holds the account for it.
var Held = Guard{
	Name:    "held",
	Summary: "The account is on hold: no automated touch of any playbook goes to the customer until the hold ends; work inside the house goes on.",
	Set:     "the steps `hold` and `release`, an escalation, `holdfast hold ACCOUNT` and `holdfast release ACCOUNT`",
	Example: func(a *Ask) {
		a.Holds = []store.Hold{{ID: "h", By: "Mira", Reason: "executive talks", Since: a.Now.AddDate(0, 0, -1), Until: a.Now.AddDate(0, 0, 6)}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal {
			return Decision{}, nil
		}
		longest, held := a.hold()
		if !held {
			return Decision{}, nil
		}
		detail := "held by " + longest.By
		if longest.Reason != "" {
			detail += " (" + longest.Reason + ")"
		}
		if longest.Until.IsZero() {
			return Decision{Kind: Park, Reason: "held", Detail: detail + " until it is released"}, nil
		}
		until := longest.Until.In(a.Zone)
		return Decision{Kind: At, At: until, Reason: "held", Detail: detail + " until " + until.Format("Mon 2 Jan 2006 15:04")}, nil
	},
}

// hold is the longest that binds a at its moment.
func (a Ask) hold() (longest store.Hold, held bool) {
	for _, h := range a.Holds {
		if h.Ended(a.Now) || (a.Human && h.Enrollment != "" && h.Enrollment == a.Enrollment) {
			continue
		}
		if !held || later(h.Until, longest.Until) {
			longest, held = h, true
		}
	}
	return longest, held
}

// later compares ends, of which the zero time is the last.
func later(a, b time.Time) bool { return !b.IsZero() && (a.IsZero() || a.After(b)) }
