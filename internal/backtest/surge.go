package backtest

import (
	"fmt"
	"time"

	"holdfast/internal/intake"
	"holdfast/playbooks"
	"holdfast/triggers"
)

// surges warns of the days on which the trigger would have been paused. The report
// counts those whom that keeps waiting as let in.
func (r *Report) surges(book *playbooks.Playbook) {
	for _, t := range book.Triggers {
		if t.Kind != triggers.Event && t.Kind != triggers.Condition {
			continue
		}
		var at []time.Time
		for _, e := range r.Entries {
			if e.Trigger == t.ID {
				at = append(at, e.At)
			}
		}
		for _, s := range intake.SurgesOf(book.Rails.Surge, at, r.Accounts) {
			usually := "with no usual day yet"
			if s.Usual > 0 {
				usually = fmt.Sprintf("usually %d", s.Usual)
			}
			r.Warnings = append(r.Warnings, fmt.Sprintf("surge: trigger %s enrolls %d on %s, %s: it would be paused after %d and a person asked; here they are counted as let in",
				t.ID, s.Entries, s.Day.Format(time.DateOnly), usually, s.AtMost))
		}
	}
}
