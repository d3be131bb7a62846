package activities

import (
	"strings"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
)

// office moves work for a person into their working hours: a task that arrives
// at night is noise in the morning. A transactional playbook does not wait, and
// a channel is never asleep.
func (w *walk) office(r recipient) guards.Decision {
	if w.v.Class == "transactional" || strings.HasPrefix(r.id, "#") {
		return guards.Decision{}
	}
	now := w.now.In(r.place.zone)
	at := r.work.Next(now)
	if !at.After(now) {
		return guards.Decision{}
	}
	return guards.Decision{
		Kind: guards.At, At: at, Reason: "working_hours",
		Detail: now.Format("Mon 2 Jan 15:04 ") + r.place.zone.String() + " is outside " + r.work.Window().String() + " of " + r.id + holidays(r.work, now, at),
	}
}

// holidays names those that lie on days of work between two moments.
func holidays(work calendar.Work, from, to time.Time) string {
	why := ""
	days := work.Window().Days
	for range 30 {
		if !from.Before(to) {
			break
		}
		if name := work.Days.Holiday(from); name != "" && days[from.Weekday()] {
			why = "; " + from.Format("Mon 2 Jan") + " is " + name
		}
		from = calendar.AddDays(calendar.StartOfDay(from), 1)
	}
	return why
}
