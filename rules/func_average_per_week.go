package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcAveragePerWeek = Function{
	Name:      "average_per_week",
	Signature: "average_per_week(metric.name, window) -> double",
	Summary:   "The metric over a window, for each seven days of it. Today counts as the last day.",
	Clock:     true,
	Daily:     true,
	Example:   Example{Expr: `average_per_week(metric.logins, weeks(2))`, Now: "2026-03-10T12:00:00Z", Series: "4 6 2 3", Result: "7.5"},
	metric:    true,
	overloads: []overload{{
		args: []*types.Type{metricType, types.DurationType}, result: types.DoubleType,
		call: func(args []ref.Val) ref.Val {
			s, days, bad := window(args[0], args[1])
			if bad != nil {
				return bad
			}
			return types.Double(s.sum(days, 0) * 7 / float64(days))
		},
	}},
}
