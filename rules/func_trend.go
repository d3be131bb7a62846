package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcTrend = Function{
	Name:      "trend",
	Signature: "trend(metric.name, window, if_zero) -> double",
	Summary:   "The metric over the last window, divided by the window before it; if_zero when there was nothing before. Below 1 it falls. Today counts as the last day.",
	Clock:     true,
	Daily:     true,
	Example:   Example{Expr: `trend(metric.logins, days(2), 1)`, Now: "2026-03-10T12:00:00Z", Series: "4 6 2 3", Result: "0.5"},
	metric:    true,
	overloads: []overload{trendOf(metricType), trendOf(moneyMetricType)},
}

func trendOf(metric *types.Type) overload {
	return overload{
		args: []*types.Type{metric, types.DurationType, types.DoubleType}, result: types.DoubleType,
		call: func(args []ref.Val) ref.Val {
			s, days, bad := window(args[0], args[1])
			if bad != nil {
				return bad
			}
			before := s.sum(2*days, days)
			if before == 0 {
				return args[2]
			}
			return types.Double(s.sum(days, 0) / before)
		},
	}
}
