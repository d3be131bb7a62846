package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a length of time an author wrote: "7d", "2w", "6mo", "4bd", "72h".
// Exactly one unit is set; months and business days are calendar arithmetic.
// The zero Span is none.
type Span struct {
	Dur      time.Duration // h, m
	Days     int           // d and w, kept apart so that the wall clock survives DST
	Months   int           // mo and y
	Business int           // bd
	Text     string
}

// most is the longest span of each unit: a hundred years, so that no sum overflows.
const most = 100

// ParseSpan reads what an author wrote: a whole number and s, m, h, d, w, mo,
// y or bd. The error quotes it and says what was expected.
func ParseSpan(s string) (Span, error) {
	s = strings.TrimSpace(s)
	unit := strings.TrimLeft(s, "0123456789")
	digits := s[:len(s)-len(unit)]
	n, err := strconv.Atoi(digits)
	if digits == "" || unit == "" || (err != nil && len(digits) < 10) {
		return Span{}, fmt.Errorf("%q is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d", s)
	}
	sp := Span{Text: s}
	var perYear int
	switch unit {
	case "s":
		sp.Dur, perYear = time.Duration(n)*time.Second, 366*24*3600
	case "m":
		sp.Dur, perYear = time.Duration(n)*time.Minute, 366*24*60
	case "h":
		sp.Dur, perYear = time.Duration(n)*time.Hour, 366*24
	case "d":
		sp.Days, perYear = n, 366
	case "w":
		sp.Days, perYear = 7*n, 53
	case "mo":
		sp.Months, perYear = n, 12
	case "y":
		sp.Months, perYear = 12*n, 1
	case "bd":
		sp.Business, perYear = n, 262
	default:
		return Span{}, fmt.Errorf("unknown unit %q in %q; write s, m, h, d, w, mo, y or bd", unit, s)
	}
	if err != nil || n > most*perYear {
		return Span{}, fmt.Errorf("%q is longer than %d years", s, most)
	}
	return sp, nil
}

// Zero reports whether s is no time at all.
func (s Span) Zero() bool { return s.Dur == 0 && s.Days == 0 && s.Months == 0 && s.Business == 0 }

func (s Span) String() string { return s.Text }

// Add moves t (whose Location matters) by s. d, w, mo, y and bd keep the local
// wall clock; h, m and s are exact. d is read only by business days.
func (s Span) Add(t time.Time, d Days) time.Time { return s.move(t, d, 1) }

// Sub moves t back by s. It is not always Add's inverse: two days may have the
// same day a month later.
func (s Span) Sub(t time.Time, d Days) time.Time { return s.move(t, d, -1) }

// Over is when something that happened at t is s ago, by t's clock: never earlier
// than for what happened before it. So a day without its like in a shorter month
// is over at the end of that month, and a day off with the first business days
// after it. An hour that comes twice counts once.
func (s Span) Over(t time.Time, d Days) time.Time {
	if s.exact() {
		return t.Add(s.Dur)
	}
	n := come(t)
	over, before := s.Add(n, d), StartOfDay(AddDays(s.Add(AddDays(n, -1), d), 1))
	if before.After(over) {
		over = before
	}
	return momentOf(over, t.Location())
}

// Since is the first moment of which Over is after t: what happened then or later
// lies within s before t. Moments are whole microseconds.
func (s Span) Since(t time.Time, d Days) time.Time {
	if s.exact() {
		return t.Add(time.Microsecond - s.Dur)
	}
	n := come(t)
	first := s.Sub(n, d)
	for range 2 { // two days may have the same day a month later, and some have none
		if s.Add(first, d).Before(StartOfDay(n)) {
			first = AddDays(first, 1)
		}
	}
	if !s.Add(StartOfDay(first), d).Equal(StartOfDay(n)) {
		return momentOf(StartOfDay(first), t.Location())
	}
	since := momentOf(first, t.Location())
	if shows(since).After(first) { // skipped by a change of the clocks
		return since
	}
	return since.Add(time.Microsecond)
}

func (s Span) exact() bool { return s.Days == 0 && s.Months == 0 && s.Business == 0 }

func (s Span) move(t time.Time, d Days, sign int) time.Time {
	switch {
	case s.Months != 0:
		return AddMonths(t, sign*s.Months)
	case s.Business != 0:
		return d.AddBusiness(t, sign*s.Business)
	case s.Days != 0:
		return AddDays(t, sign*s.Days)
	}
	return t.Add(time.Duration(sign) * s.Dur)
}
