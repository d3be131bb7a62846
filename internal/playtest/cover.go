package playtest

import (
	"cmp"
	"slices"

	"holdfast/internal/diag"
	"holdfast/playbooks"
	"holdfast/steps"
)

// ran is a step that began (block -1) or a block of it that was taken.
type ran struct {
	playbook, step string
	block          int
}

// Never is a step or an arm that no test ran.
type Never struct {
	At   diag.Span
	Step string
	Arm  string // "" is the step itself
}

// Coverage is what of a playbook its tests ran.
type Coverage struct {
	Playbook    string
	Steps, Arms int // how many there are
	Never       []Never
}

// StepsRun and ArmsRun count what some test ran.
func (c Coverage) StepsRun() int { return c.Steps - c.missed(true) }

// ArmsRun is as StepsRun.
func (c Coverage) ArmsRun() int { return c.Arms - c.missed(false) }

func (c Coverage) missed(step bool) int {
	n := 0
	for _, x := range c.Never {
		if (x.Arm == "") == step {
			n++
		}
	}
	return n
}

// Percent of n that run did; all of nothing is everything.
func Percent(run, n int) float64 {
	if n == 0 {
		return 100
	}
	return 100 * float64(run) / float64(n)
}

// Cover is what results ran of each of books, in their order. An arm is a block
// of a step that chooses among several: of a branch, also that none of its
// conditions holds.
func Cover(books []*playbooks.Playbook, results []Result) []Coverage {
	hit := map[ran]bool{}
	for _, r := range results {
		for x := range r.ran {
			hit[x] = true
		}
	}
	var all []Coverage
	for _, b := range books {
		c := Coverage{Playbook: b.Name}
		for _, s := range b.Program.Steps {
			c.Steps++
			if !hit[ran{b.Name, s.ID, -1}] {
				c.Never = append(c.Never, Never{At: s.Span, Step: s.ID})
			}
			blocks := s.Blocks()
			if s.Verb != "branch" && len(blocks) < 2 {
				continue // its body runs when it does
			}
			for i, block := range blocks {
				c.Arms++
				if !hit[ran{b.Name, s.ID, i}] {
					at := block.Span
					if at.Line == 0 {
						at = s.Span
					}
					c.Never = append(c.Never, Never{At: at, Step: s.ID, Arm: block.Label})
				}
			}
			chooses := s.Verb == "branch" && !slices.ContainsFunc(blocks, isElse)
			if !chooses {
				continue
			}
			c.Arms++
			if !hit[ran{b.Name, s.ID, len(blocks)}] {
				c.Never = append(c.Never, Never{At: s.Span, Step: s.ID, Arm: "none of them holds"})
			}
		}
		slices.SortStableFunc(c.Never, func(a, b Never) int {
			return cmp.Or(cmp.Compare(a.At.Line, b.At.Line), cmp.Compare(a.At.Col, b.At.Col))
		})
		all = append(all, c)
	}
	return all
}

func isElse(b steps.Block) bool { return b.When == nil && b.Label == "else" }
