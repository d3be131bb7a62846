// Package source reads YAML into nodes that know where each of their runes came
// from. It is the only package that imports a YAML library, so that rules,
// playbooks, project settings and tests share one notion of a place in a file.
package source

import (
	"encoding/json"

	"holdfast/internal/diag"
)

// Kind of a node.
type Kind int

// The kinds. Null is an empty value; a nil *Node is an absent one.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"nothing", "a single value", "a list", "a map"}[k]
}

// Node is a YAML value. All methods work on a nil Node and answer as if absent.
// A Node never changes after Parse: it is safe for concurrent use.
type Node struct {
	kind      Kind
	style     style
	text      string
	pairs     []Pair
	items     []*Node
	file      *file
	line, col int // where it begins, after its anchor and tag
	flow      bool
}

// Pair is one key and value of a map, in file order.
type Pair struct{ Key, Value *Node }

// Kind of n; Null for nil.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Get is the value under key, or nil.
func (n *Node) Get(key string) *Node {
	for _, p := range n.Pairs() {
		if p.Key.text == key {
			return p.Value
		}
	}
	return nil
}

// Key is the node of the key itself, or nil: where a finding about a key's name points.
func (n *Node) Key(key string) *Node {
	for _, p := range n.Pairs() {
		if p.Key.text == key {
			return p.Key
		}
	}
	return nil
}

// Pairs of a map, in file order; merged ones (<<) come after the map's own.
func (n *Node) Pairs() []Pair {
	if n == nil {
		return nil
	}
	return n.pairs
}

// Items of a list.
func (n *Node) Items() []*Node {
	if n == nil {
		return nil
	}
	return n.items
}

// Text of a scalar, as the author meant it.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.text
}

// File is the name that n's file was parsed under.
func (n *Node) File() string {
	if n == nil {
		return ""
	}
	return n.file.name
}

// Quoted reports whether n is a scalar in quotes or a block: text whatever it looks like.
func (n *Node) Quoted() bool { return n.Kind() == Scalar && n.style != plain }

// JSON is n as plain values: map[string]any, []any, string, bool, json.Number, nil.
// Only plain true, false and decimal numbers are not text.
func (n *Node) JSON() any {
	switch n.Kind() {
	case Map:
		m := make(map[string]any, len(n.pairs))
		for _, p := range n.pairs {
			m[p.Key.text] = p.Value.JSON()
		}
		return m
	case List:
		items := make([]any, len(n.items))
		for i, it := range n.items {
			items[i] = it.JSON()
		}
		return items
	case Scalar:
		return n.scalar()
	case Null:
	}
	return nil
}

func (n *Node) scalar() any {
	if n.style != plain {
		return n.text
	}
	switch n.text {
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	if s, ok := number(n.text); ok {
		return json.Number(s)
	}
	return n.text
}

// Strict reports each key of map n that is not in known (check unknown-key),
// with a suggestion, and reports n when it is no map. what names n: `step "nudge"`.
func (n *Node) Strict(l *diag.List, what string, known ...string) {
	if n == nil {
		return
	}
	if n.kind != Map {
		l.Errorf(n.Span(), "wrong-type", "", "%s must be a map, not %s", what, n.found())
		return
	}
	for _, p := range n.pairs {
		k := p.Key.text
		if contains(known, k) {
			continue
		}
		l.Errorf(p.Key.Span(), "unknown-key", hint(k, known), "unknown key %q in %s", k, what)
	}
}
