package rules

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// seriesVal is a metric of one account as an argument: its buckets up to today.
type seriesVal struct {
	metric *metric
	days   []Day
	today  dateVal // UTC, as the buckets are
	ev     *evaluation
}

// The types of metrics as arguments. No author can make a value of them.
var (
	metricType      = types.NewObjectType("metric")
	moneyMetricType = types.NewObjectType("money_metric")
)

func (m *metric) argType() *types.Type {
	if m.typ == Money {
		return moneyMetricType
	}
	return metricType
}

func (s *seriesVal) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (s *seriesVal) ConvertToType(t ref.Type) ref.Val { return sameType(s, s.metric.argType(), t) }

func (s *seriesVal) Equal(other ref.Val) ref.Val { return types.Bool(s == other) }

func (s *seriesVal) Type() ref.Type { return s.metric.argType() }

func (s *seriesVal) Value() any { return s }

// sum adds up the days from `from` days ago, exclusive, to `to` days ago,
// inclusive: sum(30, 0) is the last 30 days with today.
func (s *seriesVal) sum(from, to int) float64 {
	s.leaves(from, to)
	var total float64
	for _, d := range s.within(from) {
		if int(s.today-dateOf(d.Day)) >= to {
			total += s.metric.of(d)
		}
	}
	return total
}

// within is the days of fewer than n days ago: a look at the last month does
// not walk through a year.
func (s *seriesVal) within(n int) []Day {
	first, _ := slices.BinarySearchFunc(s.days, s.today-dateVal(n)+1, func(d Day, from dateVal) int {
		return cmp.Compare(dateOf(d.Day), from)
	})
	return s.days[first:]
}

// value is the metric over its own window, in its own type.
func (s *seriesVal) value() ref.Val {
	total := s.sum(s.metric.window, 0)
	if s.metric.typ == Int {
		return types.Int(total)
	}
	if s.metric.typ == Money {
		return moneyVal(total)
	}
	return types.Double(total)
}

// quiet is how many days ago the metric was last not 0.
func (s *seriesVal) quiet() ref.Val {
	for _, d := range slices.Backward(s.days) {
		ago := s.today - dateOf(d.Day)
		if ago >= 0 && s.metric.of(d) != 0 {
			s.since(int64(ago))
			return types.Int(ago)
		}
	}
	return s.metric.never
}

// window reads a series and a whole number of days.
func window(series, length ref.Val) (s *seriesVal, days int, bad ref.Val) {
	s, ok := series.(*seriesVal)
	d, isDuration := length.(types.Duration)
	if !ok || !isDuration {
		return nil, 0, types.MaybeNoSuchOverloadErr(series)
	}
	n := d.Hours() / 24
	if n < 1 || n != math.Trunc(n) || d.Duration > 100*366*24*time.Hour {
		return nil, 0, types.NewErr("a metric is kept by day: its window must be a whole number of days, at least one")
	}
	return s, int(n), nil
}
