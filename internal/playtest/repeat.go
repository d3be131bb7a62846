package playtest

import (
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
)

// moments are when it happens: once, or every so often.
func (r *reader) moments(it *source.Node, history bool) ([]time.Time, bool) {
	atNode := it.Require(&r.l, "an event", "at")
	if atNode == nil {
		return nil, false
	}
	w, ok := r.window(atNode, true)
	if !ok {
		return nil, false
	}
	times := []time.Time{w.From}
	if every := it.Get("every"); every != nil {
		if times, ok = r.repeated(it, every, w.From); !ok {
			return nil, false
		}
	} else if k := it.Key("times"); k != nil {
		r.l.Errorf(k.Span(), "missing-key", "add every: 1d", "times without every")
	}
	first, last := times[0], times[len(times)-1]
	switch start := r.t.Case.At; {
	case last.After(start.AddDate(maxYears, 0, 0)):
		r.l.Errorf(atNode.Span(), "too-large", "let it happen earlier", "a test may last %d years at most", maxYears)
		return nil, false
	case history && !last.Before(start):
		r.l.Errorf(atNode.Span(), "wrong-order", "write an earlier moment, or move it to events: below given", "this is known at the start, so it cannot happen at %s, after it", last.In(r.t.zone).Format(shown))
		return nil, false
	case !history && first.Before(start):
		r.l.Errorf(atNode.Span(), "wrong-order", "write a later moment, or move it to given.events", "this happens before the start")
		return nil, false
	}
	return times, true
}

// repeated are the moments from a first one on: every 1d, times 30 or until a moment.
func (r *reader) repeated(it, every *source.Node, first time.Time) ([]time.Time, bool) {
	span, err := calendar.ParseSpan(every.String(&r.l, "every"))
	if err != nil || span.Zero() || span.Business > longestBusiness {
		r.l.Errorf(every.Span(), "bad-time", "write 1d, 1w or 1mo", "every cannot be %q", every.Text())
		return nil, false
	}
	count, last := maxMessages+1, time.Time{}
	times, until := it.Get("times"), it.Get("until")
	switch {
	case (times == nil) == (until == nil):
		r.l.Errorf(every.Span(), "missing-key", "add times: 30, or until: +30d", "every needs times or until")
		return nil, false
	case times != nil:
		count = times.Int(&r.l, "times", 1, maxMessages)
	default:
		w, ok := r.window(until, true)
		if !ok {
			return nil, false
		}
		last = w.From
		if last.Before(first) {
			r.l.Errorf(until.Span(), "wrong-order", "write a later moment", "until is before at")
			return nil, false
		}
	}
	var all []time.Time
	from, end := first.In(r.t.zone), r.t.Case.At.AddDate(maxYears, 0, 0)
	for k := 0; k < count; k++ {
		s := calendar.Span{Dur: span.Dur * time.Duration(k), Days: span.Days * k, Months: span.Months * k}
		t := s.Add(from, r.t.days)
		if span.Business > 0 && k > 0 {
			t = span.Add(all[k-1], r.t.days)
		}
		if t.After(end) {
			r.l.Errorf(every.Span(), "too-large", "stop earlier", "this goes on for more than %d years after the start", maxYears)
			return nil, false
		}
		if !last.IsZero() && t.After(last) {
			break
		}
		if len(all) > maxMessages {
			r.l.Errorf(every.Span(), "too-large", "repeat it less often", "this happens more than %d times", maxMessages)
			return nil, false
		}
		all = append(all, t)
	}
	return all, true
}
