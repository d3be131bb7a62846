package mail

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/osteele/liquid/tags"

	"holdfast"
)

// amount is money in whole units, so that {% if account.arr > 5000 %} means
// what it says. Cents are exact up to 90 trillion.
type amount float64

// Nest turns field names with dots into maps: churn.reason is reached as
// account.churn.reason. A field whose name is the beginning of another's is
// hidden by it.
func Nest[M ~map[string]any](record M) map[string]any {
	out := make(map[string]any, len(record))
	for _, name := range slices.Sorted(maps.Keys(record)) { // a, before a.b
		at, parts := out, strings.Split(name, ".")
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = record[name]
	}
	return out
}

// prepare makes data what templates see: maps in key order, money in whole
// units. The caller's maps are left alone.
func prepare(data map[string]any) map[string]any {
	b := binder{minor: math.Pow10(placesOf(projectText(data, "currency")))}
	return b.fields(data)
}

// binder knows how many minor units make a whole one.
type binder struct{ minor float64 }

func (b binder) fields(data map[string]any) map[string]any {
	out := make(map[string]any, len(data))
	for k, v := range data {
		out[k] = b.bind(v)
	}
	return out
}

func (b binder) bind(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return tags.IterationKeyedMap(b.fields(Nest(v)))
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = b.bind(item)
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = b.bind(item)
		}
		return out
	case holdfast.Money:
		return amount(float64(v) / b.minor)
	case int64:
		return int(v)
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return like(nil, f)
		}
		return v.String()
	}
	return v
}

// projectText is a text of the project's data, by path (sender.name), or "".
func projectText(data map[string]any, path string) string {
	v := data["project"]
	for key := range strings.SplitSeq(path, ".") {
		switch m := v.(type) {
		case map[string]any:
			v = m[key]
		case tags.IterationKeyedMap:
			v = m[key]
		default:
			return ""
		}
	}
	s, _ := v.(string)
	return s
}

// missing reports a value that must not be shown: unset, or empty text or list.
func missing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []string:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case time.Time:
		return v.IsZero()
	}
	return false
}

// mentions reports whether s stands in any text of v.
func mentions(v any, s string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, s)
	case raw:
		return strings.Contains(string(v), s)
	case []string:
		return slices.ContainsFunc(v, func(item string) bool { return strings.Contains(item, s) })
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return mentions(item, s) })
	case map[string]any:
		for _, item := range v {
			if mentions(item, s) {
				return true
			}
		}
	case tags.IterationKeyedMap:
		return mentions(map[string]any(v), s)
	}
	return false
}

func number(v any) (float64, error) {
	switch v := v.(type) {
	case nil:
		return 0, errNoValue
	case int:
		return float64(v), nil
	case float64:
		return v, nil
	case amount:
		return float64(v), nil
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil {
			return f, nil
		}
	}
	return 0, fmt.Errorf("not a number")
}

// like gives a result the type of what it was made from.
func like(v any, f float64) any {
	if _, ok := v.(amount); ok {
		return amount(f)
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int(f)
	}
	return f
}

// show is v as a reader wants it.
func (s style) show(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	case float64:
		return s.number(v)
	case amount:
		return s.money(v)
	case time.Time:
		return s.date(v, nil)
	case time.Duration:
		return v.String(), nil
	case []string:
		return strings.Join(v, ", "), nil
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			p, err := s.show(item)
			if err != nil {
				return "", err
			}
			parts[i] = p
		}
		return strings.Join(parts, ", "), nil
	}
	return "", errors.New("has several values: name one of them")
}

// clean keeps a customer's text from breaking out of its line: no line ends, no
// control characters, none that turn the writing direction around.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escapeSlack escapes the three characters that mean something to Slack:
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escapeSlack(s string) string {
	return slackEscaper.Replace(s)
}
