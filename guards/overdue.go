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
	Keys:    []string{"guardrails.catch_up"},
	Set:     "what becomes of a touch that a downtime, a stop, a hold or a lane kept",
	Example: func(a *Ask) {
		a.Due = a.Now.AddDate(0, 0, -3)
	},
	Check: func(a Ask) (Decision, error) {
		if a.moved || a.Due.IsZero() || a.Now.Sub(a.Due) < lateness {
			return Decision{}, nil
		}
		if a.Rails.CatchUp != "skip" && !a.Found.IsZero() && a.Now.Sub(a.Found) < lateness {
			return Decision{}, nil // this is the moment of its own
		}
		due, ok, err := a.natural()
		if err != nil || !ok || a.Now.Sub(due) < lateness {
			return Decision{}, err
		}
		detail := "it was due on " + due.Format("Mon 2 Jan 2006 15:04")
		if a.Rails.CatchUp != "skip" {
			return a.caughtUp(detail)
		}
		if a.Now.Before(calendar.AddDays(calendar.StartOfDay(due), 1)) {
			return Decision{}, nil
		}
		return Decision{Kind: Drop, Reason: "overdue", Detail: detail}, nil
	},
}

// natural is when the touch would have gone had nothing kept it; ok is false when
// it never would have.
func (a Ask) natural() (at time.Time, ok bool, err error) {
	then := a
	then.Now, then.Due, then.Stopped, then.Stronger, then.Holds, then.Shadow, then.Pace = a.Due, time.Time{}, "", nil, nil, false, nil
	if a.check == nil {
		return a.Due.In(a.Zone), true, nil
	}
	d, err := a.check(then)
	switch {
	case err != nil || d.Kind == Park || d.Kind == Drop:
		return at, false, err
	case d.Kind == At:
		return d.At.In(a.Zone), true, nil
	}
	return a.Due.In(a.Zone), true, nil
}

// caughtUp finds an overdue touch its moment. What our own people do is for them
// to spread, and a receipt is owed at once.
func (a Ask) caughtUp(detail string) (Decision, error) {
	if a.Internal || a.Human || a.Spread == 0 || a.Class == "transactional" {
		return Decision{}, nil
	}
	w := a.Rails.Window
	if !w.Contains(a.Now) {
		return a.shift(a.Now, "overdue", detail), nil
	}
	left := unbounded
	if w.To > w.From {
		left = time.Duration(w.To-a.Now.Hour()*60-a.Now.Minute()) * time.Minute
	}
	seconds := uint64(left/time.Second) / 3
	if seconds == 0 {
		return Decision{}, nil
	}
	at, err := a.soonest(time.Duration(1+a.Spread%seconds) * time.Second)
	if err != nil || !at.After(a.Now) {
		return Decision{}, err
	}
	return Decision{Kind: At, At: at, Reason: "overdue", Detail: detail}, nil
}
