// Package calendar is time as customers live it: business days, public
// holidays, quarter ends, send windows. Pure; it owns the holiday library and
// embeds the time zone database. It reads no clock.
//
// A wall clock that a change to summer time skips means the first moment after
// the gap; one that comes twice means the first of the two.
package calendar

import "time"

// Days answers whether a local day is a working day and why not.
type Days struct {
	Country     string     // ISO 3166 alpha-2, upper case; "" and unknown ones (see Known) have weekends only
	Extra       []Closed   // named closures of the project
	FiscalStart time.Month // of the project's fiscal year, 0 January: only declared calendars read it
}

// Closed is a named closure of the project, days inclusive. Only the dates of
// From and To count, each as its own Location writes it.
type Closed struct {
	Name     string
	From, To time.Time
}

// Holiday names the public holiday of t's local day, or the closure of the
// project that holds it, or "". A holiday moved to another day names both days.
func (d Days) Holiday(t time.Time) string {
	if name := holiday(d.Country, t); name != "" {
		return name
	}
	day := dayNumber(t)
	for _, c := range d.Extra {
		if dayNumber(c.From) <= day && day <= dayNumber(c.To) {
			return c.Name
		}
	}
	return ""
}

// Business reports whether t's local day is a working day: no Saturday, no
// Sunday, no holiday, no closure.
func (d Days) Business(t time.Time) bool {
	return !Weekend(t) && d.Holiday(t) == ""
}

// Weekend reports whether t's local day is a Saturday or Sunday.
func Weekend(t time.Time) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
}

// farthest is how many days off in a row AddBusiness will cross: a closure that
// never ends must not hang a playbook.
const farthest = 3 * 366

// AddBusiness is the n-th business day after t's local day, at t's wall clock:
// Friday + 1 and Saturday + 1 are both Monday. n may be negative; 0 is t itself,
// also on a day off.
func (d Days) AddBusiness(t time.Time, n int) time.Time { return addDays(t, n, d.Business) }

// AddBusinessIn is AddBusiness where days of c are no business days either; see
// Named.Covers for fiscal.
func (d Days) AddBusinessIn(c Named, fiscal time.Month, t time.Time, n int) time.Time {
	return addDays(t, n, func(day time.Time) bool { return d.Business(day) && !c.OnDay(day, d, fiscal) })
}

func addDays(t time.Time, n int, counts func(day time.Time) bool) time.Time {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	off := 0
	for idle := 0; n > 0 && idle < farthest; idle++ {
		off += step
		if counts(AddDays(t, off)) {
			n--
			idle = 0
		}
	}
	return AddDays(t, off)
}

// AddDays moves t by n days of the calendar, keeping its wall clock.
func AddDays(t time.Time, n int) time.Time {
	if n == 0 {
		return t
	}
	y, m, day := t.Date()
	return wall(y, m, day+n, clockOf(t), t.Location())
}

// AddMonths keeps the day of month, or takes the last day of a shorter month,
// and keeps the wall clock.
func AddMonths(t time.Time, n int) time.Time {
	if n == 0 {
		return t
	}
	y, m, day := t.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return wall(y, m+time.Month(n), min(day, last), clockOf(t), t.Location())
}

// StartOfDay is the first moment of t's local day.
func StartOfDay(t time.Time) time.Time {
	y, m, day := t.Date()
	return wall(y, m, day, 0, t.Location())
}

// clockOf is t's wall clock as time since its midnight by that clock.
func clockOf(t time.Time) time.Duration {
	h, m, s := t.Clock()
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

// wall is the moment at which loc's clocks show this; see the package comment
// for the two cases in which there is no one such moment. time.Date picks
// either side there, and says so.
func wall(y int, m time.Month, day int, clock time.Duration, loc *time.Location) time.Time {
	want := time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Add(clock)
	t := time.Date(want.Year(), want.Month(), want.Day(), want.Hour(), want.Minute(), want.Second(), want.Nanosecond(), loc)
	start, end := t.ZoneBounds()
	switch shown := shows(t); {
	case shown.After(want): // in a gap, by the offset before it
		return start
	case shown.Before(want): // in a gap, by the offset after it
		return end
	case !start.IsZero():
		_, before := start.Add(-time.Nanosecond).Zone()
		_, now := t.Zone()
		first := t.Add(time.Duration(now-before) * time.Second)
		if before > now && first.Before(start) {
			return first
		}
	}
	return t
}

// shows is t's wall clock as if it were UTC.
func shows(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// come is how far t's wall clock has come by then, as if it were UTC: while an
// hour comes for the second time it stands still at the end of the first.
func come(t time.Time) time.Time {
	now := shows(t)
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return now
	}
	_, before := start.Add(-time.Nanosecond).Zone()
	if was := start.UTC().Add(time.Duration(before) * time.Second); was.After(now) {
		return was
	}
	return now
}

// momentOf is when loc's clocks show n, which is written as if it were UTC.
func momentOf(n time.Time, loc *time.Location) time.Time {
	y, m, day := n.Date()
	return wall(y, m, day, clockOf(n), loc)
}

// dayNumber counts t's local day from a fixed day.
func dayNumber(t time.Time) int64 {
	y, m, day := t.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}
