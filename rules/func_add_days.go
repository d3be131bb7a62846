package rules

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast/internal/calendar"
)

var funcAddDays = Function{
	Name:      "add_days",
	Signature: "date.add_days(n) -> date, timestamp.add_days(n) -> timestamp",
	Summary:   "n days of the calendar later, before when n is negative. A timestamp keeps its local wall clock, also across a change to summer time.",
	Example: Example{
		Expr:   `account.renewal_date.add_days(-30)`,
		Fields: map[string]string{"account.renewal_date": "2026-06-15"}, Result: "2026-05-16",
	},
	facts:     true,
	zone:      true,
	overloads: shifted(calendar.AddDays),
}

// shifted are the overloads of a function that moves a date or a timestamp by a
// whole number of something on the local calendar.
func shifted(move func(t time.Time, n int) time.Time) []overload {
	const most = 400_000 // days: the years 1 to 9999 are not left from anywhere near today
	return []overload{
		{
			member: true, args: []*types.Type{dateType, types.IntType}, result: dateType,
			with: func(_ *evaluation, args []ref.Val) ref.Val {
				d, ok := args[0].(dateVal)
				n, isInt := args[1].(types.Int)
				if !ok || !isInt || n > most || n < -most {
					return types.NewErr("a date cannot be moved by %v", args[1].Value())
				}
				return keptInRange(dateOf(move(d.time(), int(n))).time(), Date)
			},
		},
		{
			member: true, args: []*types.Type{types.TimestampType, types.IntType}, result: types.TimestampType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				t, ok := args[0].(types.Timestamp)
				n, isInt := args[1].(types.Int)
				if !ok || !isInt || n > most || n < -most {
					return types.NewErr("a time cannot be moved by %v", args[1].Value())
				}
				return keptInRange(move(t.In(ev.zone()), int(n)).UTC(), Timestamp)
			},
		},
	}
}

// keptInRange is t, or an error when no database could hold it.
func keptInRange(t time.Time, as Type) ref.Val {
	if !inRange(t) {
		return types.NewErr("a date leaves the years 1 to 9999")
	}
	return celValue(as, t)
}
