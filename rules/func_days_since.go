package rules

var funcDaysSince = Function{
	Name:      "days_since",
	Signature: "days_since(date or timestamp) -> int",
	Summary:   "Whole local days up to today: 0 today, 1 when it was yesterday.",
	Clock:     true,
	Daily:     true,
	Example: Example{
		Expr: `days_since(account.churned_at) >= 90`, Now: "2026-04-01T09:00:00Z",
		Fields: map[string]string{"account.churned_at": "2026-01-01"}, Result: "true",
	},
	facts:     true,
	zone:      true,
	overloads: daysBetween(true, func(today, day dateVal) dateVal { return today - day }),
}
