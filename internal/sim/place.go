package sim

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/rules"
)

// place is where an account lives, for the intake.
func (w *world) place(account rules.Record) (*time.Location, calendar.Days) {
	return w.stage.settings.Place(account)
}
