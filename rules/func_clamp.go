package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcClamp = Function{
	Name:      "clamp",
	Signature: "clamp(x, lo, hi) -> double",
	Summary:   "x, but at least lo and at most hi.",
	Example: Example{
		Expr: `clamp(account.nps, 0, 5)`, Fields: map[string]string{"account.nps": "9"}, Result: "5",
	},
	overloads: []overload{{
		args: []*types.Type{types.DoubleType, types.DoubleType, types.DoubleType}, result: types.DoubleType,
		call: func(args []ref.Val) ref.Val {
			x, ok := args[0].(types.Double)
			lo, okLo := args[1].(types.Double)
			hi, okHi := args[2].(types.Double)
			if !ok || !okLo || !okHi {
				return types.MaybeNoSuchOverloadErr(args[0])
			}
			return max(lo, min(x, hi))
		},
	}},
}
