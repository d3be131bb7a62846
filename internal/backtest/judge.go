package backtest

import (
	"slices"
	"time"
)

// Label is how well entries foretell an event. An entry is judged when the
// account has had no such event before it and the recording shows all days in
// which the event would count. It is right when the event follows within those
// days. An event is the first of its account; it can be caught when the account
// is known and triggers were looked at on all those days before it; it is
// caught when an entry lies on one of them.
type Label struct {
	Event  string `json:"event"`
	Within int    `json:"within_days"`

	Right     Share   `json:"precision"` // of judged entries
	Caught    Share   `json:"recall"`    // of the events that could be caught
	F1        float64 `json:"f1"`
	Base      float64 `json:"base_rate"` // chance that an account at risk, on any day, has the event within those days
	Lift      float64 `json:"lift"`      // precision divided by the base rate; 0 when that is not known
	Lead      Lead    `json:"lead"`
	Earlier   int     `json:"entries_after_label"` // entries left out: the account had the event before
	Open      int     `json:"entries_open"`        // entries left out: the days are not over by the recording's end
	Unlooked  int     `json:"labels_unlooked"`     // events left out: triggers were not looked at on all days before
	Unknown   int     `json:"labels_unknown"`      // events left out: nobody had said who the account is
	Repeated  int     `json:"labels_repeated"`     // events left out: not the first of their account
	AtRisk    int     `json:"accounts_at_risk"`    // accounts that the base rate is of
	RiskDays  int     `json:"days_at_risk"`
	RightDays int     `json:"days_before_label"`
}

// Share is a proportion with its counts and the 95 % interval after Wilson.
type Share struct {
	Of    int     `json:"of"`
	Hits  int     `json:"hits"`
	Value float64 `json:"value"` // 0 when Of is 0
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Lead is how many days before their event the caught were entered first.
type Lead struct {
	Days   []int   `json:"days"` // sorted
	Q1     float64 `json:"q1"`
	Median float64 `json:"median"`
	Q3     float64 `json:"q3"`
}

// verdicts of an entry.
const (
	right   = "right"   // the label followed in time
	wrong   = "wrong"   // it did not
	earlier = "earlier" // the account had it before
	open    = "open"    // it is too early to say
)

const day = 24 * time.Hour

// few cases say little: below this a figure is only a hint.
const few = 30

// judge holds r's entries against the label.
func (r *Report) judge(q Question, p *past) {
	r.Label = judged(q, p, r.Entries)
	if n := r.Label.Right.Of; n < few {
		r.Warnings = append(r.Warnings, "precision rests on "+times(n, "entry", "entries")+": under 30 it says little")
	}
	if n := r.Label.Caught.Of; n < few {
		r.Warnings = append(r.Warnings, "recall rests on "+times(n, "event", "events")+" of "+q.Label+": under 30 it says little")
	}
	if len(p.labels) == 0 {
		r.Warnings = append(r.Warnings, "no "+q.Label+" was recorded")
	}
}

// judged is the verdict on entries, each of which gets its own.
func judged(q Question, p *past, entries []Entry) *Label {
	l := &Label{Event: q.Label, Within: q.Within}
	within := time.Duration(q.Within) * day
	for i := range entries {
		e := &entries[i]
		for _, at := range p.labels[e.Account] {
			if !at.After(e.At) {
				e.LabelBefore = at
			} else if e.LabelAfter.IsZero() {
				e.LabelAfter = at
				e.Days = int(at.Sub(e.At) / day)
			}
		}
		switch {
		case !e.LabelBefore.IsZero():
			e.Verdict = earlier
			l.Earlier++
		case e.At.Add(within).After(p.end):
			e.Verdict = open
			l.Open++
		case !e.LabelAfter.IsZero() && !e.LabelAfter.After(e.At.Add(within)):
			e.Verdict = right
			l.Right.Hits++
			l.Right.Of++
		default:
			e.Verdict = wrong
			l.Right.Of++
		}
	}
	l.catches(q, p, entries)
	l.base(q, p)
	l.Right.finish()
	l.Caught.finish()
	if sum := l.Right.Value + l.Caught.Value; sum > 0 {
		l.F1 = 2 * l.Right.Value * l.Caught.Value / sum
	}
	if l.Base > 0 && l.Right.Of > 0 {
		l.Lift = l.Right.Value / l.Base
	}
	return l
}

// catches counts the events and those that an entry came before.
func (l *Label) catches(q Question, p *past, entries []Entry) {
	within := time.Duration(q.Within) * day
	of := map[string][]Entry{}
	for _, e := range entries {
		of[e.Account] = append(of[e.Account], e)
	}
	for account, all := range p.labels {
		first := all[0]
		l.Repeated += len(all) - 1
		known := p.known[account]
		switch {
		case known.IsZero() || !known.Before(first):
			l.Unknown++
			continue
		case first.Add(-within).Before(q.From) || first.After(q.To):
			l.Unlooked++
			continue
		}
		l.Caught.Of++
		for _, e := range of[account] {
			if e.At.Before(first) && !e.At.Before(first.Add(-within)) {
				l.Caught.Hits++
				l.Lead.Days = append(l.Lead.Days, int(first.Sub(e.At)/day))
				break
			}
		}
	}
	slices.Sort(l.Lead.Days)
	l.Lead.Q1, l.Lead.Median, l.Lead.Q3 = quantile(l.Lead.Days, 0.25), quantile(l.Lead.Days, 0.5), quantile(l.Lead.Days, 0.75)
}

// base is what picking an account and a day at random would be worth: of the
// days that known accounts are at risk and whose sequel was recorded, the share
// that the event follows in time.
func (l *Label) base(q Question, p *past) {
	within := time.Duration(q.Within) * day
	end := p.end.Add(-within)
	if end.After(q.To) {
		end = q.To
	}
	for account, known := range p.known {
		from, to := known, end
		if from.Before(q.From) {
			from = q.From
		}
		if ls := p.labels[account]; len(ls) > 0 && ls[0].Before(to) {
			to = ls[0]
		}
		if !to.After(from) {
			continue
		}
		l.AtRisk++
		l.RiskDays += int(to.Sub(from) / day)
		if ls := p.labels[account]; len(ls) > 0 {
			if before := ls[0].Add(-within); before.After(from) {
				from = before
			}
			if to.After(from) {
				l.RightDays += int(to.Sub(from) / day)
			}
		}
	}
	if l.RiskDays > 0 {
		l.Base = float64(l.RightDays) / float64(l.RiskDays)
	}
}
