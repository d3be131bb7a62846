package rules

import (
	"fmt"
	"strings"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// node explains one part and what is below it.
func (x *explainer) node(e ast.Expr) Node {
	n := Node{Text: x.code.text(e), Is: "other", State: "unread"}
	part, v := x.eval(n.Text)
	if v != nil {
		x.take(&n, v)
	}
	switch e.Kind() {
	case ast.IdentKind, ast.SelectKind:
		x.name(&n, e, part)
	case ast.CallKind:
		x.call(&n, e)
	case ast.ListKind, ast.MapKind:
		n.Parts = x.operands(x.code.below(e))
	case ast.LiteralKind, ast.ComprehensionKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return n
}

// operands are the parts that are worth a word: a literal is not.
func (x *explainer) operands(es []ast.Expr) []Node {
	var out []Node
	for _, e := range es {
		if e.Kind() != ast.LiteralKind {
			out = append(out, x.node(e))
		}
	}
	return out
}

func (x *explainer) call(n *Node, e ast.Expr) {
	if name, ok := loop(e); ok {
		n.Is = name
		x.loop(n, e)
		return
	}
	name := e.AsCall().FunctionName()
	n.Is = operatorKind(name)
	switch n.Is {
	case "and", "or":
		n.Parts = x.operands(x.code.chain(e, name))
		enough := "false"
		if n.Is == "or" {
			enough = "true"
		}
		for i := range n.Parts {
			n.Parts[i].Moot = n.State == enough && n.Parts[i].State != enough
		}
	case "if":
		for _, part := range x.code.below(e) {
			n.Parts = append(n.Parts, x.node(part))
		}
		if len(n.Parts) == 3 {
			n.Parts[1].Moot = n.Parts[0].State != "true"
			n.Parts[2].Moot = n.Parts[0].State != "false"
		}
	case "has":
		if inner := x.code.below(e); len(inner) == 1 {
			part, _ := x.eval(x.code.text(inner[0]))
			x.name(n, inner[0], part)
			n.Is, n.Score, n.Decision = "has", nil, nil
		}
	default:
		n.Parts = x.operands(x.code.below(e))
	}
}

// loop explains exists, all, exists_one, map and filter element by element.
func (x *explainer) loop(n *Node, e ast.Expr) {
	parts := x.code.below(e)
	if len(parts) < 3 || parts[1].Kind() != ast.IdentKind {
		return
	}
	list := x.node(parts[0])
	n.Parts = []Node{list}
	over, v := x.eval(list.Text)
	l, ok := v.(traits.Lister)
	if !ok {
		return
	}
	elem := types.DynType
	if over.elem != nil {
		elem = over.elem
	}
	body := parts[len(parts)-1]
	for it := l.Iterator(); it.HasNext() == types.True; {
		item := it.Next()
		if len(n.Items) == maxItems {
			n.More++
			continue
		}
		found := x.within(parts[1].AsIdent(), elem, item).node(body)
		n.Items = append(n.Items, Element{Label: x.label(item), Node: found})
	}
	enough := map[string]string{"exists": "true", "all": "false"}[n.Is]
	for i := range n.Items {
		is := &n.Items[i].Node
		is.Moot = enough != "" && n.State == enough && is.State != enough
	}
}

// maxItems is how many elements of a loop are explained.
const maxItems = 50

// name explains a field, a metric, or a rule, which it unfolds.
func (x *explainer) name(n *Node, e ast.Expr, part *Expr) {
	if _, ok := path(e); !ok || part == nil {
		n.Parts = x.operands(x.code.below(e))
		return
	}
	n.Is = "name"
	for _, s := range part.slots {
		if s.origin == fromFacts {
			continue
		}
		if s.origin == fromHas {
			s = s.tested
		}
		n.Name = s.name
		switch s.origin { //nolint:exhaustive // what else there is says enough by its name
		case fromAccount, fromContact:
			if x.say.Origin != nil {
				n.Origin = x.say.Origin(s.name)
			}
		default:
			x.unfold(n, s)
		}
	}
}

// unfold shows what is behind the name of a rule.
func (x *explainer) unfold(n *Node, s *slot) {
	if x.depth >= maxUnfold {
		return
	}
	inner := *x
	inner.depth++
	switch s.origin {
	case fromSegment:
		if s.segment.when != nil {
			n.Parts = []Node{inner.expr(s.segment.when)}
		}
	case fromScore:
		n.Score = inner.score(s.score)
	case fromDecision:
		n.Decision = inner.decision(s.decision)
	case fromInput:
		// Its own expression is explained with the decision's inputs.
	case fromNow, fromAccount, fromContact, fromEvent, fromStep, fromObjects, fromMetric, fromSeries, fromFacts, fromHas, fromLocal, fromItem:
	}
}

func (x *explainer) score(sc *score) *ScoreTree {
	out := &ScoreTree{Name: sc.label, Signals: []SignalTree{}}
	r, err := x.ev.score(sc)
	if err == nil {
		out.Known, out.Value, out.Band = r.Known, r.Value, r.Band
	}
	for i, sig := range sc.signals {
		t := SignalTree{Name: sig.name, Weight: sig.weight, Node: x.expr(sig.expr)}
		if err == nil && i < len(r.Signals) {
			t.Known, t.Value = r.Signals[i].Known, r.Signals[i].Value
		}
		out.Signals = append(out.Signals, t)
	}
	return out
}

func (x *explainer) decision(d *decision) *DecisionTree {
	out := &DecisionTree{Name: d.label, Rows: []Node{}}
	r, err := x.ev.decide(d, nil)
	if err == nil {
		out.Row, out.Else = r.Row, r.Else
	}
	ev := *x.ev
	ev.inputs = Record{}
	for _, in := range d.inputs {
		if in.expr == nil {
			continue
		}
		out.Inputs = append(out.Inputs, Input{Name: in.name, Node: x.expr(in.expr)})
		if v, ok, err := in.expr.value(x.ev); err == nil && ok {
			ev.inputs[in.name] = v
		}
	}
	inner := *x
	inner.ev = &ev
	for i, row := range d.rows {
		if row.when == nil || out.Row > 0 && i >= out.Row {
			break
		}
		out.Rows = append(out.Rows, inner.expr(row.when))
	}
	return out
}

// label names an element of a list.
func (x *explainer) label(v ref.Val) string {
	if o, ok := v.(*objectVal); ok {
		if key, ok := o.rec[o.kind.key].(string); ok && key != "" {
			return o.kind.name + " " + quiet(key)
		}
		return "a " + o.kind.name
	}
	return x.words(v)
}

// quiet is text without anything that a terminal would act on.
func quiet(s string) string {
	q := fmt.Sprintf("%q", s)
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	if r := []rune(q); len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return q
}

// maxText is how much of a text value is shown.
const maxText = 80
