// Package calendar is time as customers live it: business days, public
// holidays, quarter ends, send windows. Pure; it owns the holiday library and
// embeds the time zone database. It reads no clock.
package calendar

import "time"

// Days answers whether a local day is a working day and why not.
type Days struct {
	Country string   // ISO 3166 alpha-2, upper case; "" knows weekends only
	Extra   []Closed // named closures of the project
}

// Closed is a named closure of the project, days inclusive.
type Closed struct {
	Name     string
	From, To time.Time
}

// Holiday names the public holiday of t's local day, or "".
func (d Days) Holiday(t time.Time) string { return "" }

// Business reports whether t's local day is a working day.
func (d Days) Business(t time.Time) bool { return true }

// AddBusiness moves t by n business days, keeping its local wall clock; from a
// day off it counts from the next business day's start of count. n may be negative.
func (d Days) AddBusiness(t time.Time, n int) time.Time { return t }

// AddMonths keeps the day of month, or takes the last day of a shorter month.
func AddMonths(t time.Time, n int) time.Time { return t }

// QuarterEnd reports whether t lies in the last n business days of its fiscal
// quarter, when the fiscal year begins in month fiscalStart (1 = January).
func (d Days) QuarterEnd(t time.Time, n int, fiscalStart time.Month) bool { return false }

// Window is when a touch may go, in the recipient's local time.
type Window struct {
	Days     [7]bool // by time.Weekday
	From, To int     // minutes after local midnight; To exclusive, To > From
}

// Span is a length of time an author wrote: "7d", "2w", "6mo", "4bd", "72h".
// Exactly one unit is set; months and business days are calendar arithmetic.
type Span struct {
	Dur      time.Duration // h, m, d (24 h of wall clock: see Add), w
	Days     int           // d and w, kept apart so that the wall clock survives DST
	Months   int
	Business int
	Text     string
}

// ParseSpan reads what an author wrote: a whole number and m, h, d, w, mo, y or bd.
func ParseSpan(s string) (Span, error) { return Span{}, nil }

// Add moves t (whose Location matters) by s. d, w, mo, y and bd keep the local wall clock.
func (s Span) Add(t time.Time, d Days) time.Time { return t }

// Zone loads a zone; the error names it and a likely one.
func Zone(name string) (*time.Location, error) { return time.UTC, nil }
