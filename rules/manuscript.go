package rules

import (
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// manuscript is the syntax tree of an expression as its author wrote it: loops and
// has() are the calls that stand there, not what CEL makes of them.
type manuscript struct {
	*compiler
	root   ast.Expr
	macros map[int64]ast.Expr
}

// manuscript parses src again; nil when it does not parse.
func (s *Set) manuscript(src string) *manuscript {
	env, err := s.env.Extend(cel.EnableMacroCallTracking())
	if err != nil {
		return nil
	}
	parsed, iss := env.Parse(src)
	if iss.Err() != nil {
		return nil
	}
	c := &compiler{set: s, src: src, runes: []rune(src), parsed: parsed, tree: parsed.NativeRep(), places: map[int64]place{}}
	m := &manuscript{compiler: c, macros: c.tree.SourceInfo().MacroCalls()}
	m.root = m.authored(c.tree.Expr())
	return m
}

// authored is e, or the call that CEL expanded to it.
func (m *manuscript) authored(e ast.Expr) ast.Expr {
	if call, ok := m.macros[e.ID()]; ok {
		return &macroCall{Expr: call, id: e.ID()}
	}
	return e
}

// macroCall is a call under the id of what it expanded to, which is where its
// place in the source is known.
type macroCall struct {
	ast.Expr
	id int64
}

// ID implements ast.Expr.
func (c *macroCall) ID() int64 { return c.id }

// loop reports whether e is a loop, and which.
func loop(e ast.Expr) (name string, ok bool) {
	if _, macro := e.(*macroCall); !macro || !e.AsCall().IsMemberFunction() {
		return "", false
	}
	return e.AsCall().FunctionName(), true
}

// text of e in the source, with the brackets that belong to it.
func (m *manuscript) text(e ast.Expr) string {
	p := m.balanced(m.whole(e))
	return oneLine(string(m.runes[p.start:p.end]))
}

// whole is the extent of e, through the calls that macros were.
func (m *manuscript) whole(e ast.Expr) place {
	m.settle(e)
	return m.extent(e)
}

// settle records the place of each macro below e, innermost first, so that
// extent finds it.
func (m *manuscript) settle(e ast.Expr) {
	for _, part := range m.below(e) {
		m.settle(part)
	}
	if _, macro := e.(*macroCall); !macro {
		return
	}
	if _, known := m.places[e.ID()]; known {
		return
	}
	own, ok := m.tree.SourceInfo().GetOffsetRange(e.ID())
	if ok {
		m.places[e.ID()] = m.callExtent(e, int(own.Start))
	}
}

// below are the parts of e, in the order they are written.
func (m *manuscript) below(e ast.Expr) []ast.Expr {
	var out []ast.Expr
	add := func(es ...ast.Expr) {
		for _, one := range es {
			out = append(out, m.authored(one))
		}
	}
	switch e.Kind() {
	case ast.SelectKind:
		add(e.AsSelect().Operand())
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			add(e.AsCall().Target())
		}
		add(e.AsCall().Args()...)
	case ast.ListKind:
		add(e.AsList().Elements()...)
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			add(entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
	case ast.ComprehensionKind, ast.IdentKind, ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return out
}

// chain are the sides of a && b && c or a || b || c, however CEL grouped them.
func (m *manuscript) chain(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operator {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, side := range m.below(e) {
		out = append(out, m.chain(side, operator)...)
	}
	return out
}

// balanced widens p over the brackets that were opened or closed in it: the
// tree does not keep those that only group.
func (m *manuscript) balanced(p place) place {
	p.start, p.end = max(0, p.start), min(p.end, len(m.runes))
	var open []int
	opener := map[int]int{} // closing bracket -> opening one, over the whole source
	closer := map[int]int{}
	for i := 0; i < len(m.runes); i++ {
		switch r := m.runes[i]; r {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) > 0 {
				last := open[len(open)-1]
				open = open[:len(open)-1]
				opener[i], closer[last] = last, i
			}
		case '"', '\'':
			i = m.quoteEnd(i) - 1
		}
	}
	for changed := true; changed; {
		changed = false
		for i := p.start; i < p.end; i++ {
			if at, ok := opener[i]; ok && at < p.start {
				p.start, changed = at, true
			}
			if at, ok := closer[i]; ok && at >= p.end {
				p.end, changed = at+1, true
			}
		}
	}
	return p
}

// quoteEnd is after the text that begins at i, in one quote or three.
func (m *manuscript) quoteEnd(i int) int {
	q := m.runes[i]
	mark := 1
	if i+2 < len(m.runes) && m.runes[i+1] == q && m.runes[i+2] == q {
		mark = 3
	}
	raw := i > 0 && (m.runes[i-1] == 'r' || m.runes[i-1] == 'R')
	for i += mark; i < len(m.runes); i++ {
		if m.runes[i] == '\\' && !raw {
			i++
			continue
		}
		closed := true
		for k := range mark {
			closed = closed && i+k < len(m.runes) && m.runes[i+k] == q
		}
		if closed {
			return i + mark
		}
	}
	return len(m.runes)
}

// oneLine is an expression on one line: line breaks and the blanks beside them
// are one blank. Comments would swallow the rest, so one that has them stays.
func oneLine(src string) string {
	src = strings.TrimSpace(src)
	if !strings.Contains(src, "\n") || strings.Contains(src, "//") || strings.Contains(src, `"""`) || strings.Contains(src, "'''") {
		return src
	}
	lines := strings.Split(src, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, " ")
}

// operatorKind is what a call is to a reader.
func operatorKind(name string) string {
	switch name {
	case operators.LogicalAnd:
		return "and"
	case operators.LogicalOr:
		return "or"
	case operators.LogicalNot:
		return "not"
	case operators.Conditional:
		return "if"
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
		return "compare"
	case operators.Has:
		return "has"
	}
	return "call"
}
