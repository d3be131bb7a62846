package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

var funcMax = Function{
	Name:      "max",
	Signature: "list.max() -> the type of its items",
	Summary:   "The greatest number, amount, date or time; unset when the list is empty.",
	Example:   Example{Expr: `[account.seats, 5, 3].max()`, Fields: map[string]string{"account.seats": "12"}, Result: "12"},
	overloads: extremes("max", types.IntOne),
}

// extremes are the overloads that pick the item which compares to all others as sign says.
func extremes(name string, sign ref.Val) []overload {
	var out []overload
	none := unsetVal(name + "() of an empty list")
	for _, item := range []*types.Type{types.IntType, types.DoubleType, moneyType, percentType, dateType, types.TimestampType} {
		out = append(out, overload{
			member: true, args: []*types.Type{types.NewListType(item)}, result: item,
			call: func(args []ref.Val) ref.Val {
				var best ref.Val = none
				return each(args[0], func(v ref.Val) ref.Val {
					cmp, ok := v.(traits.Comparer)
					if !ok {
						return types.MaybeNoSuchOverloadErr(v)
					}
					if best == none || cmp.Compare(best) == sign {
						best = v
					}
					return best
				}, func() ref.Val { return best })
			},
		})
	}
	return out
}
