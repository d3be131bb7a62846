package rules

import (
	"slices"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// Term is a condition as a database may be asked it: what is wanted of the
// account's own fields, and where the condition looks at anything else, Opaque.
// An opaque term may be true, false or neither.
type Term struct {
	Op   TermOp
	Kids []Term // TermNot: one; TermIf: condition, then, else
	Ask  Ask    // TermAsk
	True bool   // TermConst
}

// TermOp is what a term is.
type TermOp int

// The terms.
const (
	TermOpaque TermOp = iota
	TermConst
	TermAsk
	TermNot
	TermAnd
	TermOr
	TermIf
)

// Ask compares one field of the account. It is neither true nor false while the
// field is unset, unless Has.
type Ask struct {
	Field string
	Type  Type
	Has   bool // asks whether it is set; nothing below applies
	// Days asks for the number of local days from today to the field's (1), or from
	// the field's to today (-1), and not for the field.
	Days int
	// Cmp is "<", "<=", ">", ">=", "==" or "!="; texts and truths know the last two.
	Cmp  string
	Num  float64 // days, or the number as it is stored: money in major units
	Text string
	At   time.Time // of a date or a moment
}

// Term is nil of nothing, and opaque of what is no condition.
func (e *Expr) Term() Term {
	if e == nil {
		return Term{Op: TermConst, True: true}
	}
	if e.logic == nil {
		return Term{}
	}
	return e.logic.term()
}

var termOps = map[logicOp]TermOp{opNot: TermNot, opAnd: TermAnd, opOr: TermOr, opIf: TermIf}

func (l *logic) term() Term {
	switch l.op {
	case opConst:
		return Term{Op: TermConst, True: l.ask.truth}
	case opAsk:
		return l.ask.term()
	case opNot, opAnd, opOr, opIf:
	}
	t := Term{Op: termOps[l.op]}
	for _, k := range l.kids {
		t.Kids = append(t.Kids, k.term())
	}
	return t
}

var termCmp = map[string]string{
	operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">", operators.GreaterEquals: ">=",
	operators.Equals: "==", operators.NotEquals: "!=",
}

func (a ask) term() Term {
	f := a.of.asked
	if f.Field == "" || a.of.opaque {
		return Term{}
	}
	f.Cmp = termCmp[a.op]
	switch {
	case a.op == "has":
		f.Has = true
	case f.Days != 0:
		f.Num = a.num
	case a.of.kind == asBool && f.Type == Bool:
		f.Cmp, f.Text = "==", "true"
	case a.of.kind == asText && f.Type == String:
		f.Text = a.texts[0]
	case a.of.kind != asNumber:
		return Term{}
	case f.Type == Int || f.Type == Double:
		f.Num = a.num
	case f.Type == Money:
		f.Num = a.num / 100
	case f.Type == Date:
		f.At = dateVal(a.num).time()
	case f.Type == Timestamp:
		f.At = time.Unix(int64(a.num), 0).UTC()
	default:
		return Term{}
	}
	return Term{Op: TermAsk, Ask: f}
}

// asked is the account's field that e is, or counts the days to or from.
func (s shaper) asked(e ast.Expr) Ask {
	days := 0
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		args := slices.DeleteFunc(slices.Clone(call.Args()), func(a ast.Expr) bool { return a.Kind() == ast.IdentKind && a.AsIdent() == factsName })
		if len(args) != 1 || call.IsMemberFunction() {
			return Ask{}
		}
		switch call.FunctionName() {
		case funcDaysUntil.Name:
			days = 1
		case funcDaysSince.Name:
			days = -1
		default:
			return Ask{}
		}
		e = args[0]
	}
	if e.Kind() != ast.IdentKind {
		return Ask{}
	}
	slot := s.c.slots[e.AsIdent()]
	if slot == nil || slot.origin != fromAccount {
		return Ask{}
	}
	return Ask{Field: slot.field, Type: slot.typ, Days: days}
}
