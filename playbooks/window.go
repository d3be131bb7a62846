package playbooks

import (
	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// GoalWindow is how long the goal of a bundle counts, read off its text; ok is
// false when it has no goal. It needs no rules, so that a report can read a
// version whose schema has gone.
func GoalWindow(b Bundle) (window calendar.Span, ok bool) {
	docs, _ := source.Parse(b.File, []byte(b.Docs[playbookDoc]))
	if len(docs) == 0 {
		return window, false
	}
	window, err := calendar.ParseSpan(docs[0].Get("goal").Get("within").Text())
	return window, err == nil
}
