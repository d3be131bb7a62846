package calendar

import (
	"fmt"
	"time"
)

// Named is a calendar that a project declares: any of these together. Days in it
// are days to leave people alone, or no business days; see Covers.
type Named struct {
	Name    string
	Country string   // whose public holidays are in it, "" none
	Closed  []Closed // named stretches of days
	Seasons []Season // the same every year
	Last    int      // business days at the end of Of; 0 none
	Of      string   // "account.fiscal_quarter", "quarter", "month" or "year"
	Events  Events   // read from a file
}

// Season comes back every year, days inclusive. One whose To is before its From
// passes the new year.
type Season struct {
	Name     string
	From, To MonthDay
}

// MonthDay is a day of any year. The 29th of February is the 28th where there is none.
type MonthDay struct {
	Month time.Month
	Day   int
}

// ParseMonthDay reads "11-15". The error quotes it and says what was expected.
func ParseMonthDay(s string) (MonthDay, error) {
	t, err := time.Parse("2006-01-02", "2000-"+s) // a leap year
	if err != nil {
		return MonthDay{}, fmt.Errorf("%q is no day of the year; write month and day, such as 11-15", s)
	}
	return MonthDay{t.Month(), t.Day()}, nil
}

// of a year.
func (m MonthDay) of(year int) int64 {
	last := time.Date(year, m.Month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return dayNumber(time.Date(year, m.Month, min(m.Day, last), 0, 0, 0, 0, time.UTC))
}

// last day of s if t's local day is in it.
func (s Season) last(t time.Time) (day int64, in bool) {
	today := dayNumber(t)
	for _, year := range []int{t.Year() - 1, t.Year()} {
		from, to := s.From.of(year), s.To.of(year)
		if to < from {
			to = s.To.of(year + 1)
		}
		if from <= today && today <= to {
			return to, true
		}
	}
	return 0, false
}

// Covers reports what of n t lies in, by name, and the first moment after it; ""
// when in nothing. d says which days are business days and when the project's
// fiscal year begins; fiscal is the month in which the account's does, 0 January.
func (n Named) Covers(t time.Time, d Days, fiscal time.Month) (what string, end time.Time) {
	if name := holiday(n.Country, t); name != "" {
		return name, StartOfDay(AddDays(t, 1))
	}
	today := dayNumber(t)
	for _, c := range n.Closed {
		if dayNumber(c.From) <= today && today <= dayNumber(c.To) {
			return c.Name, StartOfDay(AddDays(t, int(dayNumber(c.To)-today)+1))
		}
	}
	for _, s := range n.Seasons {
		if last, in := s.last(t); in {
			return s.Name, StartOfDay(AddDays(t, int(last-today)+1))
		}
	}
	if name, end := n.Events.at(t); name != "" {
		return name, end
	}
	if n.Last > 0 {
		next := n.next(t, fiscal, d.FiscalStart)
		if d.tail(t, n.Last, next) {
			return fmt.Sprintf("one of the last %d business days of the %s", n.Last, n.period()), next
		}
	}
	return "", time.Time{}
}

// OnDay reports whether any moment of t's local day is in n.
func (n Named) OnDay(t time.Time, d Days, fiscal time.Month) bool {
	start := StartOfDay(t)
	if what, _ := n.Covers(start, d, fiscal); what != "" {
		return true
	}
	return n.Events.during(start, StartOfDay(AddDays(t, 1)))
}

// next is the first moment of the period after t's.
func (n Named) next(t time.Time, account, own time.Month) time.Time {
	switch n.Of {
	case "account.fiscal_quarter":
		return NextQuarter(t, account)
	case "quarter":
		return NextQuarter(t, own)
	case "year":
		next := NextQuarter(t, own)
		for month := max(own, time.January); next.Month() != month; {
			next = NextQuarter(next, own)
		}
		return next
	}
	y, m, _ := t.Date()
	return wall(y, m+1, 1, 0, t.Location())
}

func (n Named) period() string {
	switch n.Of {
	case "account.fiscal_quarter":
		return "account's fiscal quarter"
	case "quarter":
		return "quarter"
	}
	return n.Of
}
