package playtest

import (
	"regexp"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Window is when something happens: From included, To not. What was written to
// the minute is a minute long, a day a day of the account's.
type Window struct{ From, To time.Time }

// Holds reports whether t lies in w.
func (w Window) Holds(t time.Time) bool { return !t.Before(w.From) && t.Before(w.To) }

const momentHint = "write 2026-02-04 09:00, 2026-02-04T09:00-05:00, a day, or from the start +9d, +6bd, +6bd 09:00, +36h"

// Times with a zone of their own, then those by the account's clock.
var (
	zoned = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00", "2006-01-02 15:04:05Z07:00"}
	local = []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}
)

var weekday = regexp.MustCompile(`^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) `)

// window reads a moment. exact: a day means its start, and a span from the start
// keeps the clock; else both mean the whole day.
func (r *reader) window(n *source.Node, exact bool) (Window, bool) {
	text := n.String(&r.l, "a moment")
	if text == "" {
		return Window{}, false
	}
	bare := weekday.ReplaceAllString(text, "")
	w, ok := r.parse(bare, exact)
	if !ok {
		r.l.Errorf(n.Span(), "bad-time", momentHint, "%q is no moment", text)
		return Window{}, false
	}
	if day := strings.TrimSuffix(text, bare); day != "" && w.From.In(r.t.zone).Format("Mon ") != day {
		r.l.Errorf(n.Span(), "bad-time", "correct the weekday or the date", "%s is a %s", w.From.In(r.t.zone).Format(time.DateOnly), w.From.In(r.t.zone).Weekday())
		return Window{}, false
	}
	return w, true
}

func (r *reader) parse(text string, exact bool) (Window, bool) {
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		return r.relative(text, exact)
	}
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return minute(t), sane(t)
		}
	}
	for _, layout := range local {
		if t, err := time.ParseInLocation(layout, text, r.t.zone); err == nil {
			return minute(t), sane(t)
		}
	}
	t, err := time.ParseInLocation(time.DateOnly, text, r.t.zone)
	if err != nil || !sane(t) {
		return Window{}, false
	}
	if exact {
		return minute(t), true
	}
	return day(t), true
}

// relative reads +9d, +6bd 09:00, -36h: from the start, by the account's clock
// and business days.
func (r *reader) relative(text string, exact bool) (Window, bool) {
	start := r.t.Case.At
	if start.IsZero() {
		return Window{}, false // now itself
	}
	span, clock, timed := strings.Cut(text[1:], " ")
	t, s, ok := r.moved(text[:1], span)
	if !ok {
		return Window{}, false
	}
	switch {
	case timed:
		c, err := time.Parse("15:04", clock)
		if err != nil || s.Dur != 0 {
			return Window{}, false
		}
		y, m, d := t.Date()
		return minute(time.Date(y, m, d, c.Hour(), c.Minute(), 0, 0, r.t.zone)), true
	case exact || s.Dur != 0:
		return Window{From: t, To: t.Add(time.Minute)}, true
	}
	return day(t), true
}

// moved is the start moved by a span, forth (+) or back (-). Business days are
// counted day by day, so each span is counted once a test.
func (r *reader) moved(sign, span string) (time.Time, calendar.Span, bool) {
	s, err := calendar.ParseSpan(span)
	if err != nil || s.Business > longestBusiness {
		return time.Time{}, s, false
	}
	if t, ok := r.spans[sign+span]; ok {
		return t, s, true
	}
	start := r.t.Case.At.In(r.t.zone)
	t := s.Add(start, r.t.days)
	if sign == "-" {
		t = s.Sub(start, r.t.days)
	}
	if r.spans == nil {
		r.spans = map[string]time.Time{}
	}
	r.spans[sign+span] = t
	return t, s, true
}

// longestBusiness is about as many business days as a test may last.
const longestBusiness = 262 * maxYears

// sane keeps the arithmetic of a test within what a clock can show.
func sane(t time.Time) bool { return t.Year() >= 1970 && t.Year() <= 2200 }

func minute(t time.Time) Window {
	t = t.Truncate(time.Minute)
	return Window{From: t, To: t.Add(time.Minute)}
}

func day(t time.Time) Window {
	from := calendar.StartOfDay(t)
	return Window{From: from, To: calendar.StartOfDay(calendar.AddDays(from, 1))}
}
