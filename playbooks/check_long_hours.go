package playbooks

import (
	"fmt"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/steps"
)

var longHours = Check{
	Check: diag.Check{
		Name: "long-hours", Severity: diag.Warning,
		Summary: "People's work is due in a day or more, written in hours.",
		Why:     "Hours run in working hours alone: 72h is nine days of eight hours, and whoever wrote it may have meant three.",
	},
	Run: func(s Subject) {
		for _, st := range s.Playbook.Program.Steps {
			switch spec := st.Spec.(type) {
			case *steps.Task:
				s.longHours(st, spec.Due)
			case *steps.Approval:
				s.longHours(st, spec.Due)
			case *steps.Offer:
				if spec.Ask != nil {
					s.longHours(st, spec.Ask.Due)
				}
			}
		}
	},
}

// workday is that of nine to five.
const workday = 8 * time.Hour

func (s Subject) longHours(st *steps.Step, due calendar.Span) {
	if due.Dur < 24*time.Hour {
		return
	}
	days := max(1, int((due.Dur+12*time.Hour)/(24*time.Hour)))
	s.warn(s.place(st, "due"), fmt.Sprintf("write %dbd for %d working days", days, days), "%s of working hours are %d days of eight hours", due.Text, int(due.Dur/workday))
}
