package rules

import (
	"fmt"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast/internal/calendar"
)

var funcNextOccurrence = Function{
	Name:      "next_occurrence",
	Signature: "next_occurrence(date, span) -> date",
	Summary:   `The first day after today on which something that repeats every span ("1y", "3mo", "2w") since date comes round; date itself when it is still ahead.`,
	Clock:     true,
	Daily:     true,
	Example: Example{
		Expr: `next_occurrence(account.started_at, "1y")`, Now: "2026-03-01T09:00:00Z",
		Fields: map[string]string{"account.started_at": "2024-02-29"}, Result: "2027-02-28",
	},
	facts: true,
	zone:  true,
	literal: func(arg string) string {
		_, err := period(arg)
		if err != nil {
			return err.Error()
		}
		return ""
	},
	overloads: []overload{{
		args: []*types.Type{dateType, types.StringType}, result: dateType,
		with: func(ev *evaluation, args []ref.Val) ref.Val {
			first, ok := args[0].(dateVal)
			text, isText := args[1].(types.String)
			if !ok || !isText {
				return types.MaybeNoSuchOverloadErr(args[0])
			}
			sp, err := period(string(text))
			if err != nil {
				return types.NewErr("%s", err)
			}
			next := nextOccurrence(first, sp, ev.today())
			if day, ok := next.(dateVal); ok {
				ev.untilDay(day)
			}
			return next
		},
	}},
}

// period reads a span that repeats on the calendar: days, weeks, months or years.
func period(text string) (calendar.Span, error) {
	sp, err := calendar.ParseSpan(text)
	if err != nil {
		return sp, err
	}
	if sp.Days == 0 && sp.Months == 0 {
		return sp, fmt.Errorf("%q does not repeat on the calendar; write days, weeks, months or years, such as 1y", text)
	}
	return sp, nil
}

// nextOccurrence counts from first each time, so that the 31st comes back after
// a short month.
func nextOccurrence(first dateVal, sp calendar.Span, today dateVal) ref.Val {
	if first > today {
		return first
	}
	if sp.Days > 0 {
		passed := (today - first) / dateVal(sp.Days)
		return keptInRange((first + (passed+1)*dateVal(sp.Days)).time(), Date)
	}
	from, to := first.time(), today.time()
	months := 12*(to.Year()-from.Year()) + int(to.Month()) - int(from.Month())
	for n := max(0, months/sp.Months-1); ; n++ {
		if next := dateOf(calendar.AddMonths(from, n*sp.Months)); next > today {
			return keptInRange(next.time(), Date)
		}
	}
}
