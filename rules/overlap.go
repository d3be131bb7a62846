package rules

import (
	"slices"

	"holdfast/internal/source"
)

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
