package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcSumOver = Function{
	Name:      "sum_over",
	Signature: "sum_over(metric.name, window) -> double, or money for a metric of money",
	Summary:   "The metric over another window than its own. Today counts as the last day.",
	Clock:     true,
	Daily:     true,
	Example:   Example{Expr: `sum_over(metric.logins, weeks(1)) >= 10`, Now: "2026-03-10T12:00:00Z", Series: "4 6 2 3", Result: "true"},
	metric:    true,
	overloads: []overload{
		{
			args: []*types.Type{metricType, types.DurationType}, result: types.DoubleType,
			call: func(args []ref.Val) ref.Val {
				s, days, bad := window(args[0], args[1])
				if bad != nil {
					return bad
				}
				return types.Double(s.sum(days, 0))
			},
		},
		{
			args: []*types.Type{moneyMetricType, types.DurationType}, result: moneyType,
			call: func(args []ref.Val) ref.Val {
				s, days, bad := window(args[0], args[1])
				if bad != nil {
					return bad
				}
				return moneyVal(s.sum(days, 0))
			},
		},
	},
}
