package rules

import "time"

var funcWeeks = Function{
	Name:      "weeks",
	Signature: "weeks(n) -> duration",
	Summary:   "n times seven days of 24 hours.",
	Example:   Example{Expr: `weeks(2) == days(14)`, Result: "true"},
	overloads: lengthOf(7 * 24 * time.Hour),
}
