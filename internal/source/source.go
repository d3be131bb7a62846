// Package source reads YAML into nodes that know where each of their runes came
// from. It is the only package that imports a YAML library, so that rules,
// playbooks, project settings and tests share one notion of a place in a file.
package source

import "holdfast/internal/diag"

// Kind of a node.
type Kind int

// The kinds. Null is an empty value; a nil *Node is an absent one.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

// Node is a YAML value. All methods work on a nil Node and answer as if absent.
type Node struct {
	kind  Kind
	text  string
	pairs []Pair
	items []*Node
	span  diag.Span
}

// Pair is one key and value of a map, in file order.
type Pair struct{ Key, Value *Node }

// Parse reads all documents of src. Findings carry exact places; what parsed
// before a mistake is still returned. Refused with one finding each: more than
// 4 MiB, nesting over 64, aliases that expand to over 100,000 nodes, duplicate keys.
// yes, no, on and off are text, whatever YAML 1.1 says.
func Parse(file string, src []byte) ([]*Node, []diag.Diagnostic) { return nil, nil }

// Kind of n; Null for nil.
func (n *Node) Kind() Kind {
	if n == nil {
		return Null
	}
	return n.kind
}

// Get is the value under key, or nil.
func (n *Node) Get(key string) *Node { return nil }

// Pairs of a map, in file order.
func (n *Node) Pairs() []Pair { return nil }

// Items of a list.
func (n *Node) Items() []*Node { return nil }

// Text of a scalar, as the author meant it.
func (n *Node) Text() string { return "" }

// Span is where n begins, as wide as its first line.
func (n *Node) Span() diag.Span { return diag.Span{} }

// Spans maps each rune of Text to its place in the file, through every YAML
// style, plus one last for the end.
func (n *Node) Spans() []diag.Span { return nil }

// JSON is n as plain values: map[string]any, []any, string, bool, json.Number, nil.
func (n *Node) JSON() any { return nil }

// Strict reports each key of map n that is not in known (check unknown-key),
// with a suggestion, and reports n when it is no map. what names n: `step "nudge"`.
func (n *Node) Strict(l *diag.List, what string, known ...string) {}

// Suggest is the one candidate within edit distance 2 of word, or "".
func Suggest(word string, candidates []string) string { return "" }
