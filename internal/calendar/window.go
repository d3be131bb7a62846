package calendar

import (
	"fmt"
	"time"
)

// Window is when a touch may go, in the recipient's local time. Without days it
// is every day; the zero Window is always open.
type Window struct {
	Days     [7]bool // by time.Weekday
	From, To int     // minutes after local midnight; To exclusive, To > From
}

// Contains reports whether t, by its own Location's clock, is inside w.
func (w Window) Contains(t time.Time) bool {
	if w.Days != [7]bool{} && !w.Days[t.Weekday()] {
		return false
	}
	if w.To <= w.From {
		return true
	}
	minute := t.Hour()*60 + t.Minute()
	return w.From <= minute && minute < w.To
}

// Next is the first moment not before t that w contains, in t's Location.
func (w Window) Next(t time.Time) time.Time {
	if w.Contains(t) {
		return t
	}
	best := time.Time{}
	take := func(c time.Time) {
		if !c.Before(t) && w.Contains(c) && (best.IsZero() || c.Before(best)) {
			best = c
		}
	}
	y, m, day := t.Date()
	// Two weeks: a window of one day a week may lie wholly in a gap.
	for i := 0; i <= 14 && best.IsZero(); i++ {
		c := wall(y, m, day+i, time.Duration(w.From)*time.Minute, t.Location())
		take(c)
		if _, end := c.ZoneBounds(); !end.IsZero() {
			_, before := c.Zone()
			_, after := end.Zone()
			if again := c.Add(time.Duration(before-after) * time.Second); !again.Before(end) {
				take(again)
			}
		}
	}
	// When the clocks go back the hour comes twice, and may open w in its middle.
	if _, end := t.ZoneBounds(); !end.IsZero() {
		take(end)
	}
	return best
}

// String is w as an author would read it: "mon-thu 09:00-16:30".
func (w Window) String() string {
	days := ""
	for i := range 7 {
		d := time.Weekday((i + 1) % 7)
		if w.Days[d] {
			days += " " + d.String()[:3]
		}
	}
	if days == "" {
		days = " every day"
	}
	if w.To <= w.From {
		return days[1:]
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", days[1:], w.From/60, w.From%60, w.To/60, w.To%60)
}
