package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

var funcQuietDays = Function{
	Name:      "quiet_days",
	Signature: "quiet_days(metric.name) -> int",
	Summary:   "Days since the last one on which the metric was not 0; 0 when that is today, unset when there never was one.",
	Clock:     true,
	Daily:     true,
	Example:   Example{Expr: `quiet_days(metric.logins)`, Now: "2026-03-10T12:00:00Z", Series: "4 6 0 0", Result: "2"},
	metric:    true,
	overloads: []overload{quietOf(metricType), quietOf(moneyMetricType)},
}

func quietOf(metric *types.Type) overload {
	return overload{
		args: []*types.Type{metric}, result: types.IntType,
		call: func(args []ref.Val) ref.Val {
			s, ok := args[0].(*seriesVal)
			if !ok {
				return types.MaybeNoSuchOverloadErr(args[0])
			}
			return s.quiet()
		},
	}
}
