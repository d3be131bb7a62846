package playbooks

import (
	"maps"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/steps"
)

var unusedAnswer = Check{
	Check: diag.Check{
		Name: "unused-answer", Severity: diag.Note,
		Summary: "A form asks a question whose answer no condition and no text of the playbook reads.",
		Why:     "Every question costs the person who fills the form in. An answer may be for reports alone, hence a note; but mostly the branch that was to read it was never written.",
	},
	Run: func(s Subject) {
		texts := append(slices.Collect(maps.Values(s.Playbook.Bundle.Files)), s.Doc.Document())
		for _, st := range s.steps("task") {
			spec, ok := st.Spec.(*steps.Task)
			for i := 0; ok && i < len(spec.Form); i++ {
				q := spec.Form[i]
				if !q.Long && !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, st.ID+"."+q.Name) }) {
					at := st.Span
					if k := s.nodes[st.ID].Get("form").Key(q.Name); k != nil {
						at = k.Span()
					}
					s.warn(at, "read "+st.ID+"."+q.Name+" in a condition, or do not ask", "nothing reads the answer %s.%s", st.ID, q.Name)
				}
			}
		}
	},
}
