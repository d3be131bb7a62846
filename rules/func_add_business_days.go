package rules

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcAddBusinessDays = Function{
	Name:      "add_business_days",
	Signature: "date.add_business_days(n) -> date, timestamp.add_business_days(n) -> timestamp",
	Summary:   "The n-th business day after, or before when n is negative; weekends and public holidays of account.country do not count.",
	Example: Example{
		Expr:   `account.churned_at.add_business_days(2)`,
		Fields: map[string]string{"account.churned_at": "2026-07-03", "account.country": "DE"}, Result: "2026-07-07",
	},
	facts:     true,
	zone:      true,
	days:      true,
	overloads: businessDays(),
}

func businessDays() []overload {
	const most = 10_000
	move := func(ev *evaluation, t time.Time, by ref.Val) (time.Time, bool) {
		n, ok := by.(types.Int)
		if !ok || n > most || n < -most {
			return t, false
		}
		return ev.facts.days().AddBusiness(t, int(n)), true
	}
	return []overload{
		{
			member: true, args: []*types.Type{dateType, types.IntType}, result: dateType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				d, isDate := args[0].(dateVal)
				t, ok := move(ev, d.time(), args[1])
				if !ok || !isDate {
					return types.NewErr("a date cannot be moved by %v business days", args[1].Value())
				}
				return keptInRange(dateOf(t).time(), Date)
			},
		},
		{
			member: true, args: []*types.Type{types.TimestampType, types.IntType}, result: types.TimestampType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				at, isTime := args[0].(types.Timestamp)
				t, ok := move(ev, at.In(ev.zone()), args[1])
				if !ok || !isTime {
					return types.NewErr("a time cannot be moved by %v business days", args[1].Value())
				}
				return keptInRange(t.UTC(), Timestamp)
			},
		},
	}
}
