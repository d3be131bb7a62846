package guards

import "holdfast/internal/calendar"

// Holidays waits for the day after a public holiday or a closure of the project.
var Holidays = Guard{
	Name:    "public_holiday",
	Summary: "It is a public holiday in the account's country, or a closure of the project; the touch waits for the next day.",
	Keys:    []string{"guardrails.avoid"},
	Set:     "`public_holidays` in the list, `closed:` of holdfast.yaml, and the country of contact, account or project",
	Example: func(a *Ask) {
		a.Now = a.Now.AddDate(0, 4, -1)
	},
	Check: func(a Ask) (Decision, error) {
		if a.Internal || !a.avoids("public_holidays") {
			return Decision{}, nil
		}
		name := a.Days.Holiday(a.Now)
		if name == "" {
			return Decision{}, nil
		}
		next := calendar.StartOfDay(calendar.AddDays(a.Now, 1))
		return a.shift(next, "public_holiday", a.Now.Format("Mon 2 Jan 2006")+" is "+name), nil
	},
}
