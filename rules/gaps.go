package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/internal/source"
)

// mostGaps is how many are said of one table: who reads three sees the fourth.
const mostGaps = 3

// judge says which rows of a decision no account comes to, which rows give one
// case two answers, and what no row is for. Of what it cannot look into it is silent.
func (ld *loader) judge(d *decision, closed bool) {
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

// words of a box: `discount between 15 % and 20 % and term below 12`.
func (s *space) words(box [][]int) string {
	var parts []string
	for i, d := range s.dims {
		var cells []cell
		for _, c := range box[i] {
			cells = append(cells, d.cells[c])
		}
		if w := d.words(cells); w != "" {
			parts = append(parts, w)
		}
	}
	if len(parts) == 0 {
		return "any " + s.dims[0].of.label
	}
	return strings.Join(parts, " and ")
}

// words of some cells of one dimension; "" when they are all there are.
func (d dim) words(cells []cell) string {
	switch d.of.kind {
	case asBool:
		if len(cells) == 2 {
			return ""
		}
		return d.of.label + " being " + strconv.FormatBool(cells[0].truth)
	case asText:
		return d.texts(cells)
	case asNumber:
	}
	lo, hi := cells[0].lo, cells[len(cells)-1].hi
	from, to := cells[0].point(), cells[len(cells)-1].point()
	if d.of.typ == Int || d.of.typ == Date { // whole: what lies between begins one further
		if !from {
			lo, from = lo+1, true
		}
		if !to {
			hi, to = hi-1, true
		}
	}
	low, high := d.value(lo), d.value(hi)
	openLow, openHigh := math.IsInf(lo, -1), math.IsInf(hi, 1)
	switch {
	case openLow && openHigh:
		return ""
	case lo == hi:
		return d.of.label + " of " + low
	case openLow && to:
		return d.of.label + " up to " + high
	case openLow:
		return d.of.label + " below " + high
	case openHigh && from:
		return d.of.label + " from " + low
	case openHigh:
		return d.of.label + " above " + low
	case !from && !to:
		return d.of.label + " between " + low + " and " + high
	case from && to:
		return d.of.label + " from " + low + " to " + high
	case from:
		return d.of.label + " from " + low + " to below " + high
	}
	return d.of.label + " above " + low + " up to " + high
}

func (d dim) texts(cells []cell) string {
	if len(cells) == len(d.cells)-1 {
		return ""
	}
	var texts []string
	for _, c := range cells {
		if c.text == "\x00" {
			return "any other " + d.of.label
		}
		texts = append(texts, strconv.Quote(c.text))
	}
	return d.of.label + " " + strings.Join(texts, " or ")
}

// value of a bound, as an author writes it.
func (d dim) value(f float64) string {
	switch d.of.typ {
	case Percent:
		return strconv.FormatFloat(f, 'f', -1, 64) + " %"
	case Money:
		return strconv.FormatFloat(f/100, 'f', -1, 64)
	case Date:
		return dateVal(f).time().Format(time.DateOnly)
	case Timestamp:
		return time.Unix(int64(f), 0).UTC().Format(time.RFC3339)
	case Duration:
		return time.Duration(f * float64(time.Second)).String()
	case Any, Bool, String, Int, Double, Strings:
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// overlaps are pairs of plain ranges of which neither lies within the other:
// for what is in both, the order of the rows decides, and no reader sees it.
func (ld *loader) overlaps(d *decision, dead map[*source.Node]bool) {
	for j, b := range d.rows {
		for _, a := range d.rows[:j] {
			if a.when == nil || b.when == nil || dead[a.at] || dead[b.at] || !a.when.logic.plain() || !b.when.logic.plain() || sameResults(a, b) {
				continue
			}
			if both := shared(a.when.logic, b.when.logic); both != "" {
				ld.diags.Warnf(b.at.Get("when").Span(), "decision-overlap", "let one row end where the other begins",
					"%s is in this row and in the one of line %d; the upper one wins", both, a.at.Span().Line)
				break
			}
		}
	}
}

// plain reports whether l is comparisons of numbers, all of which must hold.
func (l *logic) plain() bool {
	switch {
	case l == nil:
		return false
	case l.op == opAnd:
		return !slices.ContainsFunc(l.kids, func(k *logic) bool { return !k.plain() })
	}
	return l.op == opAsk && l.ask.of.kind == asNumber
}

// shared is, in words, what lies in both ranges when each also has what the
// other has not; "" otherwise.
func shared(a, b *logic) string {
	s := spaceOf([]*logic{a, b})
	if s == nil || !s.independent() || len(s.dims) > 2 || !sameSubjects(a, b) {
		return ""
	}
	open := map[string]bool{}
	var first []int
	onlyA, onlyB := false, false
	s.walk(func(where map[string]cell, at []int) bool {
		inA, inB := a.at(where) == True, b.at(where) == True
		onlyA, onlyB = onlyA || inA && !inB, onlyB || inB && !inA
		if inA && inB {
			open[indexKey(at)] = true
			if first == nil {
				first = slices.Clone(at)
			}
		}
		return true
	})
	if first == nil || !onlyA || !onlyB {
		return ""
	}
	return s.words(s.grow(first, open))
}

func sameSubjects(a, b *logic) bool {
	keys := func(l *logic) []string {
		var out []string
		l.each(func(q ask) { out = append(out, q.of.key) })
		slices.Sort(out)
		return slices.Compact(out)
	}
	return slices.Equal(keys(a), keys(b))
}

func sameResults(a, b row) bool {
	for name, o := range a.then {
		if p, ok := b.then[name]; !ok || o.expr != nil || p.expr != nil || o.value != p.value {
			return false
		}
	}
	return len(a.then) == len(b.then)
}
