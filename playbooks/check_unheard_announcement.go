package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/steps"
)

var unheardAnnouncement = Check{
	Check: diag.Check{
		Name: "unheard-announcement", Severity: diag.Warning,
		Summary: "An exit, a goal or a wait for an event of all accounts, which starts playbooks and does nothing else.",
		Why:     "An announcement is held against triggers alone: what runs already does not hear it, and what waits for it ends by its timeout.",
	},
	Run: func(s Subject) {
		const hint = "write it as a trigger, or declare the event of: account"
		exits := s.Doc.Get("exit").Items()
		for i, x := range s.Playbook.Exits {
			if i < len(exits) && s.Rules.OfAll(x.On) {
				s.warn(exits[i].Get("on").Span(), hint, "%s is announced to all accounts, and ends nothing that runs", x.On)
			}
		}
		if g := s.Playbook.Goal; g != nil && s.Rules.OfAll(g.On) {
			s.warn(s.Doc.Get("goal").Get("on").Span(), hint, "%s is announced to all accounts, and meets no goal", g.On)
		}
		for _, st := range s.steps("wait_for") {
			spec, ok := st.Spec.(*steps.Listening)
			for i := 0; ok && i < len(spec.Events); i++ {
				if e := spec.Events[i]; s.Rules.OfAll(e) {
					s.warn(s.place(st, "wait_for"), hint, "%s is announced to all accounts, and no wait hears it", e)
				}
			}
		}
	},
}
