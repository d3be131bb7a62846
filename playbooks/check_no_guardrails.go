package playbooks

import "holdfast/internal/calendar"

var noGuardrails = Check{
	Name:    "no-guardrails",
	Summary: "A playbook of outreach switches the send window or the caps off.",
	Run: func(s Subject) {
		g := s.Doc.Get("guardrails")
		if s.Playbook.Class != Outreach || g == nil {
			return
		}
		if s.Playbook.Rails.Window == (calendar.Window{}) {
			s.warn(g.Get("send_window").Span(), "no-guardrails", "give it days and hours", "outreach may go at any hour of any day")
		}
		if caps := g.Get("caps"); caps != nil && len(s.Playbook.Rails.Caps) == 0 {
			s.warn(caps.Span(), "no-guardrails", "cap it, such as {max: 1, what: email, in: 5d}", "nothing limits how often a person is written to")
		}
	},
}
