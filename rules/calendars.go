package rules

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Calendar is a named stretch of days: closed days, seasons that come back every
// year, the last business days of a period, the events of a file.
// internal/calendar does the arithmetic. Immutable.
type Calendar struct {
	calendar.Named
	File string // of its events, within the project; "" none

	rule
	when *Expr // of which accounts it holds; nil: of all
}

// File is a text that a document names, and how findings call it.
type File struct{ Shown, Text string }

// Calendar that is declared under that name, or nil.
func (s *Set) Calendar(name string) *Calendar { return s.calendars[name] }

// Calendars are the names of the declared calendars, sorted.
func (s *Set) Calendars() []string { return sortedKeys(s.calendars) }

// CalendarFiles are the files that the calendars of docs take their events from.
func CalendarFiles(docs []*source.Node) []*source.Node {
	var files []*source.Node
	for _, doc := range docs {
		if n := doc.Get("ics"); kindOf(doc) == "calendar" && n.Kind() == source.Scalar {
			files = append(files, n)
		}
	}
	return files
}

// Holds reports whether c is for the account: its `when` is true, or it has none.
func (c *Calendar) Holds(f *Facts) (bool, error) {
	if c.when == nil {
		return !c.broken, nil
	}
	t, _, err := c.when.Bool(f)
	return t == True, err
}

// Reads is what c's `when` depends on, c itself included.
func (c *Calendar) Reads() Reads { return Reads{}.through(&c.rule) }

// calendarDoc declares `calendar: name`.
func (ld *loader) calendarDoc(doc *source.Node) {
	l := &ld.diags
	doc.Strict(l, "calendar", keys(calendarKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.calendars[n] != nil })
	if name == "" {
		return
	}
	c := &Calendar{rule: rule{name: "calendar:" + name, doc: doc}}
	c.Name, c.Country = name, doc.Get("country").String(l, "country")
	if c.Country != "" && !calendar.Known(c.Country) {
		l.Errorf(doc.Get("country").Span(), "unknown-country", "one of "+strings.Join(calendar.Countries(), ", "), "no public holidays are known of country %q", c.Country)
	}
	for _, item := range doc.Get("closed").Items() {
		if closed, ok := ld.closed(item, name); ok {
			c.Closed = append(c.Closed, closed)
		}
	}
	for _, item := range doc.Get("seasons").Items() {
		if season, ok := ld.season(item, name); ok {
			c.Seasons = append(c.Seasons, season)
		}
	}
	if n := doc.Get("last"); n != nil {
		sp, err := calendar.ParseSpan(n.String(l, "last"))
		if err != nil || sp.Business < 1 || sp.Business > 60 {
			l.Errorf(n.Span(), "wrong-type", "write business days, such as 10bd", "last must be a number of business days")
		}
		c.Last = sp.Business
		c.Of = doc.Require(l, "calendar "+name, "of").Word(l, "of", "account.fiscal_quarter", "quarter", "month", "year")
	}
	if n := doc.Get("ics"); n != nil {
		c.File = n.String(l, "ics")
		c.Events = ld.calendarFile(n, c.File)
	}
	c.body = func(ld *loader) {
		if n := doc.Get("when"); n != nil {
			if c.when = ld.expr(n, &everywhere, Bool, "when"); c.when != nil {
				c.reads = c.when.reads
			} else {
				c.broken = true
			}
		}
	}
	ld.set.calendars[name] = c
}

// calendarFile reads a calendar's events.
func (ld *loader) calendarFile(n *source.Node, name string) calendar.Events {
	if name == "" {
		return nil
	}
	if !fs.ValidPath(name) || !strings.HasSuffix(name, ".ics") {
		ld.diags.Errorf(n.Span(), "bad-path", "write such as calendars/retail.ics, from the project's directory", "%q is no .ics file inside the project", name)
		return nil
	}
	file, ok := ld.files[name]
	if !ok {
		ld.diags.Errorf(n.Span(), "unknown-file", "put the file there; a link that leads out of the project is not followed", "there is no file %s in the project", name)
		return nil
	}
	events, err := calendar.ReadICS([]byte(file.Text))
	if bad, ok := errors.AsType[*calendar.FileError](err); ok {
		at := diag.Span{File: file.Shown, Line: bad.Line, Col: 1}
		ld.diags.Errorf(at, "bad-calendar-file", bad.Hint, "%s", bad.Message)
	}
	return events
}

// season reads `{name: Black Friday, from: 11-15, to: 12-31}`, every year.
func (ld *loader) season(n *source.Node, calendarName string) (calendar.Season, bool) {
	s := calendar.Season{Name: calendarName}
	if n.Kind() != source.Map {
		ld.diags.Errorf(n.Span(), "wrong-type", "write {name: Black Friday, from: 11-15, to: 12-31}", "a season must be a map")
		return s, false
	}
	n.Strict(&ld.diags, "a season", keys(calendarKind, "seasons")...)
	if label := n.Get("name").String(&ld.diags, "name"); label != "" {
		s.Name = label
	}
	read := func(key string) (calendar.MonthDay, bool) {
		v := n.Require(&ld.diags, "a season", key)
		if v == nil {
			return calendar.MonthDay{}, false
		}
		day, err := calendar.ParseMonthDay(v.Text())
		if err != nil {
			ld.diags.Errorf(v.Span(), "wrong-type", "write month and day, such as 11-15; the year is every year", "%q is no day of the year", v.Text())
		}
		return day, err == nil
	}
	var okFrom, okTo bool
	s.From, okFrom = read("from")
	s.To, okTo = read("to")
	return s, okFrom && okTo
}

// closed reads `2026-12-24`, or `{name: Shutdown, from: 2026-12-24, to: 2027-01-01}`.
func (ld *loader) closed(n *source.Node, calendarName string) (calendar.Closed, bool) {
	c := calendar.Closed{Name: calendarName}
	from, to := n, n
	if n.Kind() == source.Map {
		n.Strict(&ld.diags, "closed", keys(calendarKind, "closed")...)
		if label := n.Get("name").String(&ld.diags, "name"); label != "" {
			c.Name = label
		}
		if from = n.Require(&ld.diags, "closed", "from"); from == nil {
			return c, false
		}
		if to = n.Get("to"); to == nil {
			to = from
		}
	}
	var ok, okTo bool
	c.From, ok = ld.day(from)
	c.To, okTo = ld.day(to)
	if ok && okTo && c.To.Before(c.From) {
		ld.diags.Errorf(to.Span(), "wrong-type", "write the later day here", "the closure ends before it begins")
		return c, false
	}
	return c, ok && okTo
}

func (ld *loader) day(n *source.Node) (time.Time, bool) {
	v, err := Typed(Date, n.Text())
	if err != nil {
		ld.diags.Errorf(n.Span(), "wrong-type", "write a day such as 2026-12-24", "%q is no day", n.Text())
		return time.Time{}, false
	}
	t, ok := v.(time.Time)
	return t, ok
}
