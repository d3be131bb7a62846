package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

var funcSum = Function{
	Name:      "sum",
	Signature: "list.sum() -> the type of its items",
	Summary:   "The sum of numbers or of money; 0 of an empty list. Sums of money are exact.",
	Example: Example{
		Expr:   `[money(0.10), money(0.20), account.arr].sum()`,
		Fields: map[string]string{"account.arr": "99.70"}, Result: "100",
	},
	overloads: []overload{
		sumOf(moneyType, moneyVal(0)),
		sumOf(types.IntType, types.IntZero),
		sumOf(types.DoubleType, types.Double(0)),
	},
}

func sumOf(item *types.Type, zero ref.Val) overload {
	return overload{
		member: true, args: []*types.Type{types.NewListType(item)}, result: item,
		call: func(args []ref.Val) ref.Val {
			total := zero
			return each(args[0], func(v ref.Val) ref.Val {
				sum, ok := total.(traits.Adder)
				if !ok {
					return types.MaybeNoSuchOverloadErr(total)
				}
				total = sum.Add(v)
				return total
			}, func() ref.Val { return total })
		},
	}
}

// each walks a list until step gives an error or an unknown, which is then the
// result; otherwise it is what end says.
func each(list ref.Val, step func(ref.Val) ref.Val, end func() ref.Val) ref.Val {
	l, ok := list.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(list)
	}
	for it := l.Iterator(); it.HasNext() == types.True; {
		v := it.Next()
		if types.IsUnknownOrError(v) {
			return v
		}
		if r := step(v); types.IsUnknownOrError(r) {
			return r
		}
	}
	return end()
}
