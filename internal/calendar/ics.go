package calendar

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// MaxFile is how many bytes a calendar file may have.
const MaxFile = 4 << 20

// maxEvents bounds a file: each event is looked at for each question.
const maxEvents = 5000

// FileError is a mistake in a calendar file.
type FileError struct {
	Line          int // from 1
	Message, Hint string
}

// Error is the mistake with its line.
func (e *FileError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// property is one unfolded line of a file.
type property struct {
	line int
	ics.BaseProperty
}

// ReadICS reads the events of an iCalendar file (RFC 5545): whole days and
// times, repeated ones with their exceptions. Cancelled ones are left out, and so
// are components that are no events. An event without a time zone is by the
// clock of whoever looks. The error is a *FileError.
func ReadICS(text []byte) (Events, error) {
	if len(text) > MaxFile {
		return nil, &FileError{1, fmt.Sprintf("the file has %d bytes; %d is the most", len(text), MaxFile), "split it into several calendars"}
	}
	var events Events
	var open []string // components, outermost first
	var of []property // the event that is open
	began := 0
	last := 1
	for _, content := range unfold(text) {
		p, err := parseProperty(content)
		if err != nil {
			return nil, err
		}
		last = p.line
		switch {
		case p.IANAToken == "BEGIN":
			name := strings.ToUpper(p.Value)
			if len(open) == 0 && name != "VCALENDAR" {
				return nil, &FileError{p.line, "the file does not begin with BEGIN:VCALENDAR", "export it as iCalendar (.ics)"}
			}
			if name == "VEVENT" {
				of, began = nil, p.line
			}
			open = append(open, name)
		case len(open) == 0:
			return nil, &FileError{p.line, "the file does not begin with BEGIN:VCALENDAR", "export it as iCalendar (.ics)"}
		case p.IANAToken == "END":
			name := strings.ToUpper(p.Value)
			if open[len(open)-1] != name {
				return nil, &FileError{p.line, fmt.Sprintf("END:%s closes %s", p.Value, open[len(open)-1]), ""}
			}
			open = open[:len(open)-1]
			if name != "VEVENT" {
				continue
			}
			e, keep, err := newEvent(of, began)
			if err != nil {
				return nil, err
			}
			if keep {
				events = append(events, e)
			}
			if len(events) > maxEvents {
				return nil, &FileError{began, fmt.Sprintf("the file has more than %d events", maxEvents), "split it into several calendars"}
			}
		case open[len(open)-1] == "VEVENT":
			of = append(of, p)
		}
	}
	if len(open) > 0 {
		return nil, &FileError{last, "the file ends before END:" + open[len(open)-1], "it was cut off; export it again"}
	}
	if last == 1 && len(events) == 0 {
		return nil, &FileError{1, "the file holds no calendar", "export it as iCalendar (.ics)"}
	}
	return events.amended(), nil
}

// content is an unfolded line and where it begins.
type content struct {
	line int
	text string
}

// unfold joins lines that go on in the next, which begins with a space or tab.
func unfold(text []byte) []content {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var out []content
	for i, raw := range strings.Split(string(text), "\n") {
		line := strings.TrimSuffix(raw, "\r")
		switch {
		case line == "":
		case (line[0] == ' ' || line[0] == '\t') && len(out) > 0:
			out[len(out)-1].text += line[1:]
		default:
			out = append(out, content{i + 1, line})
		}
	}
	return out
}

func parseProperty(c content) (property, error) {
	bad := &FileError{c.line, "this is no line of an iCalendar file", "export the file again"}
	if strings.TrimSpace(c.text) == "" {
		return property{}, bad
	}
	p, err := ics.ParseProperty(ics.ContentLine(c.text))
	if err != nil || p == nil {
		return property{}, bad
	}
	p.IANAToken = strings.ToUpper(p.IANAToken)
	return property{c.line, *p}, nil
}

// param of p, "" when it has none.
func (p property) param(name string) string {
	for k, v := range p.ICalParameters {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// moment is a value of p: a day, or a time in a zone, in UTC or, with floating,
// by the clock of whoever looks (then it is kept as UTC).
func (p property) moment(value string) (t time.Time, day, floating bool, err error) {
	if t, err = time.Parse("20060102", value); err == nil {
		return t, true, true, nil
	}
	if t, err = time.Parse("20060102T150405Z", value); err == nil {
		return t, false, false, nil
	}
	zone, floating := time.UTC, true
	if name := p.param("TZID"); name != "" {
		floating = false
		if zone, err = Zone(strings.TrimPrefix(name, "/")); err != nil {
			return t, false, false, &FileError{p.line, err.Error(), "let the program that exports it use names such as Europe/Berlin"}
		}
	}
	wanted, err := time.Parse("20060102T150405", value)
	if err != nil {
		return t, false, false, &FileError{p.line, fmt.Sprintf("%q is neither a day nor a time", value), "write 20261124, or 20261124T090000"}
	}
	y, m, d := wanted.Date()
	return wall(y, m, d, clockOf(wanted), zone), false, floating, nil
}
