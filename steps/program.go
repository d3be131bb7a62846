package steps

import (
	"fmt"
	"slices"
	"strings"

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

// Watching is what the wait that st rests in reads: a change of these should
// wake it, for its date may have moved. Zero when nothing can move.
func Watching(p *Program, st State) rules.Reads {
	s := p.step(st.At)
	if s == nil || st.Wait == nil {
		return rules.Reads{}
	}
	if spec, ok := s.Spec.(*Pause); ok && spec.Until != nil {
		return spec.Until.Reads()
	}
	return rules.Reads{}
}

// Path of a step in state: its id, or with its loops' passes "watch[12]/mail".
func Path(p *Program, st State, id string) string {
	path := id
	for s := p.step(id); s != nil && s.Parent != ""; {
		s = p.step(s.Parent)
		if s == nil {
			break
		}
		if i := slices.IndexFunc(st.Loops, func(l Loop) bool { return p.step(l.Step) == s }); i >= 0 {
			path = fmt.Sprintf("%s[%d]/%s", s.ID, st.Loops[i].Pass, path)
		}
	}
	return path
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
// around it lead; "" after the last.
func (p *Program) after(s *Step) string {
	for s.Next == "" {
		s = p.ByID[s.Parent]
		if s == nil {
			return ""
		}
		if s.Verb == everyVerb {
			return s.ID
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
