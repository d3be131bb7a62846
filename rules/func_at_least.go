package rules

import (
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// One flag may be noise, several together are a risk (S14).
var funcAtLeast = Function{
	Name:      "at_least",
	Signature: "at_least(n, condition, condition, ...) -> bool",
	Summary:   "Whether n or more of up to 12 conditions hold. One that is unknown counts as neither: it leaves the answer unknown only when it could decide it.",
	Example: Example{
		Expr:   `at_least(2, account.seats < 10, account.nps < 3, account.arr < 5000)`,
		Fields: map[string]string{"account.seats": "9", "account.arr": "1200"}, Result: "true",
	},
	sees:      true,
	overloads: atLeast(2, 12),
}

// atLeast is an overload for each number of conditions.
func atLeast(fewest, most int) (all []overload) {
	for n := fewest; n <= most; n++ {
		args := []*types.Type{types.IntType}
		for range n {
			args = append(args, types.BoolType)
		}
		all = append(all, overload{args: args, result: types.BoolType, call: enough})
	}
	return all
}

func enough(args []ref.Val) ref.Val {
	want, ok := args[0].(types.Int)
	if !ok {
		return args[0]
	}
	held, may := types.Int(0), types.Int(0)
	var unset *types.Unknown
	for _, a := range args[1:] {
		switch a := a.(type) {
		case types.Bool:
			if a {
				held++
			}
		case *types.Unknown:
			unset = types.MergeUnknowns(unset, a)
			may++
		default:
			return types.MaybeNoSuchOverloadErr(a)
		}
	}
	if held >= want || held+may < want {
		return types.Bool(held >= want)
	}
	return unset
}

// checkAtLeast holds a literal number to how many conditions there are.
func (c *compiler) checkAtLeast(f *Function, e ast.Expr) {
	args := e.AsCall().Args()
	if f.Name != funcAtLeast.Name || len(args) < 2 {
		return
	}
	if n, literal := intLiteral(args[0]); literal && (n < 1 || n >= int64(len(args))) {
		c.report(c.extent(args[0]), "bad-value", "count the conditions behind it", "%d of %d conditions: expected a number from 1 to %d", n, len(args)-1, len(args)-1)
	}
}
