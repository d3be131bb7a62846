package playbooks

import (
	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/steps"
)

// The bounds of practice: three to five touches over four to eight weeks, not daily (S121).
const (
	winBackLane    = "win-back"
	winBackTouches = 5
	winBackDays    = 28
)

var winBack = Check{
	Check: diag.Check{
		Name: "win-back-touches", Severity: diag.Warning,
		Summary: "A win-back makes more than five touches, or takes less than four weeks: it presses people who left.",
		Why:     "Practice is three to five touches over four to eight weeks, not daily (S121). Who ghosted rests for half a year and is asked again (S122); a sixth mail wins nobody and costs the seventh chance.",
	},
	Run: func(s Subject) {
		if s.Playbook.Lane != winBackLane {
			return
		}
		w := way{s: s}
		touches, days := w.block(s.Playbook.Program.First, 0, 0)
		if first := s.Playbook.Program.ByID[s.Playbook.Program.First]; touches > 1 && days < winBackDays && first != nil {
			s.warn(first.Span, "wait longer between touches",
				"the touches are over in about %d days; four weeks are the least", days)
		}
	},
}

// way is the busiest way through a playbook: of the arms of a branch or a split
// one is taken, of a parallel all are.
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
		}
		if below := st.Blocks(); len(below) > 0 {
			touches, days = w.blocks(st, below, touches, days)
			continue
		}
		if touches > winBackTouches && touches > n && !w.warned {
			w.warned = true
			w.s.warn(st.Span, "leave one out", "step %q is touch number %d; five are the most that helps", st.ID, touches)
		}
	}
	return touches, days
}

func (w *way) blocks(st *steps.Step, below []steps.Block, touches, days int) (int, int) {
	most, longest := touches, days
	for _, b := range below {
		if st.Verb == "parallel" {
			t, d := w.block(b.First, most, days)
			most, longest = t, max(longest, d)
			continue
		}
		if t, d := w.block(b.First, touches, days); t > most || t == most && d > longest {
			most, longest = t, d
		}
	}
	return most, longest
}

// roughDays is how many days of the calendar s is.
func roughDays(s calendar.Span) int {
	return s.Days + s.Months*30 + s.Business*7/5 + int(s.Dur.Hours()/24)
}
