package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
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

// subject is what is compared: a field, or an expression by its text.
type subject struct {
	key    string // what it is, by structure: equal keys have equal values
	label  string // as written: account.arr, days_until(account.renewal_date)
	names  string // the names it reads, joined: two subjects that share one depend on each other
	kind   subjectKind
	typ    Type
	enum   string // its texts, joined by NUL; "" = open
	opaque bool   // stands for a whole condition that could not be looked into
}

type subjectKind int

const (
	asBool subjectKind = iota
	asNumber
	asText
)

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

// literalValue is a literal as a number or as a text; a truth is a text no author can write.
func literalValue(e ast.Expr) (num float64, text *string, ok bool) {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == overloads.TypeConvertTimestamp && len(e.AsCall().Args()) == 1 && isText(e.AsCall().Args()[0]) {
		t, err := time.Parse(time.RFC3339, string(e.AsCall().Args()[0].AsLiteral().(types.String)))
		return float64(t.Unix()), nil, err == nil
	}
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.Negate && len(e.AsCall().Args()) == 1 {
		num, text, ok = literalValue(e.AsCall().Args()[0])
		return -num, text, ok && text == nil
	}
	if e.Kind() != ast.LiteralKind {
		return 0, nil, false
	}
	switch v := e.AsLiteral().(type) {
	case types.Int:
		return float64(v), nil, true
	case types.Double:
		return float64(v), nil, true
	case moneyVal:
		return float64(v), nil, true
	case percentVal:
		return float64(v), nil, true
	case dateVal:
		return float64(v), nil, true
	case types.Duration:
		return v.Seconds(), nil, true
	case types.String:
		t := string(v)
		return 0, &t, true
	case types.Bool:
		t := "\x00false"
		if v {
			t = "\x00true"
		}
		return 0, &t, true
	}
	return 0, nil, false
}

// subject names e: by its slot, or by its text.
func (s shaper) subject(e ast.Expr, kind subjectKind) subject {
	for e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "double" && len(e.AsCall().Args()) == 1 {
		e = e.AsCall().Args()[0]
	}
	if e.Kind() == ast.IdentKind {
		if slot := s.c.slots[e.AsIdent()]; slot != nil {
			return subject{key: slot.name, label: slot.name, names: slot.name, kind: kind, typ: slot.typ, enum: strings.Join(slot.enum, "\x00")}
		}
	}
	return subject{key: structure(e), label: s.text(e), names: s.names(e), kind: kind, typ: s.typeOf(e)}
}

// text of e as written, on one line.
func (s shaper) text(e ast.Expr) string {
	at := s.c.extent(e)
	if at.start < 0 || at.end > len(s.c.runes) || at.end <= at.start {
		at = place{0, len(s.c.runes)}
	}
	return strings.Join(strings.Fields(string(s.c.runes[at.start:at.end])), " ")
}

// structure is e without its places: two expressions of one structure have one value.
func structure(e ast.Expr) string {
	var b strings.Builder
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(n ast.Expr) {
		switch n.Kind() {
		case ast.LiteralKind:
			fmt.Fprintf(&b, "%T%v", n.AsLiteral(), n.AsLiteral().Value())
		case ast.IdentKind:
			b.WriteString(n.AsIdent())
		case ast.SelectKind:
			fmt.Fprintf(&b, ".%s%t", n.AsSelect().FieldName(), n.AsSelect().IsTestOnly())
		case ast.CallKind:
			fmt.Fprintf(&b, "%s(%d)", n.AsCall().FunctionName(), len(n.AsCall().Args()))
		case ast.ListKind:
			fmt.Fprintf(&b, "[%d]", n.AsList().Size())
		case ast.MapKind:
			fmt.Fprintf(&b, "{%d}", n.AsMap().Size())
		case ast.ComprehensionKind:
			fmt.Fprintf(&b, "loop %s %s", n.AsComprehension().IterVar(), n.AsComprehension().AccuVar())
		case ast.StructKind, ast.UnspecifiedExprKind:
		}
		b.WriteByte(' ')
	}))
	return b.String()
}

// names that e reads, sorted and joined.
func (s shaper) names(e ast.Expr) string {
	var out []string
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(n ast.Expr) {
		if n.Kind() == ast.IdentKind && s.c.slots[n.AsIdent()] != nil {
			out = append(out, n.AsIdent())
		}
	}))
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "\x00")
}
