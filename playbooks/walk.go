package playbooks

import (
	"slices"

	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

// written is a step as it stands in the file, with the conditions around it.
type written struct {
	node  *source.Node
	under []*source.Node // the `when` and `if` that must hold, outermost first; its own `if` last
}

// walkSteps is every step of a list and below it, in file order: of all verbs,
// those too that a version does not know.
func walkSteps(list *source.Node) []written { return stepsOf(list, nil) }

func stepsOf(list *source.Node, under []*source.Node) []written {
	var out []written
	for _, n := range list.Items() {
		if n.Kind() != source.Map {
			continue
		}
		mine := with(under, n.Get("if"))
		out = append(out, written{n, mine})
		for _, p := range n.Pairs() {
			out = append(out, stepsIn(p, mine)...)
		}
	}
	return out
}

// stepsIn are the steps below a key that is not one itself: lists called steps,
// at any depth, under the conditions of their arms.
func stepsIn(p source.Pair, under []*source.Node) []written {
	if p.Key.Text() == "steps" {
		return stepsOf(p.Value, under)
	}
	var out []written
	for _, m := range append([]*source.Node{p.Value}, p.Value.Items()...) {
		mine := with(under, m.Get("when"))
		for _, q := range m.Pairs() {
			out = append(out, stepsIn(q, mine)...)
		}
	}
	return out
}

func with(under []*source.Node, cond *source.Node) []*source.Node {
	if cond == nil {
		return under
	}
	return append(slices.Clone(under), cond)
}

// holder is a step and which of its blocks.
type holder struct {
	step  *steps.Step
	block int
}

// holders are the blocks around st, innermost first.
func (s Subject) holders(st *steps.Step) (out []holder) {
	for st != nil && st.Parent != "" {
		up := s.Playbook.Program.ByID[st.Parent]
		if up == nil {
			return out
		}
		for i, b := range up.Blocks() {
			if s.inBlock(b.First, st.ID) {
				out = append(out, holder{up, i})
			}
		}
		st = up
	}
	return out
}

// inBlock reports whether the step id stands in the block that begins with first.
func (s Subject) inBlock(first, id string) bool {
	for st := s.Playbook.Program.ByID[first]; st != nil; st = s.Playbook.Program.ByID[st.Next] {
		if st.ID == id {
			return true
		}
	}
	return false
}

// condition is an expression of a step that is asked by itself.
type condition struct {
	expr *rules.Expr
	node *source.Node
	step *steps.Step
	arm  int // of a branch; -1 otherwise
}

// conditions of the steps, in file order.
func (s Subject) conditions() []condition {
	var out []condition
	for _, st := range s.Playbook.Program.Steps {
		n := s.nodes[st.ID]
		if st.If != nil {
			out = append(out, condition{st.If, n.Get("if"), st, -1})
		}
		for i, b := range st.Blocks() {
			if items := n.Get(st.Verb).Items(); b.When != nil && i < len(items) {
				out = append(out, condition{b.When, items[i].Get("when"), st, i})
			}
		}
		if every, ok := st.Spec.(*steps.Every); ok && every.Until != nil {
			out = append(out, condition{every.Until, n.Get("until"), st, -1})
		}
	}
	return out
}
