package rules

import "slices"

// Reads is what an expression depends on, read off its syntax tree (through
// scores, decisions and segments). Clock is set for now, days_since, windowed
// metrics and trends; Moment when the clock may change it within a day, and not
// at midnight alone (the account's or that of UTC). Each list is sorted and has no name twice.
type Reads struct {
	Account, Contact []string // field names
	Objects, Metrics []string // object kinds, metric names
	Event, Clock     bool
	Moment           bool
	Rules            []string // names of scores, decisions, segments it reaches ("score:health")
}

// Reads of e.
func (e *Expr) Reads() Reads { return Reads{}.with(e.reads) }

// with is the union of both; neither shares memory with the result.
func (r Reads) with(o Reads) Reads {
	return Reads{
		Account: union(r.Account, o.Account),
		Contact: union(r.Contact, o.Contact),
		Objects: union(r.Objects, o.Objects),
		Metrics: union(r.Metrics, o.Metrics),
		Event:   r.Event || o.Event,
		Clock:   r.Clock || o.Clock,
		Moment:  r.Moment || o.Moment,
		Rules:   union(r.Rules, o.Rules),
	}
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// of adds what reading s means.
func (r Reads) of(s *slot) Reads {
	switch s.origin {
	case fromNow:
		r.Clock, r.Moment = true, true
	case fromAccount:
		r.Account = union(r.Account, []string{s.field})
	case fromContact:
		r.Contact = union(r.Contact, []string{s.field})
	case fromEvent:
		r.Event = true
	case fromObjects:
		r.Objects = union(r.Objects, []string{s.object.name})
	case fromMetric, fromSeries:
		r.Metrics, r.Clock = union(r.Metrics, []string{s.metric.name}), true
	case fromScore:
		return r.through(&s.score.rule)
	case fromDecision:
		return r.through(&s.decision.rule)
	case fromSegment:
		return r.through(&s.segment.rule)
	case fromHas:
		return r.of(s.tested)
	case fromItem:
		if s.object != nil {
			r.Objects = union(r.Objects, []string{s.object.name})
		}
	case fromStep, fromInput, fromFacts, fromLocal:
	}
	return r
}

func (r Reads) through(rule *rule) Reads {
	r = r.with(rule.reads)
	r.Rules = union(r.Rules, []string{rule.name})
	return r
}

// ofFunction adds what f reads beside its arguments.
func (r Reads) ofFunction(f *Function) Reads {
	r.Clock = r.Clock || f.Clock
	r.Moment = r.Moment || f.Clock && !f.Daily
	if f.zone {
		r.Account = union(r.Account, []string{"country", "timezone"})
	}
	if f.days {
		r.Account = union(r.Account, []string{"country"})
	}
	return r
}
