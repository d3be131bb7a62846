package rules

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Calendar is a named stretch of days: dates that are closed, or the last
// business days of a period. internal/calendar does the arithmetic.
type Calendar struct {
	Name    string
	Country string            // whose public holidays it has, "" none
	Closed  []calendar.Closed // by document order
	Last    int               // business days at the end of Of; 0 none
	Of      string            // "account.fiscal_quarter", "quarter", "month" or "year"
}

// Calendars are the declared calendars, in document order.
func (s *Set) Calendars() []Calendar { return append([]Calendar(nil), s.calendars...) }

// calendarDoc declares `calendar: name`.
func (ld *loader) calendarDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "calendar", "calendar", "country", "closed", "last", "of", "summary")
	name := ld.name(doc, func(n string) bool {
		for _, c := range ld.set.calendars {
			if c.Name == n {
				return true
			}
		}
		return false
	})
	if name == "" {
		return
	}
	c := Calendar{Name: name, Country: doc.Get("country").String(&ld.diags, "country")}
	if c.Country != "" && calendar.ZoneOf(c.Country) == "" {
		ld.diags.Errorf(doc.Get("country").Span(), "unknown-country", "write an ISO 3166 code of two letters, such as DE", "unknown country %q", c.Country)
	}
	for _, item := range doc.Get("closed").Items() {
		if closed, ok := ld.closed(item, name); ok {
			c.Closed = append(c.Closed, closed)
		}
	}
	if n := doc.Get("last"); n != nil {
		sp, err := calendar.ParseSpan(n.String(&ld.diags, "last"))
		if err != nil || sp.Business < 1 {
			ld.diags.Errorf(n.Span(), "wrong-type", "write business days, such as 10bd", "last must be a number of business days")
		}
		c.Last = sp.Business
		c.Of = doc.Require(&ld.diags, "calendar "+name, "of").Word(&ld.diags, "of", "account.fiscal_quarter", "quarter", "month", "year")
	}
	ld.set.calendars = append(ld.set.calendars, c)
}

// closed reads `2026-12-24`, or `{name: Shutdown, from: 2026-12-24, to: 2027-01-01}`.
func (ld *loader) closed(n *source.Node, calendarName string) (calendar.Closed, bool) {
	c := calendar.Closed{Name: calendarName}
	from, to := n, n
	if n.Kind() == source.Map {
		n.Strict(&ld.diags, "closed", "name", "from", "to")
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
