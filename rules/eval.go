package rules

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Expr is a compiled expression. Safe for concurrent use.
type Expr struct {
	set   *Set
	src   string
	typ   Type
	elem  *types.Type // of a list: what its elements are
	prog  cel.Program
	scope *scope // it was compiled in; what explains it compiles its parts there
	slots map[string]*slot
	reads Reads
	edges edges
	logic *logic // of a condition; nil for other types
}

// Type of e.
func (e *Expr) Type() Type { return e.typ }

// Item is what one element of e's list is, for Scope.Items; ok is false when e is
// no list of objects or texts.
func (e *Expr) Item() (it Item, ok bool) {
	if e.typ == Strings {
		return Item{Type: String}, true
	}
	if e.elem != nil && e.elem.Kind() == types.StructKind && e.set.objects[e.elem.TypeName()] != nil {
		return Item{Object: e.elem.TypeName()}, true
	}
	return Item{}, false
}

// Source is the text it was compiled from.
func (e *Expr) Source() string { return e.src }

// Truth of a condition: an unset field makes it Unknown, which never fires.
type Truth int

// The truths.
const (
	False Truth = iota
	True
	Unknown
)

// Bool evaluates a condition. Unset names the fields that made it Unknown. The
// error is a runtime error of the expression (cost limit, division by zero).
func (e *Expr) Bool(f *Facts) (t Truth, unset []string, err error) {
	return e.truth(e.set.evaluation(f))
}

// Value evaluates to the Go value of e.Type(); ok is false when a field it needs
// is unset. Of type Any, a list of objects is []Record, other lists are []any.
func (e *Expr) Value(f *Facts) (v any, ok bool, err error) {
	return e.value(e.set.evaluation(f))
}

func (e *Expr) truth(ev *evaluation) (Truth, []string, error) {
	switch v := e.eval(ev).(type) {
	case types.Bool:
		if v {
			return True, nil, nil
		}
		return False, nil, nil
	case *types.Unknown:
		return Unknown, unsetNames(v), nil
	case *types.Err:
		return Unknown, nil, runtimeError(v)
	default:
		return Unknown, nil, errors.New("the expression is no condition: it gave " + typeWords(v.Type().TypeName()))
	}
}

func (e *Expr) value(ev *evaluation) (any, bool, error) {
	v := e.eval(ev)
	if types.IsUnknown(v) {
		return nil, false, nil
	}
	if types.IsError(v) {
		return nil, false, runtimeError(v)
	}
	out, err := goValue(v)
	if err != nil {
		return nil, false, err
	}
	if items, empty := out.([]any); empty && e.typ == Strings && len(items) == 0 {
		return []string{}, true, nil
	}
	return out, true, nil
}

// eval is e's value, an unknown or an error value; never nil.
func (e *Expr) eval(ev *evaluation) ref.Val {
	outer := ev.edges
	ev.edges = e.edges
	v, _, err := e.prog.Eval(activation{e, ev})
	ev.edges = outer
	if err != nil {
		return types.WrapErr(err)
	}
	return v
}

// activation answers the names of one expression from the facts.
type activation struct {
	expr *Expr
	ev   *evaluation
}

// ResolveName implements cel.Activation.
func (a activation) ResolveName(name string) (any, bool) {
	s, ok := a.expr.slots[name]
	if !ok {
		return nil, false
	}
	return a.ev.read(s), true
}

// Parent implements cel.Activation.
func (activation) Parent() cel.Activation { return nil }

// evaluation is one question asked of facts, with what it has computed so far.
// It is also the value of the hidden argument of functions that read facts.
type evaluation struct {
	set       *Set
	facts     *Facts
	inputs    Record
	locals    map[string]ref.Val // what loops bind, while their parts are explained
	objects   map[string][]Record
	lists     map[string]ref.Val
	series    map[string]*seriesVal
	scores    map[*score]ScoreResult
	decisions map[*decision]DecisionResult
	segments  map[*segment]ref.Val
	edges     edges // of the expression that is being evaluated
}

func (s *Set) evaluation(f *Facts) *evaluation { return &evaluation{set: s, facts: f} }

func (ev *evaluation) ConvertToNative(reflect.Type) (any, error) { return nil, errConvert }

func (ev *evaluation) ConvertToType(t ref.Type) ref.Val { return sameType(ev, factsType, t) }

