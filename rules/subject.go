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

// subject is what is compared: a field, or an expression by its text.
type subject struct {
	key    string // what it is, by structure: equal keys have equal values
	label  string // as written: account.arr, days_until(account.renewal_date)
	names  string // the names it reads, joined: two subjects that share one depend on each other
	kind   subjectKind
	typ    Type
	enum   string // its texts, joined by NUL; "" = open
	opaque bool   // stands for a whole condition that could not be looked into
	asked  Ask    // the account's field that it is, or counts the days of; no Field: none
}

type subjectKind int

const (
	asBool subjectKind = iota
	asNumber
	asText
)

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
			return subject{key: slot.name, label: slot.name, names: slot.name, kind: kind, typ: slot.typ, enum: strings.Join(slot.enum, "\x00"), asked: s.asked(e)}
		}
	}
	return subject{key: structure(e), label: s.text(e), names: s.names(e), kind: kind, typ: s.typeOf(e), asked: s.asked(e)}
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
