// Package graph draws a playbook: as SVG of its own, as Mermaid or as DOT text.
// It reads compiled steps alone, so that a new verb that says its blocks is drawn
// without a change here.
package graph

import (
	"strings"

	"holdfast/playbooks"
	"holdfast/steps"
)

// Graph is a playbook as nodes and edges, in file order. The first node is how it
// starts; where it can run out of steps, the last is that end.
type Graph struct {
	Title string
	Nodes []Node
	Edges []Edge
	// Counts are shown on the picture's nodes, such as how many enrollments stand
	// at each step; nil shows none.
	Counts map[string]int

	flow block
}

// Node is a step, the start or the end.
type Node struct {
	ID    string // the step's id; Start or Done
	Verb  string // "" for start and done
	Label string // what it does, in one line
}

// Edge leads from one node to another; Label says when, and Back that it closes
// a loop.
type Edge struct {
	From, To, Label string
	Back            bool
}

// The nodes that are no step: no step can be called so.
const (
	Start = "^"
	Done  = "$"
)

// block is a list of steps with what each holds: how the picture is laid out.
type block struct {
	label string
	rows  []row
}

type row struct {
	node   string
	blocks []block
	joins  bool // what follows comes after its blocks
	loops  bool // its block leads back to it
	around bool // it may be passed by
}

// Of is the graph of a playbook.
func Of(p *playbooks.Playbook) Graph {
	b := &builder{p: p.Program, g: Graph{Title: p.Title}}
	b.node(Node{ID: Start, Label: startLabel(p)})
	b.g.flow = b.block("", p.Program.First)
	open := b.edges([]exit{{from: Start}}, b.g.flow)
	for _, e := range open {
		b.edge(e, Done)
	}
	if len(open) > 0 {
		b.node(Node{ID: Done, Label: "completed"})
	}
	return b.g
}

func startLabel(p *playbooks.Playbook) string {
	var ids []string
	for _, t := range p.Triggers {
		ids = append(ids, t.ID)
	}
	return p.Name + ": " + strings.Join(ids, ", ")
}

type builder struct {
	p *steps.Program
	g Graph
}

func (b *builder) node(n Node) { b.g.Nodes = append(b.g.Nodes, n) }

// block reads the steps from first on, and what they hold.
func (b *builder) block(label, first string) block {
	out := block{label: label}
	for s := b.p.ByID[first]; s != nil; s = b.p.ByID[s.Next] {
		b.node(Node{ID: s.ID, Verb: s.Verb, Label: labelOf(s)})
		r := row{node: s.ID, joins: s.Verb != "end" || s.If != nil, loops: s.Verb == "every" || s.Verb == "each"}
		for _, inner := range s.Blocks() {
			r.blocks = append(r.blocks, b.block(inner.Label, inner.First))
		}
		r.around = len(r.blocks) == 0 || r.loops || !covers(s)
		out.rows = append(out.rows, r)
	}
	return out
}

// covers reports whether one of s's blocks is always taken.
func covers(s *steps.Step) bool {
	switch s.Verb {
	case "parallel", "split", "escalate":
		return true
	case "branch":
		blocks := s.Blocks()
		return blocks[len(blocks)-1].When == nil
	}
	return false
}

// exit is an edge that still looks for its end.
type exit struct {
	from, label string
	back        bool
}

// edges joins a block to what leads to it, and is what leads out of it.
func (b *builder) edges(in []exit, bl block) []exit {
	for _, r := range bl.rows {
		for _, e := range in {
			b.edge(e, r.node)
		}
		in = b.out(r)
	}
	return in
}

// out is what leads on from a row.
func (b *builder) out(r row) []exit {
	var out []exit
	for _, inner := range r.blocks {
		ends := b.edges([]exit{{from: r.node, label: inner.label}}, inner)
		if r.loops {
			for _, e := range ends {
				b.g.Edges = append(b.g.Edges, Edge{From: e.from, To: r.node, Label: e.label, Back: true})
			}
			continue
		}
		out = append(out, ends...)
	}
	if r.around && r.joins {
		label := ""
		if len(r.blocks) > 0 {
			label = "otherwise"
			if r.loops {
				label = "afterwards"
			}
		}
		out = append(out, exit{from: r.node, label: label})
	}
	return out
}

func (b *builder) edge(e exit, to string) {
	b.g.Edges = append(b.g.Edges, Edge{From: e.from, To: to, Label: e.label, Back: e.back})
}
