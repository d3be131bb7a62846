package rules

import "holdfast/internal/calendar"

var funcAddMonths = Function{
	Name:      "add_months",
	Signature: "date.add_months(n) -> date, timestamp.add_months(n) -> timestamp",
	Summary:   "The same day n months later, or the last day of a shorter month: 31 January and one month is the last day of February.",
	Example: Example{
		Expr:   `account.churned_at.add_months(1)`,
		Fields: map[string]string{"account.churned_at": "2026-01-31"}, Result: "2026-02-28",
	},
	facts:     true,
	zone:      true,
	overloads: shifted(calendar.AddMonths),
}
