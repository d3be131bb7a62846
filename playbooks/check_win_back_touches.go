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
		w := way{s: s}
		touches, days := w.block(s.Playbook.Program.First, 0, 0)
		if touches > 1 && days < winBackDays {
			s.warn(s.Doc.Get("steps").Items()[0].Span(), "win-back-touches", "wait longer between touches",
				"the touches are over in about %d days; four weeks are the least", days)
		}
	},
}

// way is the busiest way through a playbook: of the arms of a branch one is taken.
type way struct {
	s      Subject
	warned bool
}

// block adds the steps from first on to the touches and days before them.
func (w *way) block(first string, touches, days int) (int, int) {
	p := w.s.Playbook.Program
	for st := p.ByID[first]; st != nil; st = p.ByID[st.Next] {
		n := touches
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
		case *steps.Every:
			touches, days = w.block(spec.First, touches, days)
		case *steps.Branch:
			most, longest := touches, days
			for _, arm := range spec.Arms {
				if t, d := w.block(arm.First, touches, days); t > most {
					most, longest = t, d
				}
			}
			touches, days = most, longest
			continue
		}
		if touches > winBackTouches && touches > n && !w.warned {
			w.warned = true
			w.s.warn(st.Span, "win-back-touches", "leave one out", "step %q is touch number %d; five are the most that helps", st.ID, touches)
		}
	}
	return touches, days
}

// roughDays is how many days of the calendar s is.
func roughDays(s calendar.Span) int {
	return s.Days + s.Months*30 + s.Business*7/5 + int(s.Dur.Hours()/24)
}
