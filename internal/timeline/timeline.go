// Package timeline draws what happened to one account, day by day: a picture
// that stands alone, and a page with every reason in words. It decides nothing
// and reads nothing but the lines it is given.
package timeline

import (
	"fmt"
	"time"

	"holdfast/internal/store"
)

// Story is one enrollment's timeline, and how to show it.
type Story struct {
	Title string
	Zone  *time.Location // of the account; nil is UTC
	Lines []store.Line   // by time
	Note  string         // what is left to say at the end, such as that it has not ended
}

// Words are a line's own, for people: whom it went to, what came of it and why.
func Words(l store.Line) string {
	said := ""
	add := func(part string) {
		if part != "" && said != "" {
			said += "; "
		}
		said += part
	}
	if l.To != "" {
		add("to " + l.To)
	}
	if at, ok := until(l); ok && l.Kind == "shift" {
		add("at " + at.Format("Mon 2 Jan 15:04 -07:00"))
	}
	add(l.Outcome)
	add(l.Reason)
	return said
}

// until is the moment that a line looks ahead to.
func until(l store.Line) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, l.Local)
	return at, err == nil
}

// track is one step's row: its bars and marks.
type track struct {
	path, kind string
	bars       []bar
	marks      []mark
}

type bar struct {
	from, to time.Time
	kind     string // wait, shift, task
	words    string
}

type mark struct {
	at    time.Time
	kind  string
	words string
}

// tracks are the steps in the order in which they first say something.
func (s Story) tracks() (rows []*track, from, to time.Time) {
	byPath := map[string]*track{}
	open := map[string]time.Time{} // tasks by path
	for _, l := range s.Lines {
		if from.IsZero() {
			from, to = l.At, l.At
		}
		if l.At.After(to) {
			to = l.At
		}
	}
	for _, l := range s.Lines {
		if l.Path == "" {
			continue
		}
		t := byPath[l.Path]
		if t == nil {
			t = &track{path: l.Path, kind: l.Kind}
			byPath[l.Path], rows = t, append(rows, t)
		}
		t.take(l, open, to)
	}
	for path, since := range open {
		byPath[path].bars = append(byPath[path].bars, bar{since, to, "task", "open"})
	}
	return rows, from, to
}

func (t *track) take(l store.Line, open map[string]time.Time, end time.Time) {
	at, ahead := until(l)
	if ahead && at.After(end) {
		at = end
	}
	switch {
	case (l.Kind == "wait" || l.Kind == "shift") && ahead && at.After(l.At):
		t.bars = append(t.bars, bar{l.At, at, l.Kind, Words(l)})
		return
	case l.Kind == "task" && l.Outcome == "opened", l.Outcome == "asked":
		open[l.Path] = l.At
		t.kind = "task"
	case open[l.Path] != (time.Time{}) && (l.Kind == "task" || l.Kind == "approval" || l.Kind == "review"):
		t.bars = append(t.bars, bar{open[l.Path], l.At, "task", Words(l)})
		delete(open, l.Path)
	}
	t.marks = append(t.marks, mark{l.At, l.Kind, Words(l)})
}

// when shows a moment where the account is.
func (s Story) when(t time.Time) string { return t.In(s.zone()).Format("Mon 2 Jan 2006 15:04") }

func (s Story) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// day is how many days after the start t lies.
func day(from, t time.Time) string { return fmt.Sprintf("day %d", int(t.Sub(from).Hours()/24)) }
