package rules

import (
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Node is one part of an expression with what it came to. Every part is
// evaluated, those too that the answer did not need: CEL's && and || take their
// sides in either order, and one that is enough makes the others Moot.
type Node struct {
	Text  string `json:"text"`            // as the author wrote it
	Is    string `json:"is"`              // and, or, not, if, has, exists, all, exists_one, map, filter, compare, call, name, other
	State string `json:"state"`           // true, false, value; unknown: a field is unset; error; unread: it means nothing alone
	Value string `json:"value,omitempty"` // in words, for state value
	// Unset are the fields for want of which it is unknown.
	Unset []string `json:"unset,omitempty"`
	Error string   `json:"error,omitempty"`
	Moot  bool     `json:"moot,omitempty"` // the answer is the same without it
	// Name of a field, metric, object list, score, decision or segment.
	Name     string        `json:"name,omitempty"`
	Origin   *Origin       `json:"origin,omitempty"` // of a field: what set it
	Parts    []Node        `json:"parts,omitempty"`
	Items    []Element     `json:"items,omitempty"` // what a loop found for each element
	More     int           `json:"more,omitempty"`  // elements left out of Items
	Score    *ScoreTree    `json:"score,omitempty"`
	Decision *DecisionTree `json:"decision,omitempty"`
}

// Element is one element of a loop and what the loop's expression says of it.
type Element struct {
	Label string `json:"label"` // "subscription s1", or the value
	Node  Node   `json:"node"`
}

// ScoreTree is a score unfolded, signal by signal.
type ScoreTree struct {
	Name    string       `json:"name"`
	Known   bool         `json:"known"`
	Value   float64      `json:"value"` // 0 to 100
	Band    string       `json:"band,omitempty"`
	Signals []SignalTree `json:"signals"`
}

// SignalTree is one signal of a score; Value is 0 to 100 and counts by Weight.
type SignalTree struct {
	Name   string  `json:"name"`
	Weight float64 `json:"weight"`
	Known  bool    `json:"known"`
	Value  float64 `json:"value"`
	Node   Node    `json:"node"`
}

// DecisionTree is a decision unfolded: its inputs, and its rows up to the one
// that held (0: none; the rows after it were not asked).
type DecisionTree struct {
	Name   string  `json:"name"`
	Row    int     `json:"row"`
	Else   bool    `json:"else,omitempty"`
	Inputs []Input `json:"inputs,omitempty"`
	Rows   []Node  `json:"rows"` // the else row has no condition and is left out
}

// Input of a decision.
type Input struct {
	Name string `json:"name"`
	Node Node   `json:"node"`
}

// Origin is what set a field.
type Origin struct {
	Never   bool      `json:"never,omitempty"` // nothing ever did
	At      time.Time `json:"at,omitzero"`     // the event time
	Message string    `json:"message,omitempty"`
	Kind    string    `json:"kind,omitempty"` // of the message: group, identify, an event's name; "derived" has no message
}

// Explaining is how an explanation is worded.
type Explaining struct {
	Currency string                    // of amounts: "USD"; "" leaves it out
	Zone     *time.Location            // in which moments are shown; nil = UTC
	Origin   func(name string) *Origin // of account.x, contact.x; nil, or an answer of nil, is none
}

// Explain evaluates e and each part of it. The root's state is what Bool or
// Value would answer for the same facts. It never fails: what cannot be
// explained is said so where it stands.
func (e *Expr) Explain(f *Facts, o Explaining) Node {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	x := &explainer{set: e.set, ev: e.set.evaluation(f), say: o}
	return x.expr(e)
}

// ExplainScore unfolds a score, as Score computes it.
func (s *Set) ExplainScore(name string, f *Facts, o Explaining) (ScoreTree, error) {
	sc := s.scores[name]
	if sc == nil {
		return ScoreTree{}, notFound("score", name)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	x := &explainer{set: s, ev: s.evaluation(f), say: o}
	return *x.score(sc), nil
}

// explainer walks an expression as it is written. It evaluates each part by
// compiling the part's own text in the scope of the whole, so that what is
// shown is what the author wrote and never what the compiler made of it.
type explainer struct {
	set   *Set
	ev    *evaluation
	say   Explaining
	scope *scope
	code  *manuscript
	depth int // rules unfolded in one another
}

// maxUnfold is how deep rules within rules are unfolded.
const maxUnfold = 6

// expr explains a whole expression.
func (x *explainer) expr(e *Expr) Node {
	inner := *x
	inner.scope = e.scope
	var n Node
	if inner.code = x.set.manuscript(e.src); inner.code != nil {
		n = inner.node(inner.code.root)
	} else {
		n = Node{Is: "other"}
	}
	n.Text = oneLine(e.src)
	inner.take(&n, e.eval(x.ev))
	return n
}

// take puts a value into n.
func (x *explainer) take(n *Node, v ref.Val) {
	n.State, n.Value, n.Unset, n.Error = "value", "", nil, ""
	switch v := v.(type) {
	case types.Bool:
		n.State = "false"
		if v {
			n.State = "true"
		}
	case *types.Unknown:
		n.State, n.Unset = "unknown", unsetNames(v)
	case *types.Err:
		n.State, n.Error = "error", runtimeError(v).Error()
	default:
		n.Value = x.words(v)
	}
}

// eval is the value of a part, and the compiled part; nil when it means nothing alone.
func (x *explainer) eval(text string) (*Expr, ref.Val) {
	c := &compiler{set: x.set, scope: x.scope, src: text}
	e := c.compile(Any)
	if e == nil {
		return nil, nil
	}
	return e, e.eval(x.ev)
}

// within is x where a loop has bound name to v.
func (x *explainer) within(name string, t *types.Type, v ref.Val) *explainer {
	inner, sc, ev := *x, *x.scope, *x.ev
	sc.locals, ev.locals = map[string]*types.Type{name: t}, map[string]ref.Val{name: v}
	for k, t := range x.scope.locals {
		if k != name {
			sc.locals[k], ev.locals[k] = t, x.ev.locals[k]
		}
	}
	inner.scope, inner.ev = &sc, &ev
	return &inner
}
