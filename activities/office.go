package activities

import (
	"strings"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
)

// officeHours is when one of ours takes in work, by their own clock.
var officeHours = calendar.Window{Days: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true}, From: 9 * 60, To: 17 * 60}

// office moves work for a person into their working hours: a task that arrives
// at night is noise in the morning. A transactional playbook does not wait, and
// a channel is never asleep.
func (w *walk) office(r recipient) guards.Decision {
	if w.v.Class == "transactional" || strings.HasPrefix(r.id, "#") {
		return guards.Decision{}
	}
	now := w.now.In(r.place.zone)
	at := officeHours.Next(now)
	why := ""
	for range 30 {
		name := r.place.days.Holiday(at)
		if name == "" {
			break
		}
		why = "; " + at.Format("Mon 2 Jan") + " is " + name
		at = officeHours.Next(calendar.AddDays(calendar.StartOfDay(at), 1))
	}
	if !at.After(now) {
		return guards.Decision{}
	}
	return guards.Decision{Kind: guards.At, At: at, Reason: "working_hours", Detail: now.Format("Mon 2 Jan 15:04 ") + r.place.zone.String() + " is outside " + officeHours.String() + " of " + r.id + why}
}
