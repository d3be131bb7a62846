package rules

import "time"

var funcHours = Function{
	Name:      "hours",
	Signature: "hours(n) -> duration",
	Summary:   "n hours.",
	Example: Example{
		Expr: `now - account.started > hours(72)`, Now: "2026-03-15T09:00:00Z",
		Fields: map[string]string{"account.started": "2026-03-13T09:00:00Z"}, Result: "false",
	},
	overloads: lengthOf(time.Hour),
}
