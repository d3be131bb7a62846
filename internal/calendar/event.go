package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Events of a calendar file.
type Events []Event

// Event happens once, or again and again.
type Event struct {
	Name string

	uid      string
	start    time.Time
	length   time.Duration
	day      bool // whole days
	floating bool // by the clock of whoever looks: start is as if that were UTC
	rule     *rrule.Set
	instead  time.Time // of which occurrence of uid this one takes the place
	gone     bool      // and nothing happens then
}

// newEvent makes an event of its lines; keep is false for a cancelled one.
func newEvent(of []property, began int) (e Event, keep bool, err error) {
	e.Name = "an event without a name"
	var end, length, rule property
	var start property
	var except, extra []property
	cancelled := false
	for _, p := range of {
		switch p.IANAToken {
		case "SUMMARY":
			if p.Value != "" {
				e.Name = p.Value
			}
		case "UID":
			e.uid = p.Value
		case "STATUS":
			cancelled = strings.EqualFold(p.Value, "CANCELLED")
		case "DTSTART":
			start = p
		case "DTEND":
			end = p
		case "DURATION":
			length = p
		case "RRULE":
			rule = p
		case "EXDATE":
			except = append(except, p)
		case "RDATE":
			extra = append(extra, p)
		case "RECURRENCE-ID":
			if e.instead, _, _, err = p.moment(p.Value); err != nil {
				return e, false, err
			}
		}
	}
	if start.line == 0 {
		return e, false, &FileError{began, fmt.Sprintf("the event %q has no DTSTART", e.Name), "give it a day"}
	}
	if e.start, e.day, e.floating, err = start.moment(start.Value); err != nil {
		return e, false, err
	}
	if y := e.start.Year(); y < 1900 || y > 2500 {
		return e, false, &FileError{start.line, fmt.Sprintf("the event %q begins in the year %d", e.Name, y), ""}
	}
	if e.length, err = e.lasting(end, length); err != nil {
		return e, false, err
	}
	if rule.line == 0 && len(extra) == 0 {
		e.gone = cancelled
		return e, !cancelled || !e.instead.IsZero(), nil
	}
	if e.rule, err = e.repeats(rule, except, extra); err != nil {
		return e, false, err
	}
	return e, !cancelled, nil
}

// lasting is how long e lasts: a day when nothing is said of a whole day.
func (e Event) lasting(end, length property) (time.Duration, error) {
	switch {
	case end.line != 0:
		t, day, _, err := end.moment(end.Value)
		if err != nil {
			return 0, err
		}
		if t.Before(e.start) || day != e.day {
			return 0, &FileError{end.line, fmt.Sprintf("the event %q ends before it begins", e.Name), ""}
		}
		if e.day && t.Equal(e.start) {
			return 24 * time.Hour, nil
		}
		return t.Sub(e.start), nil
	case length.line != 0:
		d, ok := icsDuration(length.Value)
		if !ok {
			return 0, &FileError{length.line, fmt.Sprintf("%q is no length of time", length.Value), "write P1D or PT2H"}
		}
		return d, nil
	case e.day:
		return 24 * time.Hour, nil
	}
	return 0, nil
}

var icsSpan = regexp.MustCompile(`^\+?P(?:(\d{1,4})W|(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?)$`)

// icsDuration reads a duration of RFC 5545, which may not be negative here.
func icsDuration(s string) (d time.Duration, ok bool) {
	m := icsSpan.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if n, err := strconv.Atoi(m[i+1]); err == nil {
			d += time.Duration(n) * unit
		}
	}
	return d, true
}

// repeats is e's rule with its exceptions and additions.
func (e Event) repeats(rule property, except, extra []property) (*rrule.Set, error) {
	set := &rrule.Set{}
	set.DTStart(e.start)
	if rule.line != 0 {
		opt, err := rrule.StrToROptionInLocation(rule.Value, e.start.Location())
		if err != nil {
			return nil, &FileError{rule.line, fmt.Sprintf("%q is no rule of repetition", rule.Value), "write such as FREQ=YEARLY"}
		}
		if opt.Freq > rrule.DAILY {
			return nil, &FileError{rule.line, fmt.Sprintf("the event %q repeats within a day", e.Name), "repeat it DAILY, WEEKLY, MONTHLY or YEARLY"}
		}
		opt.Dtstart = e.start
		r, err := rrule.NewRRule(*opt)
		if err != nil {
			return nil, &FileError{rule.line, fmt.Sprintf("%q is no rule of repetition", rule.Value), "write such as FREQ=YEARLY"}
		}
		set.RRule(r)
	} else {
		set.RDate(e.start)
	}
	for _, p := range except {
		for value := range strings.SplitSeq(p.Value, ",") {
			t, day, _, err := p.moment(value)
			if err != nil {
				return nil, err
			}
			if day && !e.day {
				t = t.Add(clockOf(e.start)) // some programs write days only
				y, m, d := t.Date()
				t = wall(y, m, d, clockOf(e.start), e.start.Location())
			}
			set.ExDate(t)
		}
	}
	for _, p := range extra {
		for value := range strings.SplitSeq(p.Value, ",") {
			t, _, _, err := p.moment(value)
			if err != nil {
				return nil, err
			}
			set.RDate(t)
		}
	}
	return set, nil
}

// amended takes out of repeated events what single ones of the same uid replace.
func (es Events) amended() Events {
	byUID := map[string]*rrule.Set{}
	for _, e := range es {
		if e.rule != nil && e.uid != "" {
			byUID[e.uid] = e.rule
		}
	}
	for _, e := range es {
		if set := byUID[e.uid]; set != nil && !e.instead.IsZero() {
			set.ExDate(e.instead)
		}
	}
	return slices.DeleteFunc(es, func(e Event) bool { return e.gone })
}

// at is the event that t lies in, and the first moment after it.
func (es Events) at(t time.Time) (name string, end time.Time) {
	for _, e := range es {
		if end, in := e.among(t, t); in {
			return e.Name, end
		}
	}
	return "", time.Time{}
}

// during reports whether any event lasts into [from, to).
func (es Events) during(from, to time.Time) bool {
	for _, e := range es {
		if _, in := e.among(from, to.Add(-time.Nanosecond)); in {
			return true
		}
	}
	return false
}

// among is when the first occurrence of e that lasts at some moment from a to b
// ends, in a's location.
func (e Event) among(a, b time.Time) (end time.Time, in bool) {
	from, to := e.seen(a), e.seen(b)
	if e.rule == nil {
		if e.start.After(to) || !e.start.Add(e.length).After(from) {
			return end, false
		}
		return e.shown(e.start.Add(e.length), a), true
	}
	for _, start := range e.rule.Between(from.Add(-e.length-time.Hour), to, true) {
		if stop := start.Add(e.length); !start.After(to) && stop.After(from) {
			return e.shown(stop, a), true
		}
	}
	return end, false
}

// seen is t as e's times are written.
func (e Event) seen(t time.Time) time.Time {
	if e.floating {
		return shows(t)
	}
	return t
}

// shown is a moment of e where t is.
func (e Event) shown(m, t time.Time) time.Time {
	if !e.floating {
		return m.In(t.Location())
	}
	y, mo, d := m.Date()
	return wall(y, mo, d, clockOf(m), t.Location())
}
