package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/steps"
)

var endlessLoop = Check{
	Check: diag.Check{
		Name: "endless-loop", Severity: diag.Error,
		Summary: "A loop without an end: `every` without for, times or until, or with an until that is never true.",
		Why:     "A loop that never stops keeps an account in one lane for ever, and its enrollment in the store. Enhanced monitoring takes six to twelve months (S107); say which.",
	},
	Run: func(s Subject) {
		for _, st := range s.steps("every") {
			spec, ok := st.Spec.(*steps.Every)
			if ok && spec.For.Zero() && spec.Times == 0 && spec.Until != nil && spec.Until.Never() {
				s.warn(s.place(st, "until"), "add for: 26w or times: 26, or correct the condition", "step %q would never stop: until is never true", st.ID)
			}
		}
	},
}
