package guards

import (
	"time"

	"holdfast/internal/calendar"
)

// lateness is what makes a touch overdue: less is the ordinary delay of a busy
// minute or a restart.
const lateness = time.Hour

// unbounded is over how long overdue touches are spread that no window bounds.
const unbounded = 3 * time.Hour

// Overdue says what becomes of a touch that a downtime, a stop, a hold or a
// stronger lane kept from its moment: by default it goes in the window that is
// open, or the next that opens, at a moment of its own within the first third of
// what is left of it, so that a week's touches do not leave at once; with
// catch_up: skip it is dropped when its day has passed.
var Overdue = Guard{
	Name:    "overdue",
	Summary: "The touch was kept from its moment for an hour or more. catch_up: next_window spreads it over the first third of the window; catch_up: skip drops it when its day has passed.",
	Check: func(a Ask) (Decision, error) {
		if a.moved || a.Due.IsZero() || a.Now.Sub(a.Due) < lateness {
			return Decision{}, nil
		}
		if a.Rails.CatchUp == "skip" {
			return a.skipped()
		}
		return a.caughtUp(), nil
	},
}

// skipped drops a touch whose day has passed: that on which it would have gone
// had nothing kept it.
func (a Ask) skipped() (Decision, error) {
	d := Decision{}
	due := a
	due.Now, due.Due, due.Stopped, due.Stronger, due.Holds, due.Shadow = a.Due, time.Time{}, "", nil, nil, false
	if a.check != nil {
		var err error
		if d, err = a.check(due); err != nil || d.Kind == Park || d.Kind == Drop {
			return Decision{}, err
		}
	}
	day := calendar.StartOfDay(a.Due.In(a.Zone))
	if d.Kind == At {
		day = calendar.StartOfDay(d.At.In(a.Zone))
	}
	if a.Now.Before(calendar.AddDays(day, 1)) {
		return Decision{}, nil
	}
	return Decision{Kind: Drop, Reason: "overdue", Detail: "it was due on " + day.Format("Mon 2 Jan 2006")}, nil
}

// caughtUp finds an overdue touch its moment.
func (a Ask) caughtUp() Decision {
	if a.Internal || a.Human || a.Spread == 0 || a.Class == "transactional" {
		return Decision{}
	}
	detail := "it was due on " + a.Due.In(a.Zone).Format("Mon 2 Jan 2006 15:04")
	w := a.Rails.Window
	if !w.Contains(a.Now) {
		return a.shift(a.Now, "overdue", detail)
	}
	left := unbounded
	if w.To > w.From {
		left = time.Duration(w.To-a.Now.Hour()*60-a.Now.Minute()) * time.Minute
	}
	seconds := uint64(left/time.Second) / 3
	if seconds == 0 {
		return Decision{}
	}
	at := a.Now.Add(time.Duration(1+a.Spread%seconds) * time.Second)
	if !w.Contains(at) {
		return Decision{}
	}
	return Decision{Kind: At, At: at, Reason: "overdue", Detail: detail}
}
