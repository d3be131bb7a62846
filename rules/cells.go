package rules

import (
	"math"
	"slices"
	"strings"
)

// What a comparison may cost: combinations of values, and how often a condition
// is held against one. Beyond it nothing is said.
const (
	maxCells = 20_000
	maxTries = 200_000
)

// space is every combination of values that some conditions tell apart. A
// value is a cell: unset, or one that stands for all that no condition
// distinguishes from it.
type space struct {
	dims []dim
	size int
}

type dim struct {
	of    subject
	cells []cell
}

// cell of a dimension. For numbers it is the single point lo = hi, or what lies
// strictly between.
type cell struct {
	unset, truth bool
	lo, hi       float64
	text         string // "\x00" is any other text
}

func (c cell) point() bool { return c.lo == c.hi }

// spaceOf the conditions; nil when there are too many combinations.
func spaceOf(conds []*logic) *space {
	points, words, subjects := map[string][]float64{}, map[string][]string{}, map[string]subject{}
	var order []string
	for _, c := range conds {
		c.each(func(a ask) {
			old, seen := subjects[a.of.key]
			if !seen {
				order = append(order, a.of.key)
			}
			if !seen || old.kind == asBool {
				subjects[a.of.key] = a.of
			}
			switch {
			case a.op == "has":
			case a.of.kind == asNumber:
				points[a.of.key] = append(points[a.of.key], a.num)
			case a.of.kind == asText:
				words[a.of.key] = append(words[a.of.key], a.texts...)
			}
		})
	}
	s := &space{size: 1}
	for _, key := range order {
		d := dim{of: subjects[key], cells: []cell{{unset: true}}}
		switch d.of.kind {
		case asBool:
			d.cells = append(d.cells, cell{truth: true}, cell{truth: false})
		case asNumber:
			d.cells = append(d.cells, intervals(points[key], d.of.typ)...)
		case asText:
			d.cells = append(d.cells, choicesOf(d.of, words[key])...)
		}
		s.dims = append(s.dims, d)
		if s.size *= len(d.cells); s.size > maxCells || s.size*len(conds) > maxTries {
			return nil
		}
	}
	return s
}

// intervals are the cells between and at the points.
func intervals(points []float64, t Type) []cell {
	slices.Sort(points)
	points = slices.Compact(points)
	whole := t == Int || t == Date
	var out []cell
	last := math.Inf(-1)
	for _, p := range points {
		if !whole || math.Floor(last)+1 < p { // a whole number lies between
			out = append(out, cell{lo: last, hi: p})
		}
		if !whole || p == math.Floor(p) {
			out = append(out, cell{lo: p, hi: p})
		}
		last = p
	}
	return append(out, cell{lo: last, hi: math.Inf(1)})
}

func choicesOf(of subject, words []string) []cell {
	texts := strings.Split(of.enum, "\x00")
	if of.enum == "" {
		slices.Sort(words)
		texts = append(slices.Compact(words), "\x00")
	}
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i] = cell{text: t}
	}
	return out
}

// each visits the questions of l.
func (l *logic) each(visit func(ask)) {
	if l.op == opAsk {
		visit(l.ask)
	}
	for _, k := range l.kids {
		k.each(visit)
	}
}

// walk visits every combination until visit says stop.
func (s *space) walk(visit func(where map[string]cell, at []int) (goOn bool)) {
	at, where := make([]int, len(s.dims)), map[string]cell{}
	for {
		for i, d := range s.dims {
			where[d.of.key] = d.cells[at[i]]
		}
		if !visit(where, at) {
			return
		}
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < len(s.dims[i].cells) {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
