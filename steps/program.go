package steps

import (
	"slices"
	"strings"
	"time"

	"holdfast/rules"
)

// Keep marks steps whose results are read from outside the program, such as by
// a template: State keeps no others. To be called before the program is shared.
func (p *Program) Keep(ids ...string) {
	if p.kept == nil {
		p.kept = map[string]bool{}
	}
	for _, id := range ids {
		p.kept[id] = true
	}
}

// Rules are the scores, decisions, segments and calendars that p's expressions
// reach, as rules.Reads names them, sorted.
func (p *Program) Rules() []string {
	return slices.Compact(slices.Sorted(slices.Values(p.rules)))
}

// Watching is what the waits that st rests in read: a change of these should
// wake it, for a date may have moved. Empty when nothing can move.
func Watching(p *Program, st State) []rules.Reads {
	var reads []rules.Reads
	for _, wait := range Waits(st) {
		s := StepOf(p, wait.Path)
		if s == nil {
			continue
		}
		if spec, ok := s.Spec.(*Pause); ok && spec.Until != nil {
			reads = append(reads, spec.Until.Reads())
		}
	}
	return reads
}

// Waits are what st waits for: one of each counter that rests. Arms that hold
// arms have no wait of their own.
func Waits(st State) []Wait {
	return waits(st.Wait, st.Arms, nil)
}

func waits(own *Wait, arms []Arm, all []Wait) []Wait {
	if len(arms) == 0 {
		if own != nil {
			all = append(all, *own)
		}
		return all
	}
	for _, arm := range arms {
		all = waits(arm.Wait, arm.Arms, all)
	}
	return all
}

// WaitAt is the wait of the step at path in st, or nil.
func WaitAt(st State, path string) *Wait {
	for _, wait := range Waits(st) {
		if wait.Path == path {
			return &wait
		}
	}
	return nil
}

// Hurry ends the waits of touches that a guard or a channel put off, in a copy of
// st: the guards are asked again.
func Hurry(st State) State {
	st.Wait, st.Arms = hurry(st.Wait, st.Arms)
	return st
}

func hurry(own *Wait, arms []Arm) (*Wait, []Arm) {
	if own != nil && (own.Kind == "retry" || own.Kind == "park" || own.Kind == "shift") {
		wait := *own
		wait.Until = time.Time{}
		own = &wait
	}
	arms = slices.Clone(arms)
	for i := range arms {
		arms[i].Wait, arms[i].Arms = hurry(arms[i].Wait, arms[i].Arms)
	}
	return own, arms
}

// StepOf is the step that a path leads to in p, or nil.
func StepOf(p *Program, path string) *Step {
	return p.step(path[strings.LastIndexByte(path, '/')+1:])
}

// step by its id or, for an enrollment of an older version, its former id.
func (p *Program) step(id string) *Step {
	if s := p.ByID[id]; s != nil {
		return s
	}
	return p.ByID[p.renamed[id]]
}

// after is the id of the step that follows s: in its block, or where the blocks
// around it lead; "" after the last of an arm or of all.
func (p *Program) after(s *Step) string {
	for s.Next == "" {
		s = p.ByID[s.Parent]
		if s == nil {
			return ""
		}
		switch s.Verb {
		case everyVerb:
			return s.ID
		case parallelVerb, eachVerb:
			return "" // the end of an arm
		}
	}
	return s.Next
}

// within reports whether s lies in block holder, at any depth.
func (p *Program) within(s *Step, holder string) bool {
	for s != nil && s.Parent != "" {
		if s.Parent == holder {
			return true
		}
		s = p.ByID[s.Parent]
	}
	return false
}
