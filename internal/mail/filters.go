package mail

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Filters are the names of the filters that templates may use, sorted.
func Filters() []string { return slices.Sorted(maps.Keys((&run{}).filters())) }

// filters are ours, all of them: each refuses a missing value, knows money and
// dates, and cannot grow its result without end.
func (r *run) filters() map[string]any {
	return map[string]any{
		"default": func(v, other any) any {
			if missing(v) || v == false {
				return other
			}
			return v
		},
		"money": func(v any) (string, error) { return r.style.money(v) },
		"date":  func(v, format any) (string, error) { return r.style.date(v, format) },

		"upcase":     r.onText(strings.ToUpper),
		"downcase":   r.onText(strings.ToLower),
		"strip":      r.onText(strings.TrimSpace),
		"url_encode": r.onText(url.QueryEscape),
		"capitalize": r.onText(func(s string) string {
			first, n := utf8.DecodeRuneInString(s)
			return string(unicode.ToUpper(first)) + s[n:]
		}),
		"append":  r.onTexts(func(s, t string) string { return s + t }),
		"prepend": r.onTexts(func(s, t string) string { return t + s }),
		"remove":  r.onTexts(func(s, t string) string { return strings.ReplaceAll(s, t, "") }),
		"replace": func(v, old, with any) (string, error) {
			s, err := r.texts(v, old, with)
			if err != nil {
				return "", err
			}
			if len(s[0])+strings.Count(s[0], s[1])*len(s[2]) > maxOutput {
				return "", errTooLong
			}
			return strings.ReplaceAll(s[0], s[1], s[2]), nil
		},
		"truncate": func(v any, n int) (string, error) {
			s, err := r.texts(v)
			if err != nil {
				return "", err
			}
			return ellipsis(s[0], n), nil
		},
		"pluralize": func(v, one, many any) (string, error) {
			n, err := number(v)
			if err != nil {
				return "", err
			}
			s, err := r.texts(one, many)
			if err != nil {
				return "", err
			}
			if n == 1 {
				return s[0], nil
			}
			return s[1], nil
		},

		"plus":       arithmetic(func(a, b float64) (float64, error) { return a + b, nil }),
		"minus":      arithmetic(func(a, b float64) (float64, error) { return a - b, nil }),
		"times":      arithmetic(func(a, b float64) (float64, error) { return a * b, nil }),
		"divided_by": arithmetic(divide),
		"abs":        func(v any) (any, error) { return rounded(v, math.Abs) },
		"ceil":       func(v any) (any, error) { return rounded(v, math.Ceil) },
		"floor":      func(v any) (any, error) { return rounded(v, math.Floor) },
		"round": func(v any, places int) (any, error) {
			scale := math.Pow10(min(max(places, 0), 6))
			return rounded(v, func(f float64) float64 { return math.Round(f*scale) / scale })
		},

		"size": func(v any) (int, error) {
			if s, ok := v.(string); ok {
				return utf8.RuneCountInString(s), nil
			}
			l, err := list(v)
			return len(l), err
		},
		"first": func(v any) (any, error) { return pick(v, func(int) int { return 0 }) },
		"last":  func(v any) (any, error) { return pick(v, func(n int) int { return n - 1 }) },
		"join":  r.join,
		"limit": func(v any, n int) (any, error) {
			l, err := list(v)
			return l[:min(max(n, 0), len(l))], err
		},
	}
}

func (r *run) join(v, separator any) (string, error) {
	l, err := list(v)
	if err != nil {
		return "", err
	}
	sep, ok := separator.(string)
	if !ok {
		sep = ", "
	}
	parts, total := make([]string, len(l)), 0
	for i, item := range l {
		s, err := r.style.show(item)
		if err != nil {
			return "", err
		}
		parts[i] = s
		if total += len(s) + len(sep); total > maxOutput {
			return "", errTooLong
		}
	}
	return strings.Join(parts, sep), nil
}

var errNoValue = errors.New("no value")

// texts are values as text; a missing one is refused.
func (r *run) texts(vs ...any) ([]string, error) {
	out := make([]string, len(vs))
	for i, v := range vs {
		if v == nil {
			return nil, errNoValue
		}
		s, err := r.style.show(v)
		if err != nil {
			return nil, err
		}
		if len(s) > maxOutput {
			return nil, errTooLong
		}
		out[i] = s
	}
	return out, nil
}

func (r *run) onText(f func(string) string) func(any) (string, error) {
	return func(v any) (string, error) {
		s, err := r.texts(v)
		if err != nil {
			return "", err
		}
		return f(s[0]), nil
	}
}

func (r *run) onTexts(f func(a, b string) string) func(a, b any) (string, error) {
	return func(a, b any) (string, error) {
		s, err := r.texts(a, b)
		if err != nil {
			return "", err
		}
		return f(s[0], s[1]), nil
	}
}

// arithmetic keeps money money: the result has the type of the first value.
func arithmetic(f func(a, b float64) (float64, error)) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		x, err := number(a)
		if err != nil {
			return nil, err
		}
		y, err := number(b)
		if err != nil {
			return nil, err
		}
		z, err := f(x, y)
		if err != nil {
			return nil, err
		}
		return like(a, z), nil
	}
}

func divide(a, b float64) (float64, error) {
	if b == 0 {
		return 0, errors.New("division by zero")
	}
	return a / b, nil
}

func rounded(v any, f func(float64) float64) (any, error) {
	n, err := number(v)
	if err != nil {
		return nil, err
	}
	return like(v, f(n)), nil
}

func pick(v any, index func(n int) int) (any, error) {
	l, err := list(v)
	if err != nil || len(l) == 0 {
		return nil, err
	}
	return l[index(len(l))], nil
}

func ellipsis(s string, n int) string {
	if r := []rune(s); n > 0 && len(r) > n {
		return strings.TrimRightFunc(string(r[:n-1]), unicode.IsSpace) + "…"
	}
	return s
}

func list(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return nil, errNoValue
	case []any:
		return v, nil
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out, nil
	}
	return nil, fmt.Errorf("not a list")
}
