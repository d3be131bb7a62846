package playtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/sim"
	"holdfast/rules"
)

// Row is one line of the comparison: what was expected beside what happened. One
// of the two may be missing.
type Row struct {
	Want  *Expected
	Got   *Happening
	Wrong []string // how they differ, in words
}

// Bad reports whether the row fails the test.
func (r Row) Bad() bool { return r.Got == nil || len(r.Wrong) > 0 || (r.Want == nil && r.Got.Matters) }

// Field is a field of the account that is not at the end what was expected.
type Field struct {
	At              diag.Span
	Name, Want, Got string
}

// judge lines up what was expected with what happened, so that as little as
// possible differs, and says how.
func (t *Test) judge(run sim.Run, all []*Happening) ([]Row, []Field) {
	got := slices.DeleteFunc(slices.Clone(all), func(h *Happening) bool {
		return !h.Matters && !slices.ContainsFunc(t.Expect, func(e *Expected) bool { return e.is(h) })
	})
	rows := t.align(got)
	var fields []Field
	for _, f := range t.final {
		have := run.Account[f.field]
		if !same(f.want, have) {
			fields = append(fields, Field{At: f.at, Name: f.field, Want: words(f.want), Got: words(have)})
		}
	}
	return rows, fields
}

// Costs of a comparison. One that differs costs less than two that are alone.
const (
	alone  = 10
	differ = 4
	each   = 1
)

// align puts both lists beside each other, in their order, as cheaply as can be.
func (t *Test) align(got []*Happening) []Row {
	want := t.Expect
	var rows []Row
	for len(want) > 0 && len(got) > 0 && want[0].is(got[0]) && t.misses(want[0], got[0]) == 0 {
		rows = append(rows, Row{Want: want[0], Got: got[0]})
		want, got = want[1:], got[1:]
	}
	var rest []*Happening
	if n := maxCells / (len(want) + 1); len(got) > n {
		got, rest = got[:n], got[n:]
	}
	rows = append(rows, t.cheapest(want, got)...)
	for _, h := range rest {
		rows = append(rows, Row{Got: h})
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return r.Want == nil && (t.Partial || !r.Got.Matters) })
}

// cheapest is align of what is left when all that agrees at the start is taken off.
func (t *Test) cheapest(want []*Expected, got []*Happening) []Row {
	extra := func(h *Happening) int32 {
		if !h.Matters || t.Partial {
			return 0
		}
		return alone
	}
	pair := func(e *Expected, h *Happening) int32 {
		if !e.is(h) {
			return 3 * alone
		}
		n := t.misses(e, h)
		if n == 0 {
			return 0
		}
		return min(differ+each*int32(min(n, alone)), 2*alone-1)
	}
	// cost[i][j]: of want[i:] beside got[j:].
	cost := make([][]int32, len(want)+1)
	for i := range cost {
		cost[i] = make([]int32, len(got)+1)
	}
	for i := len(want); i >= 0; i-- {
		for j := len(got); j >= 0; j-- {
			switch {
			case i == len(want) && j == len(got):
			case i == len(want):
				cost[i][j] = cost[i][j+1] + extra(got[j])
			case j == len(got):
				cost[i][j] = cost[i+1][j] + alone
			default:
				cost[i][j] = min(cost[i+1][j+1]+pair(want[i], got[j]), cost[i+1][j]+alone, cost[i][j+1]+extra(got[j]))
			}
		}
	}
	var rows []Row
	for i, j := 0, 0; i < len(want) || j < len(got); {
		switch {
		case i < len(want) && j < len(got) && cost[i][j] == cost[i+1][j+1]+pair(want[i], got[j]):
			rows = append(rows, Row{Want: want[i], Got: got[j], Wrong: t.differences(want[i], got[j])})
			i, j = i+1, j+1
		case j < len(got) && cost[i][j] == cost[i][j+1]+extra(got[j]):
			rows = append(rows, Row{Got: got[j]})
			j++
		default:
			rows = append(rows, Row{Want: want[i]})
			i++
		}
	}
	return rows
}

func same(want, have any) bool {
	w, ok := want.(time.Time)
	h, also := have.(time.Time)
	if ok && also {
		return w.Equal(h)
	}
	return reflect.DeepEqual(want, have)
}

// words is a field's value as an author writes it.
func words(v any) string {
	if v == nil {
		return "not set"
	}
	if list, ok := v.([]string); ok {
		return "[" + strings.Join(list, ", ") + "]"
	}
	return fmt.Sprint(rules.Untyped(v))
}
