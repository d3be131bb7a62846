package guards_test

import (
	"strings"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
)

// oracle says at which minutes a touch may go. It is written a second time from
// what the documentation promises, slowly and plainly: it walks minute by minute
// and looks at the wall clock of each. Of the code under test it uses the types
// in which a case is written, and no function.
type oracle struct {
	guards.Ask
	events []between      // of a calendar file
	free   [][]time.Time  // for each cap, when each of touches counts no more
	known  map[day]string // why nothing goes on a day, "" if something may
	worked map[day]bool   // business days
	fixed  map[day]bool   // public holidays
}

// between two moments, the second of them outside.
type between struct{ from, to time.Time }

// day by somebody's wall clock.
type day struct {
	y int
	m time.Month
	d int
}

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, m, d}
}

// noon of a day in no zone, for sums of days.
func (d day) noon() time.Time   { return time.Date(d.y, d.m, d.d, 12, 0, 0, 0, time.UTC) }
func (d day) plus(n int) day    { return dayOf(d.noon().AddDate(0, 0, n)) }
func (d day) before(o day) bool { return d.noon().Before(o.noon()) }

// naive is what the wall clock shows at t, as if it were UTC.
func naive(t time.Time) time.Time {
	y, m, d := t.Date()
	h, mi, s := t.Clock()
	return time.Date(y, m, d, h, mi, s, 0, time.UTC)
}

// shown is how far the wall clock has come by t: it stands still in an hour that
// comes twice.
func shown(t time.Time) time.Time {
	latest := naive(t)
	for back := time.Minute; back <= 3*time.Hour; back += time.Minute {
		if then := naive(t.Add(-back)).Add(time.Minute); then.After(latest) {
			latest = then
		}
	}
	return latest
}

// reaches is the first minute at which the wall clock of zone has shown want.
func reaches(zone *time.Location, want time.Time) time.Time {
	guess := time.Date(want.Year(), want.Month(), want.Day(), want.Hour(), want.Minute(), want.Second(), 0, zone)
	for !naive(guess).Before(want) {
		guess = guess.Add(-3 * time.Hour)
	}
	for naive(guess).Before(want) {
		guess = guess.Add(time.Minute)
	}
	return guess
}

// business days: no Saturday, no Sunday, no public holiday, no closure.
func (o *oracle) business(d day) bool {
	if was, ok := o.worked[d]; ok {
		return was
	}
	w := d.noon().Weekday()
	o.worked[d] = w != time.Saturday && w != time.Sunday && !o.holiday(d)
	return o.worked[d]
}

func (o *oracle) holiday(d day) bool {
	return o.fixed[d] || closed(o.Days.Extra, d)
}

func closed(all []calendar.Closed, d day) bool {
	for _, c := range all {
		if !d.before(dayOf(c.From)) && !dayOf(c.To).before(d) {
			return true
		}
	}
	return false
}

// tail reports whether d is in the last n business days before the day end, days
// off among them included.
func (o *oracle) tail(d day, n int, end day) bool {
	first, left := end, n
	for back := 1; left > 0 && back < 300; back++ {
		if first = end.plus(-back); o.business(first) {
			left--
		}
	}
	return n > 0 && !d.before(first)
}

// quarterAfter is the first day of the fiscal quarter after d's.
func quarterAfter(d day, fiscal time.Month) day {
	for next := (day{d.y, d.m, 1}); ; {
		next = dayOf(time.Date(next.y, next.m+1, 1, 12, 0, 0, 0, time.UTC))
		if (int(next.m)-int(max(fiscal, 1))+12)%3 == 0 {
			return next
		}
	}
}

// shut is why nothing goes on a whole day, "" when something may.
func (o *oracle) shut(d day) string {
	why, ok := o.known[d]
	if !ok {
		why = o.why(d)
		o.known[d] = why
	}
	return why
}

