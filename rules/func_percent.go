package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcPercent = Function{
	Name:      "percent",
	Signature: "percent(n) -> percent",
	Summary:   "n percent. Beside a percentage a plain number is one too: discount <= 5.",
	Example: Example{
		Expr: `account.arr * percent(5)`, Fields: map[string]string{"account.arr": "1250.50"}, Result: "62.53",
	},
	overloads: []overload{
		{args: []*types.Type{types.IntType}, result: percentType, call: func(args []ref.Val) ref.Val { return percentOf(args[0]) }},
		{args: []*types.Type{types.DoubleType}, result: percentType, call: func(args []ref.Val) ref.Val { return percentOf(args[0]) }},
	},
}
