package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast/internal/source"
)

// segment is a named condition of accounts.
type segment struct {
	rule
	when *Expr
}

// Segments are the declared segments, sorted.
func (s *Set) Segments() []string { return sortedKeys(s.segments) }

// segmentDoc declares `segment: name`.
func (ld *loader) segmentDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "segment", keys(segmentKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.segments[n] != nil })
	if name == "" {
		return
	}
	g := &segment{rule: rule{name: "segment:" + name, doc: doc}}
	g.body = func(ld *loader) {
		n := doc.Require(&ld.diags, "segment "+name, "when")
		if n == nil {
			return
		}
		if g.when = ld.expr(n, &everywhere, Bool, "when"); g.when != nil {
			g.reads = g.when.reads
		}
	}
	ld.set.segments[name] = g
}

func (ev *evaluation) segmentValue(s *slot) ref.Val {
	if v, ok := ev.segments[s.segment]; ok {
		return v
	}
	if s.segment.when == nil {
		return types.NewErr("%s", brokenRule(s.segment.name))
	}
	v := s.segment.when.eval(ev)
	if ev.segments == nil {
		ev.segments = map[*segment]ref.Val{}
	}
	ev.segments[s.segment] = v
	return v
}