func (o *oracle) why(d day) string {
	w := o.Rails.Window
	if w.Days != [7]bool{} && !w.Days[d.noon().Weekday()] {
		return "window"
	}
	avoid := strings.Join(o.Rails.Avoid, " ")
	if strings.Contains(avoid, "public_holidays") && o.holiday(d) {
		return "holiday"
	}
	if o.Class == "transactional" {
		return ""
	}
	n := o.Rails.QuarterTail
	if n == 0 {
		n = 10
	}
	fiscal := o.FiscalStart
	if fiscal == 0 {
		fiscal = o.Rails.FiscalStart
	}
	if strings.Contains(avoid, "quarter_end") && o.tail(d, n, quarterAfter(d, fiscal)) {
		return "quarter"
	}
	for _, c := range o.Calendars {
		if closed(c.Closed, d) {
			return "closed"
		}
		for _, s := range c.Seasons {
			at, from, to := int(d.m)*100+d.d, int(s.From.Month)*100+s.From.Day, int(s.To.Month)*100+s.To.Day
			if from <= to && from <= at && at <= to || from > to && (at >= from || at <= to) {
				return "season"
			}
		}
		if c.Last > 0 && o.tail(d, c.Last, dayOf(time.Date(d.y, d.m+1, 1, 12, 0, 0, 0, time.UTC))) {
			return "month"
		}
	}
	return ""
}

// frees is when a touch that went at a moment is a cap's span ago. An hour that
// comes twice counts once; a day without its like a month later ends as its month
// does, and so does what went after it.
func (o *oracle) frees(c guards.Cap, at time.Time) time.Time {
	in := c.In
	if in.Days == 0 && in.Months == 0 && in.Business == 0 {
		return at.Add(in.Dur)
	}
	wall := shown(at.In(o.Zone))
	to := o.ahead(in, dayOf(wall))
	free := time.Date(to.y, to.m, to.d, wall.Hour(), wall.Minute(), 0, 0, time.UTC)
	earlier := o.ahead(in, dayOf(wall).plus(-1)).plus(1) // all of the day before is over by its midnight
	if midnight := time.Date(earlier.y, earlier.m, earlier.d, 0, 0, 0, 0, time.UTC); midnight.After(free) {
		free = midnight
	}
	return reaches(o.Zone, free)
}

// ahead is the day that a span of days leads to.
func (o *oracle) ahead(in calendar.Span, d day) day {
	switch {
	case in.Days != 0:
		return d.plus(in.Days)
	case in.Months != 0:
		last := time.Date(d.y, d.m+time.Month(in.Months)+1, 0, 12, 0, 0, 0, time.UTC)
		return day{last.Year(), last.Month(), min(d.d, last.Day())}
	}
	for n := in.Business; n > 0; {
		if d = d.plus(1); o.business(d) {
			n--
		}
	}
	return d
}

// held reports whether somebody holds the account at t.
func (o *oracle) held(t time.Time) bool {
	for _, h := range o.Holds {
		if !o.Internal && (h.Until.IsZero() || t.Before(h.Until)) && (!o.Human || h.Enrollment != o.Enrollment) {
			return true
		}
	}
	return false
}

// may reports whether the touch may go in the minute that begins at t.
func (o *oracle) may(t time.Time) bool {
	t = t.In(o.Zone)
	if !o.Internal {
		if w, minute := o.Rails.Window, t.Hour()*60+t.Minute(); o.shut(dayOf(t)) != "" || w.To > w.From && (minute < w.From || minute >= w.To) {
			return false
		}
		if o.Class != "transactional" {
			for _, e := range o.events {
				if !t.Before(e.from) && t.Before(e.to) {
					return false
				}
			}
		}
		if o.held(t) {
			return false
		}
	}
	for i, c := range o.Rails.Caps {
		n := 0
		for _, free := range o.free[i] {
			if t.Before(free) {
				n++
			}
		}
		if n >= c.Max && (c.What == o.Channel || c.What == "touch" && !o.Internal) {
			return false
		}
	}
	return true
}

// first is the first minute from t on at which the touch may go, up to a moment.
func (o *oracle) first(t, until time.Time) (at time.Time, ok bool) {
	for ; t.Before(until); t = t.Add(time.Minute) {
		if o.may(t) {
			return t, true
		}
	}
	return t, false
}
