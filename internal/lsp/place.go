package lsp

import (
	"slices"

	"holdfast/internal/schema"
)

// frame of a place: a map, what may stand in it, and the entry gone into.
type level struct {
	in  *node
	m   *schema.Map
	e   *entry
	key *schema.Key // of e; nil when the map takes no such key
}

// place in a document: what a person who points there means.
type place struct {
	tree   *tree
	root   *node
	kind   *schema.Kind // nil when the first key names none
	levels []level      // outermost first
	key    *schema.Key  // whose key or value is pointed at; nil when it is unknown
	m      *schema.Map  // that takes the key pointed at, or would take one here
	in     *node        // the map pointed into; nil outside of any
	e      *entry       // of key
	onKey  bool         // at the key itself
	value  *node        // the scalar or empty value pointed at
}

// placeAt finds the innermost thing at off.
func placeAt(t *tree, kinds []schema.Kind, off int) place {
	p := place{tree: t}
	for _, root := range t.docs {
		if p.root == nil || root.start <= off {
			p.root = root
		}
	}
	var m *schema.Map
	if p.root.kind == mapNode && len(p.root.entries) > 0 {
		if p.kind = schema.KindNamed(kinds, p.root.entries[0].key); p.kind != nil {
			m = p.kind.Map
		}
	}
	p.into(p.root, m, off)
	return p
}

// into goes down to what stands at off; m is what n takes as a map.
func (p *place) into(n *node, m *schema.Map, off int) {
	switch n.kind {
	case mapNode:
		p.in, p.m = n, m
		for _, e := range n.entries {
			k := m.Key(e.key, n.keys())
			switch {
			case off >= e.start && off <= e.end:
				p.levels = append(p.levels, level{n, m, e, k})
				p.e, p.key, p.onKey = e, k, true
				return
			case e.val != nil && off >= e.val.start && off <= e.val.end:
				p.levels = append(p.levels, level{n, m, e, k})
				p.e, p.key = e, k
				p.into(e.val, below(k), off)
				return
			}
		}
	case listNode:
		for _, it := range n.items {
			if off >= it.start && off <= it.end {
				p.into(it, m, off)
				return
			}
		}
	case scalarNode, nullNode:
		p.value, p.m = n, m
	}
}

func below(k *schema.Key) *schema.Map {
	if k == nil {
		return nil
	}
	return k.Below
}

// inStep is the innermost step around the place, or nil.
func (p *place) inStep() *node {
	for _, v := range slices.Backward(p.levels) {
		if isStep(v.m) {
			return v.in
		}
	}
	return nil
}

func isStep(m *schema.Map) bool { return m != nil && m.What == "a step" }

// every calls visit for each entry below n, outermost first, with its key.
func every(n *node, m *schema.Map, visit func(in *node, m *schema.Map, e *entry, k *schema.Key)) {
	if n == nil {
		return
	}
	for _, it := range n.items {
		every(it, m, visit)
	}
	for _, e := range n.entries {
		k := m.Key(e.key, n.keys())
		visit(n, m, e, k)
		every(e.val, below(k), visit)
	}
}

// step of a playbook as it stands in the file.
type step struct {
	id, verb string
	node     *node
	idNode   *node // the value of id; nil without one
	parent   int   // index of the step around it; -1 at the top
	playbook string
}

// stepsOf a document, in file order.
func stepsOf(t *tree, root *node, kind *schema.Kind) []step {
	var out []step
	if kind == nil || kind.Map == nil {
		return nil
	}
	seen := map[*node]bool{}
	every(root, kind.Map, func(in *node, m *schema.Map, _ *entry, _ *schema.Key) {
		if !isStep(m) || seen[in] {
			return
		}
		seen[in] = true
		s := step{node: in, parent: -1, idNode: in.get("id"), playbook: t.word(root.get("playbook"))}
		s.id = t.word(s.idNode)
		if v := m.Variant(in.keys()); v != nil {
			s.verb = v.By
		}
		for i, o := range out {
			if in.start >= o.node.start && in.end <= o.node.end {
				s.parent = i
			}
		}
		out = append(out, s)
	})
	return out
}
