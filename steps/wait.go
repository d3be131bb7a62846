package steps

import (
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Pause is the spec of `wait`: for a span, or until a moment.
type Pause struct {
	For      calendar.Span
	Until    *rules.Expr // Date or Timestamp; nil = For
	At       int         // minutes after local midnight at which a Date falls due
	IfPast   string      // next, skip, exit
	OnChange string      // rebase, keep, exit
}

const (
	waitVerb = "wait"
	timeKind = "time" // of Wait
)

var wait = Verb{
	Doc: Doc{
		Name:    waitVerb,
		Summary: "Waits for a span, counted from the actual end of the step before it, or until a date of the account. The local wall clock is kept over changes to summer time.",
		Fields: []FieldDoc{
			{Name: "wait", Type: "duration", Required: true, Summary: "How long: 72h, 4bd, 7d, 2w or 6mo. Or a map with until.", Example: "4bd"},
			{Name: "wait.until", Type: "cel", Summary: "A date or a timestamp. While it is unset, the playbook waits for it to be set.", Example: "account.renewal_date.add_days(-60)"},
			{Name: "wait.at", Type: "literal", Default: `"09:00"`, Summary: "The time of day, where the account is, at which a date is reached."},
			{Name: "wait.if_past", Type: "enum(next|skip|exit)", Default: "next", Summary: "When the date has gone by on arrival: go on at once; skip the steps up to the next wait with an until in this block (or its end); or end with outcome missed. For a date, today is not past."},
			{Name: "wait.on_change", Type: "enum(rebase|keep|exit)", Default: "rebase", Summary: "When the date moves meanwhile: wait for the new one, keep the first, or end with outcome changed."},
		},
		Example: "id: settle\nwait: 4bd\n",
		Outcomes: []WordDoc{
			{Word: "passed", Says: "its moment has come"},
			{Word: "skipped", Says: "its date had gone by, and if_past: skip left it out"},
		},
		Played: "The clock moves on at once. An event that changes the account's date moves the wait as in production.",
	},
	Decode: decodeWait,
	run:    runWait,
}

func runWait(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Pause)
	resting := w.st.Wait
	keeps := resting != nil && !resting.Until.IsZero() && (spec.Until == nil || spec.OnChange == "keep")
	switch {
	case keeps && !w.reached(resting.Until):
		return w.restOn(s), nil
	case keeps:
		return w.passed(s)
	case spec.Until != nil:
		return w.waitUntil(s, spec)
	}
	until := spec.For.Add(w.at, w.in.Days)
	if !until.After(w.in.Now) {
		return w.passed(s)
	}
	w.say(s, waitVerb, "", "waits "+inWords(spec.For)+", until "+w.clock(until), until)
	return w.rest(s, timeKind, until, ""), nil
}

// waitUntil evaluates the date afresh each time, so that one that moved is followed.
func (w *walk) waitUntil(s *Step, spec *Pause) (Command, error) {
	until, past, ok, err := w.moment(s, spec)
	if err != nil {
		return Command{}, err
	}
	var before time.Time
	if w.st.Wait != nil {
		before = w.st.Wait.Until
	}
	switch {
	case ok && !before.IsZero() && until.Equal(before):
		if w.reached(until) {
			return w.passed(s)
		}
		return w.restOn(s), nil
	case !before.IsZero() && spec.OnChange == "exit":
		w.say(s, waitVerb, "changed", "its date moved from "+w.clock(before), until)
		w.finish(Command{Step: s, Path: w.path(s), Outcome: "changed"})
		return Command{}, nil
	case !ok:
		return w.waitForDate(s, spec), nil
	case past:
		return w.gone(s, spec, until)
	case w.reached(until):
		return w.passed(s)
	}
	reason := "waits until " + w.clock(until)
	if !before.IsZero() {
		reason = "its date moved from " + w.clock(before) + "; waits until " + w.clock(until)
	}
	w.say(s, waitVerb, "", reason, until)
	return w.rest(s, timeKind, until, ""), nil
}

