package rules

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/source"
)

// mostGaps is how many are said of one table: who reads three sees the fourth.
const mostGaps = 3

// mostRows is how many rows of a table are held against each other.
const mostRows = 500

// judge says which rows of a decision no account comes to, which rows give one
// case two answers, and what no row is for. Of what it cannot look into it is silent.
func (ld *loader) judge(d *decision, closed bool) {
	if len(d.rows) > mostRows {
		return
	}
	var before []*Expr
	dead := map[*source.Node]bool{}
	for _, r := range d.rows {
		if r.when == nil {
			continue
		}
		at := r.at.Get("when").Span()
		dead[r.at] = true
		switch {
		case r.when.Never():
			ld.diags.Warnf(at, "unreachable-row", "correct the condition, or delete the row", "this is never true")
		case r.when.Implied(before):
			ld.diags.Warnf(at, "unreachable-row", "move it up, or delete it", "no account comes to this row: wherever it holds, a row above it holds too")
		default:
			dead[r.at] = false
		}
		before = append(before, r.when)
	}
	ld.overlaps(d, dead)
	if closed || len(before) != len(d.doc.Get("rows").Items()) { // a row that was refused may be what is missing
		return
	}
	for _, gap := range gaps(logics(before)) {
		ld.diags.Warnf(d.doc.Get("decision").Span(), "decision-gap", "add a row for it, or - else: {…}", "nothing is said for %s", gap)
	}
}

// gaps are the cases, in words, in which none of conds is true though all that
// they ask is known.
func gaps(conds []*logic) []string {
	s := spaceOf(conds)
	if s == nil || !s.independent() {
		return nil
	}
	open := map[string]bool{}
	var list [][]int
	s.walk(func(where map[string]cell, at []int) bool {
		if s.possible(at) && !anyTrue(conds, where) {
			open[indexKey(at)] = true
			list = append(list, slices.Clone(at))
		}
		return true
	})
	var out []string
	for _, at := range list {
		if !open[indexKey(at)] || len(out) == mostGaps {
			continue
		}
		box := s.grow(at, open)
		out = append(out, s.words(box))
	}
	return out
}

// independent reports whether each subject can have each of its values whatever
// the others have, and all could be looked into.
func (s *space) independent() bool {
	seen := map[string]bool{}
	for _, d := range s.dims {
		if d.of.opaque {
			return false
		}
		for name := range strings.SplitSeq(d.of.names, "\x00") {
			if seen[name] {
				return false
			}
			seen[name] = true
		}
	}
	return len(s.dims) > 0
}

// possible leaves out what is unset, and what is below nothing or over all.
func (s *space) possible(at []int) bool {
	for i, d := range s.dims {
		c := d.cells[at[i]]
		amount := d.of.typ == Money || d.of.typ == Percent
		if c.unset || d.of.kind == asNumber && amount && c.hi <= 0 && !c.point() || d.of.typ == Percent && c.lo >= 100 && !c.point() {
			return false
		}
	}
	return true
}

// grow is the largest box of open cells around at, one dimension after another.
// Its cells are open no more.
func (s *space) grow(at []int, open map[string]bool) [][]int {
	box := make([][]int, len(at))
	for i := range at {
		box[i] = []int{at[i]}
	}
	for i, d := range s.dims {
		for c := at[i] + 1; c < len(d.cells); c++ {
			slab := slices.Clone(box)
			slab[i] = []int{c}
			if !allOpen(slab, open) {
				if d.of.kind == asNumber {
					break
				}
				continue
			}
			box[i] = append(box[i], c)
		}
	}
	eachOf(box, func(at []int) bool { delete(open, indexKey(at)); return true })
	return box
}

func allOpen(box [][]int, open map[string]bool) bool {
	return eachOf(box, func(at []int) bool { return open[indexKey(at)] })
}

// eachOf visits the cells of a box while visit is true.
func eachOf(box [][]int, visit func(at []int) bool) bool {
	at := make([]int, len(box))
	var deep func(i int) bool
	deep = func(i int) bool {
		if i == len(box) {
			return visit(at)
		}
		for _, c := range box[i] {
			if at[i] = c; !deep(i + 1) {
				return false
			}
		}
		return true
	}
	return deep(0)
}

func indexKey(at []int) string {
	var b strings.Builder
	for _, i := range at {
		b.WriteString(strconv.Itoa(i) + ",")
	}
	return b.String()
}
