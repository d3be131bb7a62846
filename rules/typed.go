package rules

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"holdfast"
)

// Typed turns a JSON-shaped value (string, bool, json.Number, float64, []any)
// into the Go value of t. Text is read as a spreadsheet writes it: "42", "true",
// "12.5%", "2026-03-01", "a; b". Money is in major units and rounded to the
// minor one, half away from zero. A number is a timestamp in seconds since 1970, or in
// milliseconds from 10^11 on; thirteen digits as text are milliseconds too, of a
// timestamp or a date. The error says what was found and expected.
func Typed(t Type, v any) (any, error) {
	if v == nil {
		return nil, fmt.Errorf("found nothing, expected %s", t.words())
	}
	out, ok := typed(t, v)
	if !ok {
		return nil, fmt.Errorf("found %s, expected %s", foundWords(v), t.words())
	}
	return out, nil
}

func typed(t Type, v any) (any, bool) {
	switch t {
	case Any:
		return v, true
	case String:
		return typedString(v)
	case Bool:
		return typedBool(v)
	case Int:
		if n, places, ok := plain(v); ok && places == 0 {
			return n, true
		}
		r, ok := number(v)
		if !ok || !r.IsInt() || !r.Num().IsInt64() {
			return nil, false
		}
		return r.Num().Int64(), true
	case Double:
		return typedDouble(v)
	case Percent:
		if s, ok := v.(string); ok {
			v = strings.TrimSuffix(strings.TrimSpace(s), "%")
		}
		return typedDouble(v)
	case Money:
		if n, places, ok := plain(v); ok && places <= 2 {
			return holdfast.Money(n * [...]int64{100, 10, 1}[places]), true
		}
		r, ok := number(v)
		if !ok {
			return nil, false
		}
		m, ok := wholeUnits(r.Mul(r, big.NewRat(100, 1))).(moneyVal)
		return holdfast.Money(m), ok
	case Date:
		return typedDate(v)
	case Timestamp:
		return typedTimestamp(v)
	case Duration:
		s, ok := v.(string)
		d, err := time.ParseDuration(s)
		return d, ok && err == nil
	case Strings:
		return typedStrings(v)
	}
	return nil, false
}

func typedString(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return nil, false
}

func typedBool(v any) (any, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return nil, false
}

// number is the exact value of a number or of text that is one. Exponents are
// bounded: 1e1000000 is a small text and a very large number.
func number(v any) (*big.Rat, bool) {
	var s string
	switch v := v.(type) {
	case json.Number:
		s = v.String()
	case float64:
		s = strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		s = strconv.FormatInt(v, 10)
	case string:
		s = strings.TrimSpace(v)
	default:
		return nil, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || len(s) > 64 || strings.ContainsAny(s, "xXpP_/") {
		return nil, false
	}
	if f == 0 { // also 1e-400
		return new(big.Rat), true
	}
	return new(big.Rat).SetString(s)
}

// plain reads a number as most are written, such as -1250 or 99.90: its digits,
// and how many of them are behind the point. Others are number's to read.
func plain(v any) (digits int64, places int, ok bool) {
	text, ok := v.(json.Number)
	s, minus := strings.CutPrefix(string(text), "-")
	if !ok || len(s) == 0 || len(s) > 15 {
		return 0, 0, false
	}
	point := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = 10*digits + int64(c-'0')
		case c == '.' && point < 0 && i > 0 && i < len(s)-1:
			point = i
		default:
			return 0, 0, false
		}
	}
	if point >= 0 {
		places = len(s) - 1 - point
	}
	if minus {
		digits = -digits
	}
	return digits, places, true
}

func typedDouble(v any) (any, bool) {
	if _, _, ok := plain(v); ok {
		f, err := v.(json.Number).Float64()
		return f, err == nil
	}
	r, ok := number(v)
	if !ok {
		return nil, false
	}
	f, _ := r.Float64()
	return f, true
}

// dateForms are how a day is written; what follows it is the time of that day.
func typedDate(v any) (any, bool) {
	switch v := v.(type) {
	case time.Time:
		return dateOf(v).time(), true
	case string:
		s := strings.TrimSpace(v)
		if t, err := time.Parse(time.DateOnly, s); err == nil {
			return t, inRange(t)
		}
		if t, ok := parseTime(s); ok {
			return dateOf(t).time(), inRange(t)
		}
		if t, ok := millis(s); ok {
			return dateOf(t).time(), true
		}
	}
	return nil, false
}

// millis reads thirteen digits as milliseconds since 1970: how CRMs write dates.
func millis(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return time.UnixMilli(n).UTC(), err == nil && len(s) == 13 && s[0] != '-' && s[0] != '+'
}

// parseTime reads a moment; without a zone it is UTC.
func parseTime(s string) (time.Time, bool) {
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02T15:04Z07:00", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func typedTimestamp(v any) (any, bool) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC(), true
	case string:
		s := strings.TrimSpace(v)
		t, ok := parseTime(s)
		if !ok {
			t, ok = millis(s)
		}
		return t.UTC(), ok && inRange(t)
	case json.Number, float64:
		r, ok := number(v)
		if !ok {
			return nil, false
		}
		f, _ := r.Float64()
		if math.Abs(f) < 1e11 {
			f *= 1000
		}
		t := time.UnixMilli(int64(f)).UTC()
		return t, math.Abs(f) < 1e15 && inRange(t)
	}
	return nil, false
}

// inRange reports whether every database and CEL can hold t.
func inRange(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

func typedStrings(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		list := []string{}
		for part := range strings.SplitSeq(v, ";") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list, true
	case []string:
		return v, true
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			s, ok := typedString(item)
			if !ok {
				return nil, false
			}
			list = append(list, s.(string))
		}
		return list, true
	}
	return nil, false
}

// Untyped turns a typed Go value into its JSON shape: Typed of it is the value
// again. Money is in major units. A moment at 00:00 UTC is written as its day.
func Untyped(v any) any {
	switch v := v.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return nil
		}
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64))
	case holdfast.Money:
		return json.Number(formatMoney(v))
	case time.Time:
		if v = v.UTC(); v.Equal(v.Truncate(24 * time.Hour)) {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	case []string:
		list := make([]any, len(v))
		for i, s := range v {
			list[i] = s
		}
		return list
	case Record:
		m := make(map[string]any, len(v))
		for k, item := range v {
			m[k] = Untyped(item)
		}
		return m
	}
	return v
}

// formatMoney writes major units, with minor ones only when there are some.
func formatMoney(m holdfast.Money) string {
	r := big.NewRat(int64(m), 100)
	if r.IsInt() {
		return r.Num().String()
	}
	return r.FloatString(2)
}
