package rules

import (
	"maps"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// outside is what an expression over a request of someone else's may name.
// Nothing of it is declared: all is looked up when it is there.
var outside = map[string]*types.Type{
	"body":   types.DynType,
	"header": types.NewMapType(types.StringType, types.StringType),
	"query":  types.NewMapType(types.StringType, types.StringType),
}

// Outside is a compiled expression over what someone else sent: body, header and
// query, and item where there is one. Safe for concurrent use.
type Outside struct{ expr *Expr }

// Sent is what an Outside reads. Values are JSON-shaped, as in a message's props;
// names of headers are in small letters.
type Sent struct {
	Body          any
	Header, Query map[string]string
	Item          any // of a list that the request holds
}

// CompileOutside compiles the CEL text of n; want is Bool or Any. With item, the
// expression also sees one item of a list. Findings go to l, and nil comes back
// then. It has the functions, and the limits of length, depth and cost, of all
// expressions of s.
func (s *Set) CompileOutside(n *source.Node, l *diag.List, what string, want Type, item bool) *Outside {
	sc := &scope{only: "outside", what: what, locals: outside}
	if item {
		sc.locals = maps.Clone(outside)
		sc.locals["item"] = types.DynType
	}
	ld := &loader{set: s}
	e := ld.expr(n, sc, want, what)
	l.Add(ld.diags.All...)
	if e == nil {
		return nil
	}
	return &Outside{e}
}

// Holds evaluates a condition. What is not there makes it false.
func (o *Outside) Holds(in Sent) (bool, error) {
	v, ok, err := o.Value(in)
	holds, _ := v.(bool)
	return ok && holds, err
}

// Value evaluates to a JSON-shaped value; ok is false when something that it names
// is not there, or is null. The error is a runtime error of the expression.
func (o *Outside) Value(in Sent) (v any, ok bool, err error) {
	ev := o.expr.set.evaluation(&Facts{})
	ev.locals = map[string]ref.Val{
		"body": adapter{}.NativeToValue(in.Body), "header": adapter{}.NativeToValue(in.Header),
		"query": adapter{}.NativeToValue(in.Query), "item": adapter{}.NativeToValue(in.Item),
	}
	out := o.expr.eval(ev)
	if types.IsUnknown(out) || absent(out) {
		return nil, false, nil
	}
	if types.IsError(out) {
		return nil, false, runtimeError(out)
	}
	if v, err = goValue(out); err != nil || v == nil {
		return nil, false, err
	}
	return Untyped(v), true, nil
}
