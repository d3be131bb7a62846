package rules

import "github.com/google/cel-go/common/types"

var funcMin = Function{
	Name:      "min",
	Signature: "list.min() -> the type of its items",
	Summary:   "The least number, amount, date or time; unset when the list is empty.",
	Example:   Example{Expr: `[account.seats, 5, 3].min()`, Fields: map[string]string{"account.seats": "12"}, Result: "3"},
	overloads: extremes("min", types.IntNegOne),
}
