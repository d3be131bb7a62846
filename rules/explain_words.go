package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"holdfast"
)

// words are a value as its author would say it. Control characters in texts are
// escaped: a value may come from a stranger.
func (x *explainer) words(v ref.Val) string {
	switch v := v.(type) {
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case types.String:
		return `"` + quiet(string(v)) + `"`
	case types.Int:
		return grouped(int64(v))
	case types.Double:
		return decimal(float64(v))
	case moneyVal:
		return moneyWords(holdfast.Money(v), x.say.Currency)
	case percentVal:
		return decimal(float64(v)) + " %"
	case dateVal:
		return v.time().Format("2 Jan 2006")
	case types.Timestamp:
		t := v.In(x.say.Zone)
		return t.Format("2 Jan 2006 15:04 MST")
	case types.Duration:
		return span(v.Duration)
	case *objectVal, *seriesVal:
		return x.thing(v)
	case traits.Lister:
		return x.listWords(v)
	case traits.Mapper:
		return "a map"
	}
	return typeWords(v.Type().TypeName())
}

func (x *explainer) thing(v ref.Val) string {
	switch v := v.(type) {
	case *objectVal:
		return x.label(v)
	case *seriesVal:
		return "the days of metric " + v.metric.name
	}
	return ""
}

// listWords are the first elements of a list, and how many there are.
func (x *explainer) listWords(l traits.Lister) string {
	const shown = 5
	n, _ := l.Size().(types.Int)
	if n == 0 {
		return "none"
	}
	var out []string
	for it := l.Iterator(); it.HasNext() == types.True && len(out) < shown; {
		out = append(out, x.label(it.Next()))
	}
	if more := int(n) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}

// moneyWords is "8,200 USD" or "8,200.50 USD".
func moneyWords(m holdfast.Money, currency string) string {
	sign, u := "", uint64(m)
	if m < 0 {
		sign, u = "-", uint64(-(m+1))+1
	}
	s := sign + groupedDigits(strconv.FormatUint(u/100, 10))
	if cents := u % 100; cents != 0 {
		s += fmt.Sprintf(".%02d", cents)
	}
	if currency != "" {
		s += " " + currency
	}
	return s
}

func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "-" + groupedDigits(s[1:])
	}
	return groupedDigits(s)
}

func groupedDigits(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// decimal is f with four digits after the point at most.
func decimal(f float64) string {
	if math.IsInf(f, 0) || math.IsNaN(f) || math.Abs(f) >= 1e15 {
		return strconv.FormatFloat(f, 'g', 6, 64)
	}
	s := strconv.FormatFloat(f, 'f', 4, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "0" && f != 0 {
		return strconv.FormatFloat(f, 'g', 3, 64)
	}
	whole, rest, point := strings.Cut(s, ".")
	neg := strings.HasPrefix(whole, "-")
	whole = groupedDigits(strings.TrimPrefix(whole, "-"))
	if neg {
		whole = "-" + whole
	}
	if point {
		whole += "." + rest
	}
	return whole
}

// span is a duration in the largest unit that fits it whole.
func span(d time.Duration) string {
	for _, u := range []struct {
		of        time.Duration
		one, many string
	}{{24 * time.Hour, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}} {
		switch {
		case d == u.of:
			return "1 " + u.one
		case d%u.of == 0 && d != 0:
			return fmt.Sprintf("%d %s", d/u.of, u.many)
		}
	}
	return d.String()
}
