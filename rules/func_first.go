package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

var funcFirst = Function{
	Name:      "first",
	Signature: "list.first(n) -> list",
	Summary:   "At most the first n items; all of a shorter list.",
	Example: Example{
		Expr: `account.topics.first(2)`, Fields: map[string]string{"account.topics": "sso; audit log; api"}, Result: "[sso audit log]",
	},
	overloads: []overload{{
		member: true, args: []*types.Type{types.NewListType(types.NewTypeParamType("T")), types.IntType},
		result: types.NewListType(types.NewTypeParamType("T")),
		call: func(args []ref.Val) ref.Val {
			l, ok := args[0].(traits.Lister)
			n, isInt := args[1].(types.Int)
			if !ok || !isInt {
				return types.MaybeNoSuchOverloadErr(args[0])
			}
			var items []ref.Val
			for it := l.Iterator(); it.HasNext() == types.True && types.Int(len(items)) < n; {
				items = append(items, it.Next())
			}
			return types.NewRefValList(adapter{}, items)
		},
	}},
}
