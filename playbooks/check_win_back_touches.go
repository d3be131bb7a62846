package playbooks

import (
	"holdfast/internal/calendar"
	"holdfast/steps"
)

// The bounds of practice: three to five touches over four to eight weeks, not daily.
const (
	winBackLane    = "win-back"
	winBackTouches = 5
	winBackDays    = 28
)

var tooManyTouches = Check{
	Name:    "win-back-touches",
	Summary: "A win-back makes more than five touches, or takes less than four weeks: it presses people who left.",
	Run: func(s Subject) {
		if s.Playbook.Lane != winBackLane {
			return
		}
		touches, days := 0, 0
		for _, st := range s.Playbook.Program.Steps {
			switch spec := st.Spec.(type) {
			case *steps.Email:
				touches++
			case *steps.Task:
				if spec.HumanTouch() {
					touches++
				}
				days += roughDays(spec.Due)
			case *steps.Pause:
				days += roughDays(spec.For)
				if spec.Until != nil {
					days += winBackDays // a date: how far off is the account's matter
				}
			case *steps.Listening:
				days += roughDays(spec.Timeout)
			}
			if touches == winBackTouches+1 {
				s.warn(st.Span, "win-back-touches", "leave one out", "step %q is touch number %d; five are the most that helps", st.ID, touches)
				touches++
			}
		}
		if touches > 1 && days < winBackDays {
			s.warn(s.Doc.Get("steps").Items()[0].Span(), "win-back-touches", "wait longer between touches",
				"the touches are over in about %d days; four weeks are the least", days)
		}
	},
}

// roughDays is how many days of the calendar s is.
func roughDays(s calendar.Span) int {
	return s.Days + s.Months*30 + s.Business*7/5 + int(s.Dur.Hours()/24)
}
