package rules

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcDate = Function{
	Name:      "date",
	Signature: `date("2026-03-01") -> date, date(timestamp) -> date`,
	Summary:   "The day that is written, or the local day of a moment.",
	Example: Example{
		Expr: `date(account.started)`, Fields: map[string]string{"account.started": "2026-03-01T23:30:00Z", "account.timezone": "Europe/Berlin"},
		Result: "2026-03-02",
	},
	facts:   true,
	zone:    true,
	literal: badDate,
	overloads: []overload{
		{
			args: []*types.Type{types.StringType}, result: dateType,
			with: func(_ *evaluation, args []ref.Val) ref.Val {
				d, err := Typed(Date, args[0].Value())
				if err != nil {
					return types.NewErr("%s", err)
				}
				return celValue(Date, d)
			},
		},
		{
			args: []*types.Type{types.TimestampType}, result: dateType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				t, ok := args[0].(types.Timestamp)
				if !ok {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				return dateOf(t.In(ev.zone()))
			},
		},
	},
}

// badDate says what is wrong with a literal day.
func badDate(text string) string {
	if _, err := Typed(Date, text); err != nil {
		return fmt.Sprintf("%q is not %s", text, Date.words())
	}
	return ""
}
