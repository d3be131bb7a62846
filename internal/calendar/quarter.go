package calendar

import "time"

// QuarterEnd reports whether t lies in the last n business days of its fiscal
// quarter, days off among them included, when the fiscal year begins in month
// fiscalStart (1 = January; anything else than a month means January).
func (d Days) QuarterEnd(t time.Time, n int, fiscalStart time.Month) bool {
	return d.tail(t, n, NextQuarter(t, fiscalStart))
}

// tail reports whether t lies in the last n business days before end, days off
// among them included.
func (d Days) tail(t time.Time, n int, end time.Time) bool {
	if n <= 0 {
		return false
	}
	left := 0
	for day := t; dayNumber(day) < dayNumber(end); day = AddDays(day, 1) {
		if !d.Business(day) {
			continue
		}
		if left++; left > n {
			return false
		}
	}
	// A day off just before the first of the n days is not yet among them.
	return left < n || d.Business(t)
}

// NextQuarter is the first moment of the fiscal quarter after t's, in t's location.
func NextQuarter(t time.Time, fiscalStart time.Month) time.Time {
	if fiscalStart < time.January || fiscalStart > time.December {
		fiscalStart = time.January
	}
	y, m, _ := t.Date()
	into := (int(m) - int(fiscalStart) + 12) % 3
	return wall(y, m+time.Month(3-into), 1, 0, t.Location())
}