func (ev *evaluation) Equal(other ref.Val) ref.Val { return types.Bool(ev == other) }

func (ev *evaluation) Type() ref.Type { return factsType }

func (ev *evaluation) Value() any { return ev }

// read is the value of a name.
func (ev *evaluation) read(s *slot) ref.Val {
	switch s.origin {
	case fromAccount:
		return field(ev.facts.Account, s)
	case fromContact:
		return field(ev.facts.Contact, s)
	case fromEvent:
		return field(ev.facts.Event, s)
	case fromStep:
		return field(ev.facts.Steps[s.step], s)
	case fromItem:
		return field(ev.facts.Items[s.step], s)
	case fromInput:
		return field(ev.inputs, s)
	case fromNow:
		return ev.moment()
	case fromLocal:
		return ev.locals[s.name]
	case fromObjects:
		return ev.list(s.object)
	case fromMetric:
		return ev.seriesOf(s.metric).value()
	case fromSeries:
		return ev.seriesOf(s.metric)
	case fromScore:
		return ev.scoreValue(s)
	case fromDecision:
		return ev.decisionValue(s)
	case fromSegment:
		return ev.segmentValue(s)
	case fromFacts:
		return ev
	case fromHas:
		v := ev.read(s.tested)
		if types.IsError(v) {
			return v
		}
		return types.Bool(!types.IsUnknown(v))
	}
	return s.unset
}

func field(r Record, s *slot) ref.Val {
	v, ok := r[s.field]
	if !ok || v == nil {
		return s.unset
	}
	out := celValue(s.typ, v)
	if types.IsError(out) {
		return types.NewErr("%s: %s", s.name, out)
	}
	return out
}

// records are the account's objects of a kind, asked for once.
func (ev *evaluation) records(kind string) []Record {
	if list, ok := ev.objects[kind]; ok || ev.facts.Objects == nil {
		return list
	}
	if ev.objects == nil {
		ev.objects = map[string][]Record{}
	}
	ev.objects[kind] = ev.facts.Objects(kind)
	return ev.objects[kind]
}

// list is the objects as CEL's list.
func (ev *evaluation) list(o *object) ref.Val {
	if l, ok := ev.lists[o.name]; ok {
		return l
	}
	recs := ev.records(o.name)
	vals := make([]ref.Val, len(recs))
	for i, r := range recs {
		vals[i] = &objectVal{kind: o, rec: r}
	}
	if ev.lists == nil {
		ev.lists = map[string]ref.Val{}
	}
	ev.lists[o.name] = types.NewRefValList(adapter{}, vals)
	return ev.lists[o.name]
}

// seriesOf is the buckets of a metric, asked for once.
func (ev *evaluation) seriesOf(m *metric) *seriesVal {
	if s, ok := ev.series[m.name]; ok {
		return s
	}
	s := &seriesVal{metric: m, today: dateOf(ev.facts.Now.UTC()), ev: ev}
	if ev.facts.Series != nil {
		s.days = ev.facts.Series(m.name)
	}
	if ev.series == nil {
		ev.series = map[string]*seriesVal{}
	}
	ev.series[m.name] = s
	return s
}

// absent reports whether v says that a map or a list has no such place.
func absent(v ref.Val) bool {
	e, ok := v.(*types.Err)
	return ok && slices.ContainsFunc([]string{"no such key", "no such field", "index out of bounds", "unsupported index type"}, func(has string) bool {
		return strings.Contains(e.Error(), has)
	})
}

// runtimeError is what went wrong while an expression was evaluated, in our words.
func runtimeError(v ref.Val) error {
	e, ok := v.(*types.Err)
	if !ok {
		return errors.New("the expression gave " + typeWords(v.Type().TypeName()))
	}
	msg := e.Error()
	for _, known := range []struct{ has, say string }{
		{"cost limit exceeded", "the expression does too much work"},
		{"divide by zero", "division by zero"},
		{"modulus by zero", "division by zero"},
		{"no such overload", "an operator or function does not take values of these types"},
		{"no such key", "a map has no such key"},
		{"no such field", "a map has no such key"},
		{"index out of bounds", "a list has no such place"},
		{"invalid_argument", "a value is out of range"},
		{"overflow", "a number is too large"},
		{"internal error", "the expression could not be evaluated"},
	} {
		if strings.Contains(msg, known.has) {
			return errors.New(known.say)
		}
	}
	return errors.New(msg)
}
