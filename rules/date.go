package rules

import (
	"reflect"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// dateVal is a day inside an expression, as days since 1970-01-01.
type dateVal int64

var dateType = types.NewObjectType("date", traits.ComparerType, traits.SubtractorType)

const secondsADay = 24 * 60 * 60

// dateOf is the day that t's own clock shows.
func dateOf(t time.Time) dateVal {
	_, east := t.Zone()
	seconds := t.Unix() + int64(east)
	day := seconds / secondsADay
	if seconds%secondsADay < 0 { // before 1970
		day--
	}
	return dateVal(day)
}

// time is 00:00 UTC of the day.
func (d dateVal) time() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

// in is the first moment of the day in loc.
func (d dateVal) in(loc *time.Location) time.Time {
	y, m, day := d.time().Date()
	return time.Date(y, m, day, 0, 0, 0, 0, loc)
}

func (d dateVal) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (d dateVal) ConvertToType(t ref.Type) ref.Val {
	if t == types.StringType {
		return types.String(d.time().Format(time.DateOnly))
	}
	return sameType(d, dateType, t)
}

func (d dateVal) Type() ref.Type { return dateType }

func (d dateVal) Value() any { return d.time() }

func (d dateVal) Equal(other ref.Val) ref.Val {
	o, ok := other.(dateVal)
	return types.Bool(ok && d == o)
}

// Compare implements traits.Comparer.
func (d dateVal) Compare(other ref.Val) ref.Val {
	o, ok := other.(dateVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return order(int64(d), int64(o))
}

// Subtract implements traits.Subtractor: the time between two days.
func (d dateVal) Subtract(other ref.Val) ref.Val {
	o, ok := other.(dateVal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	const most = 100_000 // days; a duration holds 106,751
	if d-o > most || o-d > most {
		return types.NewErr("two dates are too far apart")
	}
	return types.Duration{Duration: time.Duration(d-o) * 24 * time.Hour}
}
