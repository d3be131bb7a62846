package rules

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcAddBusinessDays = Function{
	Name:      "add_business_days",
	Signature: "date.add_business_days(n) -> date, timestamp.add_business_days(n) -> timestamp; (n, calendar) leaves out the days of a calendar too",
	Summary:   "The n-th business day after, or before when n is negative; weekends and public holidays of account.country do not count, nor do the days of a declared calendar, named in quotes.",
	Example: Example{
		Expr:   `account.churned_at.add_business_days(2)`,
		Fields: map[string]string{"account.churned_at": "2026-07-03", "account.country": "DE"}, Result: "2026-07-07",
	},
	facts:     true,
	zone:      true,
	days:      true,
	calendar:  true,
	overloads: businessDays(),
}

func businessDays() []overload {
	overloads := make([]overload, 0, 4)
	for _, args := range [][]*types.Type{{types.IntType}, {types.IntType, types.StringType}} {
		overloads = append(overloads, overload{
			member: true, args: append([]*types.Type{dateType}, args...), result: dateType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				d, isDate := args[0].(dateVal)
				if !isDate {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				t, bad := ev.moved(d.time(), args[1:])
				if bad != nil {
					return bad
				}
				return keptInRange(dateOf(t).time(), Date)
			},
		}, overload{
			member: true, args: append([]*types.Type{types.TimestampType}, args...), result: types.TimestampType,
			with: func(ev *evaluation, args []ref.Val) ref.Val {
				at, isTime := args[0].(types.Timestamp)
				if !isTime {
					return types.MaybeNoSuchOverloadErr(args[0])
				}
				t, bad := ev.moved(at.In(ev.zone()), args[1:])
				if bad != nil {
					return bad
				}
				return keptInRange(t.UTC(), Timestamp)
			},
		})
	}
	return overloads
}

// moved is t by n business days, which a calendar may make fewer: its days are
// none where it holds. bad is an error.
func (ev *evaluation) moved(t time.Time, args []ref.Val) (moved time.Time, bad ref.Val) {
	const most = 10_000
	n, ok := args[0].(types.Int)
	if !ok || n > most || n < -most {
		return t, types.NewErr("a date cannot be moved by %v business days", args[0].Value())
	}
	days := ev.facts.days()
	if len(args) == 1 {
		return days.AddBusiness(t, int(n)), nil
	}
	name, _ := args[1].Value().(string)
	c := ev.set.Calendar(name)
	if c == nil {
		return t, types.NewErr("there is no calendar %q", name)
	}
	holds, err := c.Holds(ev.facts)
	if err != nil {
		return t, types.WrapErr(err)
	}
	if !holds {
		return days.AddBusiness(t, int(n)), nil
	}
	fiscal, _ := ev.facts.Account["fiscal_year_start"].(int64)
	return days.AddBusinessIn(c.Named, time.Month(fiscal), t, int(n)), nil
}
