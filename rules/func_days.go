package rules

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcDays = Function{
	Name:      "days",
	Signature: "days(n) -> duration",
	Summary:   "n times 24 hours.",
	Example: Example{
		Expr: `now - account.started > days(30)`, Now: "2026-03-15T09:00:00Z",
		Fields: map[string]string{"account.started": "2026-02-01T09:00:00Z"}, Result: "true",
	},
	overloads: lengthOf(24 * time.Hour),
}

// lengthOf is a function of a whole number of units.
func lengthOf(unit time.Duration) []overload {
	return []overload{{
		args: []*types.Type{types.IntType}, result: types.DurationType,
		call: func(args []ref.Val) ref.Val {
			n, ok := args[0].(types.Int)
			if !ok {
				return types.MaybeNoSuchOverloadErr(args[0])
			}
			const most = 100 * 366 * 24 * time.Hour
			if n > types.Int(most/unit) || n < -types.Int(most/unit) {
				return types.NewErr("a duration is longer than 100 years")
			}
			return types.Duration{Duration: time.Duration(n) * unit}
		},
	}}
}
