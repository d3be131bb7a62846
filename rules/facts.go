package rules

import (
	"time"

	"holdfast/internal/calendar"
)

// Record is typed field values by field name; an unset field is absent.
type Record map[string]any

// Day is one daily bucket of a metric (UTC).
type Day struct {
	Day   time.Time
	Count int64
	Sum   float64
}

// Facts are what expressions read. Objects and Series may be nil; they are
// asked at most once for each name and evaluation, and are called on the
// evaluating goroutine. Nothing in Facts is changed.
type Facts struct {
	Now     time.Time
	Account Record
	Contact Record
	Event   Record
	Steps   map[string]Record
	Items   map[string]Record // open items by name; a plain value stands under ""
	Objects func(kind string) []Record
	Series  func(metric string) []Day // ascending days
	Zone    *time.Location            // whose days count; nil: account.timezone, account.country's, UTC
	Days    *calendar.Days            // which days are business days; nil: those of account.country
	// Population is the numbers that a percentile ranks, ascending, by what it ranks;
	// nil when nobody has gathered them.
	Population func(of string) []float64
	// Until, when set, is lowered by each evaluation to the moment up to which the
	// answer stays as it is while nothing but the clock changes. It is never lowered
	// to Now or earlier, and left alone by what does not read the clock.
	Until *time.Time
}

// days are the business days of f.
func (f *Facts) days() calendar.Days {
	if f.Days != nil {
		return *f.Days
	}
	country, _ := f.Account["country"].(string)
	return calendar.Days{Country: country}
}

// zone is where f's days begin. A zone that does not exist counts as unset.
func (s *Set) zone(f *Facts) *time.Location {
	if f.Zone != nil {
		return f.Zone
	}
	if name, _ := f.Account["timezone"].(string); name != "" {
		if loc := s.location(name); loc != nil {
			return loc
		}
	}
	if country, _ := f.Account["country"].(string); country != "" {
		if loc := s.location(calendar.ZoneOf(country)); loc != nil {
			return loc
		}
	}
	return time.UTC
}

// location is the zone of that name, or nil; each is loaded once.
func (s *Set) location(name string) *time.Location {
	if loc, ok := s.zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := calendar.Zone(name)
	if err != nil {
		return nil
	}
	s.zones.Store(name, loc)
	return loc
}
