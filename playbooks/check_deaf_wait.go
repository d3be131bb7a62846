package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/steps"
)

var deafWait = Check{
	Check: diag.Check{
		Name: "deaf-wait", Severity: diag.Warning,
		Summary: "A wait for an event that an exit takes first: it always ends by its timeout.",
		Why:     "On one event an exit comes before a wait. What stands below the wait for the case that the event was heard is never done.",
	},
	Run: func(s Subject) {
		taken := map[string]bool{}
		for _, x := range s.Playbook.Exits {
			if x.On != "" && (x.When == nil || x.When.Always()) {
				taken[x.On] = true
			}
		}
		for _, st := range s.steps("wait_for") {
			spec, ok := st.Spec.(*steps.Listening)
			for i := 0; ok && i < len(spec.Events); i++ {
				if e := spec.Events[i]; taken[e] {
					s.warn(s.place(st, "wait_for"), "leave the event to the exit, or take the exit away", "this never hears %s: an exit ends the enrollment on it", e)
				}
			}
		}
	},
}
