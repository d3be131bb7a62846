package rules_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast/rules"
)

func TestEveryFunctionDoesWhatItsExampleSays(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	for _, f := range rules.Functions {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if f.Summary == "" || f.Signature == "" {
				t.Error("got no summary or signature, want both for the reference")
			}
			e := compile(t, set, f.Example.Expr, rules.Scope{}, rules.Any)
			v, ok, err := e.Value(exampleFacts(t, set, f.Example))
			if err != nil || !ok {
				t.Fatalf("%s: got %v, ok %v, error %v", f.Example.Expr, v, ok, err)
			}
			if got := fmt.Sprint(rules.Untyped(v)); got != f.Example.Result {
				t.Errorf("%s: got %s, want %s", f.Example.Expr, got, f.Example.Result)
			}
			if got := e.Reads().Clock; f.Clock && !got {
				t.Errorf("%s: got Reads.Clock false, want true", f.Example.Expr)
			}
		})
	}
}

func exampleFacts(t *testing.T, set *rules.Set, ex rules.Example) *rules.Facts {
	t.Helper()
	f := &rules.Facts{}
	if ex.Now != "" {
		f.Now = at(t, ex.Now)
	}
	values := map[string]any{}
	for name, v := range ex.Fields {
		values[strings.TrimPrefix(name, "account.")] = v
	}
	f.Account = record(t, set, "account", values)
	f.Population = func(string) (all []float64) {
		for n := range strings.FieldsSeq(ex.Population) {
			v, err := strconv.ParseFloat(n, 64)
			if err != nil {
				t.Error(err)
			}
			all = append(all, v)
		}
		return all
	}
	counts := strings.Fields(ex.Series)
	f.Series = func(string) []rules.Day {
		var out []rules.Day
		for i, c := range counts {
			n, err := strconv.ParseInt(c, 10, 64)
			if err != nil {
				t.Error(err)
			}
			day := f.Now.Truncate(24*time.Hour).AddDate(0, 0, i-len(counts)+1)
			out = append(out, rules.Day{Day: day, Count: n})
		}
		return out
	}
	return f
}

func TestTypedReadsWhatSendersWrite(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ  rules.Type
		in   any
		want string
	}{
		{rules.Int, json.Number("42"), "42"},
		{rules.Int, 42.0, "42"},
		{rules.Int, " 42 ", "42"},
		{rules.Double, json.Number("0.1"), "0.1"},
		{rules.Percent, "12.5%", "12.5"},
		{rules.Money, json.Number("80000"), "80000"},
		{rules.Money, json.Number("1.005"), "1.01"},
		{rules.Money, "-1.005", "-1.01"},
		{rules.Money, 0.29, "0.29"},
		{rules.Bool, "TRUE", "true"},
		{rules.Date, "2026-03-01", "2026-03-01"},
		{rules.Date, "2026-03-01T23:30:00-05:00", "2026-03-01"},
		{rules.Timestamp, "2026-03-01T23:30:00-05:00", "2026-03-02T04:30:00Z"},
		{rules.Timestamp, json.Number("1772400600"), "2026-03-01T21:30:00Z"},
		{rules.Timestamp, json.Number("1772400600000"), "2026-03-01T21:30:00Z"},
		{rules.Strings, []any{"a", "b"}, "[a b]"},
		{rules.Strings, "a; b", "[a b]"},
		{rules.String, json.Number("7"), "7"},
	} {
		v, err := rules.Typed(tt.typ, tt.in)
		if err != nil {
			t.Errorf("%s of %v: %v", tt.typ, tt.in, err)
			continue
		}
		shape := rules.Untyped(v)
		if got := fmt.Sprint(shape); got != tt.want {
			t.Errorf("%s of %v: got %s, want %s", tt.typ, tt.in, got, tt.want)
		}
		again, err := rules.Typed(tt.typ, shape)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(v) {
			t.Errorf("%s of %v: read again as %v (%v), want %v", tt.typ, tt.in, again, err, v)
		}
	}
}

func TestTypedSaysWhatWasFoundAndExpected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ  rules.Type
		in   any
		want string
	}{
		{rules.Int, json.Number("1.5"), `found 1.5, expected a whole number`},
		{rules.Int, json.Number("1e999999999"), `found 1e999999999, expected a whole number`},
		{rules.Int, "many", `found "many", expected a whole number`},
		{rules.Bool, "maybe", `found "maybe", expected true or false`},
		{rules.Date, "2026-02-30", `found "2026-02-30", expected a date such as 2026-03-01`},
		{rules.Date, json.Number("3"), `found 3, expected a date such as 2026-03-01`},
		{rules.Money, "1e300", `found "1e300", expected an amount of money`},
		{rules.Timestamp, "yesterday", `found "yesterday", expected a time such as 2026-03-01T09:00:00Z`},
		{rules.Strings, map[string]any{}, `found a map, expected a list of strings`},
		{rules.String, []any{}, `found a list, expected a string`},
		{rules.String, nil, `found nothing, expected a string`},
	} {
		_, err := rules.Typed(tt.typ, tt.in)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s of %v: got %v, want %s", tt.typ, tt.in, err, tt.want)
		}
	}
}
