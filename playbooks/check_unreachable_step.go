package playbooks

import (
	"slices"

	"holdfast/internal/diag"
	"holdfast/steps"
)

var unreachableStep = Check{
	Check: diag.Check{
		Name: "unreachable-step", Severity: diag.Warning,
		Summary: "A step stands behind an end in the same block, or behind a branch whose every arm ends, so that nothing ever reaches it.",
		Why:     "The author believes that the step is done. No enrollment ever does it, and no run ever shows an error.",
	},
	Run: func(s Subject) {
		for _, st := range s.Playbook.Program.Steps {
			next := s.Playbook.Program.ByID[st.Next]
			if next != nil && s.ends(st) {
				s.warn(next.Span, "delete it, or move it above the end",
					"step %q is never reached: %q ends the enrollment before it", next.ID, st.ID)
			}
		}
	},
}

// ends reports whether no enrollment goes on behind st in its block.
func (s Subject) ends(st *steps.Step) bool {
	if st.If != nil {
		return false
	}
	if st.Verb == "end" {
		return true
	}
	arms := st.Blocks()
	if !slices.Contains([]string{"branch", "split"}, st.Verb) || len(arms) == 0 {
		return false
	}
	if last := arms[len(arms)-1]; st.Verb == "branch" && (last.When != nil || last.Label == "on_error") {
		return false
	}
	for _, arm := range arms {
		if !s.blockEnds(arm.First) {
			return false
		}
	}
	return true
}

func (s Subject) blockEnds(first string) bool {
	for st := s.Playbook.Program.ByID[first]; st != nil; st = s.Playbook.Program.ByID[st.Next] {
		if s.ends(st) {
			return true
		}
	}
	return false
}
