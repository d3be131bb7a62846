package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcRatio = Function{
	Name:      "ratio",
	Signature: "ratio(a, b, if_zero) -> double",
	Summary:   "a divided by b, of numbers or of money, never cut to a whole number; if_zero when b is 0.",
	Example: Example{
		Expr: `ratio(account.nps, account.seats, 1)`, Fields: map[string]string{"account.nps": "9", "account.seats": "12"}, Result: "0.75",
	},
	overloads: []overload{
		{
			args: []*types.Type{types.DoubleType, types.DoubleType, types.DoubleType}, result: types.DoubleType,
			call: func(args []ref.Val) ref.Val {
				a, ok := args[0].(types.Double)
				b, okB := args[1].(types.Double)
				if !ok || !okB {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				if b == 0 {
					return args[2]
				}
				return a / b
			},
		},
		{
			args: []*types.Type{moneyType, moneyType, types.DoubleType}, result: types.DoubleType,
			call: func(args []ref.Val) ref.Val {
				a, ok := args[0].(moneyVal)
				b, okB := args[1].(moneyVal)
				if !ok || !okB {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				if b == 0 {
					return args[2]
				}
				return a.Divide(b)
			},
		},
	},
}