// moment is when the wait ends; ok is false while a field it needs is unset.
// A timestamp is past before now, a date before today.
func (w *walk) moment(s *Step, spec *Pause) (until time.Time, past, ok bool, err error) {
	v, ok, err := spec.Until.Value(&w.facts)
	if err != nil {
		return until, false, false, failed(s, spec.Until, err)
	}
	until, isTime := v.(time.Time)
	if !ok || !isTime {
		return time.Time{}, false, false, nil
	}
	if spec.Until.Type() == rules.Date {
		y, m, day := until.UTC().Date()
		until = time.Date(y, m, day, spec.At/60, spec.At%60, 0, 0, w.in.Zone)
		return roundUp(until), until.Before(calendar.StartOfDay(w.at)), true, nil
	}
	until = roundUp(until)
	return until, until.Before(w.at), true, nil
}

// waitForDate rests without a moment: the change of a field wakes it.
func (w *walk) waitForDate(s *Step, spec *Pause) Command {
	reason := "its date is not known yet"
	for _, f := range spec.Until.Reads().Account { // the zone's fields too, which no one wrote
		if _, set := w.facts.Account[f]; !set && strings.Contains(spec.Until.Source(), "account."+f) {
			reason = "account." + f + " is not set"
			break
		}
	}
	if wait := w.st.Wait; wait == nil || !wait.Until.IsZero() {
		w.say(s, waitVerb, "", "waits for its date: "+reason, time.Time{})
	}
	return w.rest(s, timeKind, time.Time{}, reason)
}

// gone is a date that was past on arrival, or moved there.
func (w *walk) gone(s *Step, spec *Pause, until time.Time) (Command, error) {
	gone := w.clock(until) + " has gone by"
	switch spec.IfPast {
	case "exit":
		w.say(s, waitVerb, "missed", gone, time.Time{})
		w.finish(Command{Step: s, Path: w.path(s), Outcome: "missed"})
		return Command{}, nil
	case "skip":
		w.skipToNextDate(s, gone)
		return Command{}, nil
	}
	w.say(s, waitVerb, "passed", gone+"; goes on at once", time.Time{})
	return w.passed(s)
}

// skipToNextDate leaves out what belonged to a date gone by: the steps up to the
// next dated wait of the block.
func (w *walk) skipToNextDate(s *Step, gone string) {
	last, left := s, []string{}
	for last.Next != "" {
		next := w.p.ByID[last.Next]
		if next == nil {
			break
		}
		if p, ok := next.Spec.(*Pause); ok && p.Until != nil {
			break
		}
		last, left = next, append(left, next.ID)
	}
	why := gone
	if len(left) > 0 {
		why += "; skips " + strings.Join(left, ", ")
	}
	w.say(s, "skip", "skipped", why, time.Time{})
	w.record(s, Result{At: w.at.UTC(), Outcome: "skipped"})
	w.jump(w.p.after(last))
}

func (w *walk) passed(s *Step) (Command, error) {
	w.leave(s, Result{Outcome: "passed"})
	return Command{}, nil
}

func decodeWait(d *Decoder) any {
	n := d.Node.Get(waitVerb)
	if n.Kind() != source.Map {
		return &Pause{For: d.duration(n, waitVerb)}
	}
	n.Strict(d.Diags, "wait", "until", "at", "if_past", "on_change")
	p := &Pause{At: 9 * 60, IfPast: choice(d, n.Get("if_past"), "next", "skip", "exit"), OnChange: choice(d, n.Get("on_change"), "rebase", "keep", "exit")}
	until := n.Get("until")
	if until == nil {
		d.Diags.Errorf(n.Span(), "missing-key", "add until: and a date", "wait of %s is a map without until", d.what())
		return p
	}
	p.Until = d.expr(until, rules.Any)
	if p.Until != nil && p.Until.Type() != rules.Date && p.Until.Type() != rules.Timestamp {
		d.Diags.Errorf(until.Span(), "wrong-type", "use a date field such as account.renewal_date",
			"wait until needs a date or a timestamp, and this is %s", p.Until.Type())
	}
	if at := n.Get("at"); at != nil {
		t, err := time.Parse("15:04", at.Text())
		if err != nil {
			d.Diags.Errorf(at.Span(), "bad-value", `write hours and minutes in quotes: "09:00"`, "%q is no time of day", at.Text())
		}
		p.At = t.Hour()*60 + t.Minute()
	}
	return p
}
