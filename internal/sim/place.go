package sim

import (
	"time"

	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/rules"
)

// place is where an account lives, for the intake.
func (w *world) place(account rules.Record) (*time.Location, calendar.Days) {
	return activities.ProjectOf(w.Project).Place(account)
}
