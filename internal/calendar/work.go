package calendar

import "time"

// Work is when one of ours works: their days and hours, and the days off where
// they live. The zero Work is every hour of Monday to Friday.
type Work struct {
	Days  Days
	Hours Window // without days Monday to Friday; From and To both 0 is round the clock
}

// workdays are those of a Work that does not say.
var workdays = [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true}

// Window is the hours with the days that they have.
func (w Work) Window() Window {
	if w.Hours.Days == [7]bool{} {
		w.Hours.Days = workdays
	}
	return w.Hours
}

// On reports whether t's local day is one of work.
func (w Work) On(t time.Time) bool { return w.Window().Days[t.Weekday()] && w.Days.Holiday(t) == "" }

// Next is the first moment of work that is not before t, in t's Location. Where
// no day of three years is one of work it is t itself.
func (w Work) Next(t time.Time) time.Time {
	window, from := w.Window(), t
	for range farthest {
		at := window.Next(from)
		if at.IsZero() {
			return t
		}
		if w.Days.Holiday(at) == "" {
			return at
		}
		from = StartOfDay(AddDays(at, 1))
	}
	return t
}

// Add moves t, whose Location matters, by s in working time. Business days are
// days of work; hours, minutes and seconds run in working hours alone; days,
// weeks and months are the calendar's. What would end outside of the working
// hours ends at their next opening. A clock that starts outside of them starts
// at their next opening too.
func (w Work) Add(t time.Time, s Span) time.Time {
	t = w.Next(t)
	switch {
	case s.Business != 0:
		return w.Next(addDays(t, s.Business, w.On))
	case s.Days != 0 || s.Months != 0:
		return w.Next(s.Add(t, w.Days))
	}
	return w.run(t, s.Dur)
}

// run lets a clock run for d in working hours.
func (w Work) run(t time.Time, d time.Duration) time.Time {
	for range farthest {
		end := w.close(t)
		if room := end.Sub(t); d <= room {
			return t.Add(d)
		} else if room > 0 {
			d -= room
		}
		t = w.Next(StartOfDay(AddDays(t, 1)))
	}
	return t.Add(d)
}

// close is when work ends on t's local day.
func (w Work) close(t time.Time) time.Time {
	if w.Hours.To <= w.Hours.From {
		return StartOfDay(AddDays(t, 1))
	}
	y, m, day := t.Date()
	return wall(y, m, day, time.Duration(w.Hours.To)*time.Minute, t.Location())
}
