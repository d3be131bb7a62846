package rules

import (
	"encoding/json"
	"strings"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// DecisionResult is what a decision says of one account.
type DecisionResult struct {
	Row     int      // which row held, from 1; 0 none
	Else    bool     // it was the else row
	Outputs Record   // unset ones are absent
	Unset   []string // fields for want of which rows above did not hold
}

// Decisions are the declared decisions, sorted.
func (s *Set) Decisions() []string { return sortedKeys(s.decisions) }

// Scores are the declared scores, sorted.
func (s *Set) Scores() []string { return sortedKeys(s.scores) }

// DecisionFields are the outputs of a decision, by name; nil when it is not declared.
func (s *Set) DecisionFields(name string) []Field {
	d := s.decisions[name]
	if d == nil {
		return nil
	}
	return (&fieldSet{byName: d.outputs}).list()
}

// DecisionInputs are the inputs that whoever asks must give.
func (s *Set) DecisionInputs(name string) []Field {
	d := s.decisions[name]
	if d == nil {
		return nil
	}
	var out []Field
	for _, in := range d.inputs {
		if in.expr == nil {
			out = append(out, Field{Name: in.name, Type: in.typ})
		}
	}
	return out
}

// Decide asks a decision; inputs are typed values of those it leaves open. A row
// whose condition is unknown does not hold. The error is not_found for a
// decision that is not declared, else a runtime error of one of its expressions.
func (s *Set) Decide(name string, inputs Record, f *Facts) (DecisionResult, error) {
	d := s.decisions[name]
	if d == nil {
		return DecisionResult{}, notFound("decision", name)
	}
	return s.evaluation(f).decide(d, inputs)
}

func (ev *evaluation) decide(d *decision, given Record) (DecisionResult, error) {
	res := DecisionResult{Outputs: Record{}}
	if d.broken {
		return res, brokenRule(d.name)
	}
	inner := *ev
	inner.inputs = Record{}
	for _, in := range d.inputs {
		if in.expr == nil {
			if v, ok := given[in.name]; ok {
				inner.inputs[in.name] = v
			}
			continue
		}
		v, ok, err := in.expr.value(ev)
		if err != nil {
			return res, wrapf(err, "decision %s, input %s", d.label, in.name)
		}
		if ok {
			inner.inputs[in.name] = v
		}
	}
	for i, r := range d.rows {
		if r.when != nil {
			t, unset, err := r.when.truth(&inner)
			if err != nil {
				return res, wrapf(err, "decision %s, row %d", d.label, i+1)
			}
			res.Unset = append(res.Unset, unset...)
			if t != True {
				continue
			}
		}
		res.Row, res.Else = i+1, r.when == nil
		for _, name := range sortedKeys(r.then) {
			v, ok, err := r.then[name].of(&inner, d.outputs[name].Type)
			if err != nil {
				return res, wrapf(err, "decision %s, row %d, %s", d.label, i+1, name)
			}
			if ok {
				res.Outputs[name] = v
			}
		}
		break
	}
	return res, nil
}

// of is o's value in type t, which is Double when rows mix whole and other numbers.
func (o output) of(ev *evaluation, t Type) (any, bool, error) {
	v, ok := o.value, true
	if o.expr != nil {
		var err error
		if v, ok, err = o.expr.value(ev); err != nil || !ok {
			return nil, false, err
		}
	}
	if n, isInt := v.(int64); isInt && t == Double {
		return float64(n), true, nil
	}
	return v, ok, nil
}

// decisionValue is decide.x.out; each decision is asked once.
func (ev *evaluation) decisionValue(s *slot) ref.Val {
	r, ok := ev.decisions[s.decision]
	if !ok {
		var err error
		if r, err = ev.decide(s.decision, nil); err != nil {
			return types.NewErr("%s", err)
		}
		if ev.decisions == nil {
			ev.decisions = map[*decision]DecisionResult{}
		}
		ev.decisions[s.decision] = r
	}
	v, ok := r.Outputs[s.field]
	if !ok {
		return s.unset
	}
	return celValue(s.typ, v)
}

// literal is the type and typed value of a literal; "" is none.
func literal(v any) (Type, any) {
	switch v := v.(type) {
	case string:
		return String, v
	case bool:
		return Bool, v
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return Int, i
		}
		if f, err := v.Float64(); err == nil && strings.ContainsAny(v.String(), ".eE") {
			return Double, f
		}
	case []any:
		if list, err := Typed(Strings, v); err == nil {
			return Strings, list
		}
	}
	return "", nil
}
