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

// verbBlocks are keys below which other steps stand.
var verbBlocks = []string{"branch", "parallel", "split", "steps", "arms", "escalate", "each"}

// walkSteps is every step below a list, in file order: of all verbs, those that
// this version does not know too.
func walkSteps(list *source.Node) []written { return walkUnder(list, nil) }

func walkUnder(list *source.Node, under []*source.Node) []written {
	var out []written
	for _, n := range list.Items() {
		if n.Kind() != source.Map {
			continue
		}
		mine := slices.Clone(under)
		for _, key := range []string{"if", "when"} {
			if c := n.Get(key); c != nil {
				mine = append(mine, c)
			}
		}
		if n.Get("id") != nil || n.Get("steps") == nil && n.Get("when") == nil && n.Get("else") == nil && n.Get("arm") == nil {
			out = append(out, written{n, mine})
		}
		for _, key := range verbBlocks {
			below := n.Get(key)
			if below.Kind() == source.Map {
				below = below.Get("arms")
			}
			out = append(out, walkUnder(below, mine)...)
		}
	}
	return out
}

// block of steps below a step.
type block struct {
	when  *rules.Expr // of a branch arm; nil otherwise
	other bool        // the else arm
	first string
}

// blocks of st, in file order.
func blocks(st *steps.Step) []block {
	switch spec := st.Spec.(type) {
	case *steps.Branch:
		var out []block
		for _, arm := range spec.Arms {
			out = append(out, block{when: arm.When, other: arm.When == nil, first: arm.First})
		}
		return out
	case *steps.Every:
		return []block{{first: spec.First}}
	}
	return nil
}

// holders are the blocks around st, innermost first: the step and which of its blocks.
func (s Subject) holders(st *steps.Step) (out []holder) {
	for st != nil && st.Parent != "" {
		up := s.Playbook.Program.ByID[st.Parent]
		if up == nil {
			return out
		}
		for i, b := range blocks(up) {
			if s.inBlock(b.first, st.ID) {
				out = append(out, holder{up, i})
			}
		}
		st = up
	}
	return out
}

type holder struct {
	step  *steps.Step
	block int
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

// conditions are all expressions of the steps that are asked by themselves, with
// the node they stand in and the step they belong to.
func (s Subject) conditions() []condition {
	var out []condition
	for _, st := range s.Playbook.Program.Steps {
		n := s.nodes[st.ID]
		if st.If != nil {
			out = append(out, condition{st.If, n.Get("if"), st, -1})
		}
		switch spec := st.Spec.(type) {
		case *steps.Branch:
			for i, arm := range spec.Arms {
				if items := n.Get("branch").Items(); arm.When != nil && i < len(items) {
					out = append(out, condition{arm.When, items[i].Get("when"), st, i})
				}
			}
		case *steps.Every:
			if spec.Until != nil {
				out = append(out, condition{spec.Until, n.Get("until"), st, -1})
			}
		}
	}
	return out
}

type condition struct {
	expr *rules.Expr
	node *source.Node
	step *steps.Step
	arm  int // of a branch; -1 otherwise
}
