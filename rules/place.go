package rules

import (
	"strings"
	"unicode"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"holdfast/internal/diag"
)

// place is a stretch of the source in runes, end exclusive.
type place struct{ start, end int }

// report adds an error at p.
func (c *compiler) report(p place, check, hint, format string, args ...any) {
	c.diags.Errorf(c.span(p), check, hint, format, args...)
}

// span is p in the author's file; what goes on in the next line is cut.
func (c *compiler) span(p place) diag.Span {
	if len(c.spans) == 0 {
		return diag.Span{Line: 1, Col: p.start + 1, End: p.end + 1}
	}
	at := c.spans[min(max(p.start, 0), len(c.spans)-1)]
	for i := p.start + 1; i < p.end && i < len(c.spans); i++ {
		if s := c.spans[i]; s.Line == at.Line && s.Col >= at.Col {
			at.End = max(at.End, s.Col+1, s.End)
		}
	}
	return at
}

// extent is where e is written, from its first rune to its last.
func (c *compiler) extent(e ast.Expr) place {
	if p, ok := c.places[e.ID()]; ok {
		return p
	}
	own, ok := c.tree.SourceInfo().GetOffsetRange(e.ID())
	at := int(own.Start)
	if !ok || at < 0 || at > len(c.runes) {
		return place{0, len(c.runes)}
	}
	switch e.Kind() {
	case ast.SelectKind:
		return place{c.extent(e.AsSelect().Operand()).start, c.wordEnd(c.skipSpace(at + 1))}
	case ast.CallKind:
		return c.callExtent(e, at)
	case ast.ComprehensionKind:
		return place{c.extent(e.AsComprehension().IterRange()).start, c.closing(c.lastOf(e))}
	case ast.ListKind, ast.MapKind:
		return place{at, c.closing(at + 1)}
	case ast.StructKind:
		return place{max(0, at-len([]rune(e.AsStruct().TypeName()))), c.closing(at + 1)}
	case ast.LiteralKind:
		return place{at, c.literalEnd(e, at)}
	}
	return place{at, c.wordEnd(at)}
}

// lastOf is where the last node below e begins.
func (c *compiler) lastOf(e ast.Expr) int {
	last := 0
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(n ast.Expr) {
		if own, ok := c.tree.SourceInfo().GetOffsetRange(n.ID()); ok {
			last = max(last, int(own.Start))
		}
	}))
	return min(last+1, len(c.runes))
}

func (c *compiler) callExtent(e ast.Expr, at int) place {
	call := e.AsCall()
	args := call.Args()
	name := call.FunctionName()
	_, isOperator := operators.FindReverse(name)
	switch {
	case name == operators.Index && len(args) == 2:
		return place{c.extent(args[0]).start, c.closing(c.extent(args[1]).end)}
	case isOperator && len(args) == 1:
		return place{at, c.extent(args[0]).end}
	case isOperator && len(args) > 1:
		return place{c.extent(args[0]).start, c.extent(args[len(args)-1]).end}
	}
	end := at + 1
	if len(args) > 0 {
		end = c.extent(args[len(args)-1]).end
	}
	start := at // the parenthesis; the name is before it
	if call.IsMemberFunction() {
		start = c.extent(call.Target()).start
	} else {
		for start > 0 && unicode.IsSpace(c.runes[start-1]) {
			start--
		}
		start = max(0, start-len([]rune(name)))
	}
	return place{start, c.closing(end)}
}

// closing is after the bracket that closes what is open at i; strings are passed.
func (c *compiler) closing(i int) int {
	depth := 0
	for ; i < len(c.runes); i++ {
		switch r := c.runes[i]; r {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth == 0 {
				return i + 1
			}
			depth--
		case '"', '\'':
			for i++; i < len(c.runes) && c.runes[i] != r; i++ {
				if c.runes[i] == '\\' {
					i++
				}
			}
		}
	}
	return len(c.runes)
}

func (c *compiler) skipSpace(i int) int {
	for i < len(c.runes) && unicode.IsSpace(c.runes[i]) {
		i++
	}
	return i
}

func (c *compiler) wordEnd(i int) int {
	for i < len(c.runes) && (unicode.IsLetter(c.runes[i]) || unicode.IsDigit(c.runes[i]) || c.runes[i] == '_') {
		i++
	}
	return i
}

func (c *compiler) literalEnd(e ast.Expr, at int) int {
	if at >= len(c.runes) {
		return at
	}
	if _, isText := e.AsLiteral().(types.String); isText {
		for i := at; i < len(c.runes); i++ {
			if q := c.runes[i]; q == '"' || q == '\'' {
				for i++; i < len(c.runes) && c.runes[i] != q; i++ {
					if c.runes[i] == '\\' {
						i++
					}
				}
				return min(i+1, len(c.runes))
			}
		}
	}
	i := at
	for i < len(c.runes) && (strings.ContainsRune("+-.", c.runes[i]) && i == at || unicode.IsLetter(c.runes[i]) || unicode.IsDigit(c.runes[i]) || c.runes[i] == '.') {
		i++
	}
	return i
}

func join(parts []string) string { return strings.Join(parts, ".") }
