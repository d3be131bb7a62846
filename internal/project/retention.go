package project

import (
	"cmp"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// Retention is for how long what happened is kept; the zero span is for ever. What
// a running enrollment needs is kept longer.
type Retention struct {
	Events    calendar.Span // what customers did
	Messages  calendar.Span // mails kept here
	Timeline  calendar.Span // lines
	Ended     calendar.Span // signals and tasks of enrollments that ended
	Delivered calendar.Span // rows that reached Temporal
	Audit     calendar.Span // lines of the audit log
}

// keptForever is what keeps a kind of row.
const keptForever = "forever"

func (ld *loader) retention(n *source.Node) Retention {
	n.Strict(&ld.diags, "retention", source.Keys(projectKind.Keys, "retention")...)
	return Retention{
		Events:    ld.period(n, "events", "400d", 30),
		Messages:  ld.period(n, "messages", "2y", 1),
		Timeline:  ld.period(n, "timeline", "2y", 1),
		Ended:     ld.period(n, "ended_enrollments", "2y", 1),
		Delivered: ld.period(n, "delivered", "7d", 1),
		Audit:     ld.period(n, "audit", "5y", 365),
	}
}

// period reads a span of calendar days, or forever.
func (ld *loader) period(n *source.Node, key, otherwise string, least int) calendar.Span {
	v := n.Get(key)
	text := cmp.Or(v.String(&ld.diags, key), otherwise)
	if text == keptForever {
		return calendar.Span{}
	}
	sp, err := calendar.ParseSpan(text)
	if err != nil || sp.Dur != 0 || sp.Business != 0 || sp.Days+28*sp.Months < least {
		ld.diags.Errorf(v.Span(), "bad-duration", "write days, weeks, months or years, such as 400d or 2y, or forever", "%s cannot be kept for %q: %d days are the least", key, text, least)
		return calendar.Span{}
	}
	return sp
}
