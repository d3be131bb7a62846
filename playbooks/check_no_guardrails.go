package playbooks

import (
	"holdfast/internal/calendar"
	"holdfast/internal/diag"
)

var noGuardrails = Check{
	Check: diag.Check{
		Name: "no-guardrails", Severity: diag.Warning,
		Summary: "A playbook of outreach switches the send window or the caps off.",
		Why:     "Without a window a message may go on a Sunday night; without a cap two playbooks write to one person on one day. Practice is three to five touches over four to eight weeks, not daily (S121), and never at quarter end (S124).",
	},
	Run: func(s Subject) {
		g := s.Doc.Get("guardrails")
		if s.Playbook.Class != Outreach || g == nil {
			return
		}
		if s.Playbook.Rails.Window == (calendar.Window{}) {
			s.warn(g.Get("send_window").Span(), "give it days and hours", "outreach may go at any hour of any day")
		}
		if caps := g.Get("caps"); caps != nil && len(s.Playbook.Rails.Caps) == 0 {
			s.warn(caps.Span(), "cap it, such as {max: 1, what: email, in: 5d}", "nothing limits how often a person is written to")
		}
	},
}
