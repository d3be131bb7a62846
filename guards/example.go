package guards

import (
	"time"

	"holdfast/internal/calendar"
)

// Shown is a guard at work, for the reference: its answer to a touch that would
// go without it, and the moment of that touch.
type Shown struct {
	Now      time.Time
	Decision Decision
}

// Show asks g about its Example. The error is a broken example.
func (g Guard) Show() (Shown, error) {
	a, err := ordinary()
	if err != nil {
		return Shown{}, err
	}
	g.Example(&a)
	d, err := Check(a)
	return Shown{Now: a.Now, Decision: d}, err
}

// ordinary is a mail that may go at once: of a win-back, on a Wednesday morning
// in New York.
func ordinary() (Ask, error) {
	zone, err := calendar.Zone("America/New_York")
	if err != nil {
		return Ask{}, err
	}
	return Ask{
		Now: time.Date(2026, time.March, 4, 10, 0, 0, 0, zone), Zone: zone, ZoneFrom: "account",
		Enrollment: "e", Playbook: "win-back", Class: "outreach", Lane: "win-back", Channel: "email",
		Days: calendar.Days{Country: "US"}, FiscalStart: time.January, Spread: 600,
		Rails: Rails{
			Window:  calendar.Window{Days: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true}, From: 9 * 60, To: 17 * 60},
			Avoid:   []string{"public_holidays", "quarter_end"},
			CatchUp: "next_window",
		},
		Count:  func(string, string, time.Time) (int, error) { return 0, nil },
		Oldest: func(string, string, time.Time) (time.Time, error) { return time.Time{}, nil },
	}, nil
}
