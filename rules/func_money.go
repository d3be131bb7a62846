package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcMoney = Function{
	Name:      "money",
	Signature: "money(n) -> money",
	Summary:   "n in major units of the project's currency. Beside money a plain number is money too: account.arr >= 50000.",
	Example: Example{
		Expr: `account.arr + money(99.50)`, Fields: map[string]string{"account.arr": "1000"}, Result: "1099.50",
	},
	overloads: []overload{
		{args: []*types.Type{types.IntType}, result: moneyType, call: func(args []ref.Val) ref.Val { return moneyOf(args[0]) }},
		{args: []*types.Type{types.DoubleType}, result: moneyType, call: func(args []ref.Val) ref.Val { return moneyOf(args[0]) }},
	},
}
