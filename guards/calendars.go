package guards

import "holdfast/internal/calendar"

// Calendar is a declared calendar.
type Calendar = calendar.Named

// Calendars waits until the calendars that the playbook avoids have passed.
var Calendars = Guard{
	Name:    "calendar",
	Summary: "The moment lies in a calendar of the project that the playbook avoids, such as a season of the account's industry; the touch waits until that has passed, unless it is transactional.",
	Keys:    []string{"guardrails.avoid"},
	Set:     "a `calendar:` document, and its name in the list",
	Example: func(a *Ask) {
		a.Calendars = []Calendar{{Name: "trade_fairs", Closed: []calendar.Closed{{Name: "Hannover", From: a.Now.AddDate(0, 0, -1), To: a.Now.AddDate(0, 0, 2)}}}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || a.Class == "transactional" {
			return Decision{}, nil
		}
		for _, c := range a.Calendars {
			what, end := c.Covers(a.Now, a.Days, a.FiscalStart)
			if what == "" {
				continue
			}
			detail := a.Now.Format("Mon 2 Jan 2006") + " is " + what + " (calendar " + c.Name + ")"
			return a.shift(end, "calendar", detail), nil
		}
		return Decision{}, nil
	},
}
