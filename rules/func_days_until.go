package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcDaysUntil = Function{
	Name:      "days_until",
	Signature: "days_until(date or timestamp) -> int",
	Summary:   "Whole local days from today: 0 today, 1 tomorrow, negative when gone by.",
	Clock:     true,
	Daily:     true,
	Example: Example{
		Expr: `days_until(account.renewal_date)`, Now: "2026-03-01T23:30:00Z",
		Fields: map[string]string{"account.renewal_date": "2026-06-01", "account.timezone": "Europe/Berlin"}, Result: "91",
	},
	facts:     true,
	zone:      true,
	overloads: daysBetween(false, func(today, day dateVal) dateVal { return day - today }),
}

// daysBetween are the overloads of a function of today and another local day,
// whose count goes up or down from day to day.
func daysBetween(up bool, between func(today, day dateVal) dateVal) []overload {
	count := func(ev *evaluation, day dateVal) ref.Val {
		n := between(ev.today(), day)
		ev.counted(int64(n), up)
		return types.Int(n)
	}
	return []overload{
		{
			args: []*types.Type{dateType}, result: types.IntType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				d, ok := args[0].(dateVal)
				if !ok {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				return count(ev, d)
			},
		},
		{
			args: []*types.Type{types.TimestampType}, result: types.IntType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				t, ok := args[0].(types.Timestamp)
				if !ok {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				return count(ev, dateOf(t.In(ev.zone())))
			},
		},
	}
}
