package rules

import (
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// logic is the shape of a condition: what is asked of which value, so that
// conditions can be compared without facts. Terms that it cannot look into are
// opaque: they may be true, false or unknown, each by itself.
type logic struct {
	op   logicOp
	kids []*logic
	ask  ask
}

type logicOp int

const (
	opConst logicOp = iota // ask.truth
	opAsk
	opNot
	opAnd
	opOr
	opIf // kids: condition, then, else
)

// ask compares one subject with literals.
type ask struct {
	of    subject
	truth bool // opConst
	op    string
	num   float64
	texts []string // one for ==, several for in
}

// shape is the logic of a checked condition.
func (c *compiler) shape(e ast.Expr, typeOf func(ast.Expr) Type) *logic {
	s := shaper{c: c, typeOf: typeOf}
	return s.of(e)
}

type shaper struct {
	c      *compiler
	typeOf func(ast.Expr) Type
}

func (s shaper) of(e ast.Expr) *logic {
	switch e.Kind() {
	case ast.LiteralKind:
		if b, ok := e.AsLiteral().(types.Bool); ok {
			return &logic{op: opConst, ask: ask{truth: bool(b)}}
		}
	case ast.IdentKind:
		return s.ident(e)
	case ast.CallKind:
		if l := s.call(e); l != nil {
			return l
		}
	case ast.ComprehensionKind, ast.ListKind, ast.MapKind, ast.SelectKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return s.opaque(e)
}

func (s shaper) ident(e ast.Expr) *logic {
	if slot := s.c.slots[e.AsIdent()]; slot != nil && slot.origin == fromHas {
		of := subject{key: slot.tested.name, label: slot.tested.name, names: slot.tested.name, kind: asBool, typ: Bool}
		if slot.tested.origin == fromAccount {
			of.asked = Ask{Field: slot.tested.field, Type: slot.tested.typ}
		}
		return &logic{op: opAsk, ask: ask{of: of, op: "has"}}
	}
	return &logic{op: opAsk, ask: ask{of: s.subject(e, asBool), op: "is"}}
}

func (s shaper) opaque(e ast.Expr) *logic {
	of := s.subject(e, asBool)
	of.opaque = true
	return &logic{op: opAsk, ask: ask{of: of, op: "is"}}
}

var logicOps = map[string]logicOp{operators.LogicalNot: opNot, operators.LogicalAnd: opAnd, operators.LogicalOr: opOr, operators.Conditional: opIf}

// turned is a comparison with its sides exchanged.
var turned = map[string]string{
	operators.Less: operators.Greater, operators.Greater: operators.Less,
	operators.LessEquals: operators.GreaterEquals, operators.GreaterEquals: operators.LessEquals,
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
}

func (s shaper) call(e ast.Expr) *logic {
	call := e.AsCall()
	args := call.Args()
	name := call.FunctionName()
	if op, ok := logicOps[name]; ok {
		l := &logic{op: op}
		for _, a := range args {
			l.kids = append(l.kids, s.of(a))
		}
		return l
	}
	if len(args) != 2 {
		return nil
	}
	if name == operators.In {
		return s.in(args[0], args[1])
	}
	if turned[name] == "" {
		return nil
	}
	left, right := args[0], args[1]
	if _, _, ok := literalValue(left); ok {
		left, right, name = right, left, turned[name]
	}
	num, text, ok := literalValue(right)
	a := ask{op: name, num: num}
	if l, lt, both := literalValue(left); both && lt == nil && text == nil && ok {
		a.of.kind = asNumber
		return &logic{op: opConst, ask: ask{truth: a.at(cell{lo: l, hi: l}) == True}}
	} else if both || !ok {
		return nil
	}
	switch {
	case text == nil:
		a.of = s.subject(left, asNumber)
	case name != operators.Equals && name != operators.NotEquals:
		return nil
	default:
		a.of, a.texts = s.subject(left, asText), []string{*text}
		if *text == "\x00true" || *text == "\x00false" {
			l := s.of(left)
			if (*text == "\x00true") != (name == operators.Equals) {
				l = &logic{op: opNot, kids: []*logic{l}}
			}
			return l
		}
	}
	return &logic{op: opAsk, ask: a}
}

// in is membership in a list of literals.
func (s shaper) in(e, list ast.Expr) *logic {
	if list.Kind() != ast.ListKind {
		return nil
	}
	l := &logic{op: opOr}
	for _, item := range list.AsList().Elements() {
		num, text, ok := literalValue(item)
		switch {
		case !ok:
			return nil
		case text == nil:
			l.kids = append(l.kids, &logic{op: opAsk, ask: ask{of: s.subject(e, asNumber), op: operators.Equals, num: num}})
		case strings.HasPrefix(*text, "\x00"):
			return nil
		default:
			l.kids = append(l.kids, &logic{op: opAsk, ask: ask{of: s.subject(e, asText), op: operators.Equals, texts: []string{*text}}})
		}
	}
	return l
}
