package steps

import (
	"slices"
	"strings"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Listening is the spec of `wait_for`.
type Listening struct {
	Events  []string
	Timeout calendar.Span
	Since   string // step id; "" = the last touch
}

const (
	waitForVerb = "wait_for"
	eventKind   = "event" // of Wait
)

var waitFor = Verb{
	Doc: Doc{
		Name:    waitForVerb,
		Summary: "Waits for the first of some events of the account. One that came since the last touch counts, so nothing is missed in between. Its outcome is heard or timeout; event names what was heard.",
		Fields: []FieldDoc{
			{Name: "wait_for", Names: "event", Type: "literal", Required: true, Summary: "An event, or a map with any.", Example: "email.replied"},
			{Name: "wait_for.any", Names: "event", Type: "list", Summary: "The events, any of which ends the wait.", Example: "[email.replied, meeting.booked]"},
			{Name: "wait_for.timeout", Type: "duration", Default: "30d", Summary: "How long to wait.", Example: "7d"},
			{Name: "wait_for.since", Names: "step", Type: "reference", Summary: "An earlier step: events since it ended count (for a task: since it opened). Unset: since the last touch, or the start."},
		},
		Example: "id: answer\nwait_for: {any: [email.replied, meeting.booked], timeout: 7d}\n",
		Outcomes: []WordDoc{
			{Word: "heard", Says: "one of the events came"},
			{Word: "timeout", Says: "none came in time"},
		},
		Results: []FieldDoc{
			{Name: "event", Type: "string", Summary: "Which was heard; unset after a timeout."},
		},
		Played: "It hears what the case lists as events, and times out otherwise. `simulate --paths` plays each event and the silence.",
	},
	Decode: decodeWaitFor,
	run:    runWaitFor,
	result: func(any) map[string]rules.Type { return map[string]rules.Type{"event": rules.String} },
}

func runWaitFor(w *walk, s *Step) (Command, error) {
	spec := s.Spec.(*Listening)
	wait := w.st.Wait
	begun := wait == nil
	if begun {
		w.rest(s, eventKind, spec.Timeout.Add(w.at, w.in.Days), "")
		wait = w.st.Wait
	}
	if h := wait.Heard; h != nil {
		w.say(s, "heard", "heard", h.Event, time.Time{})
		w.leave(s, Result{Outcome: "heard", Event: h.Event})
		return Command{}, nil
	}
	if w.reached(wait.Until) {
		w.say(s, "heard", "timeout", "no "+orList(spec.Events)+" within "+inWords(spec.Timeout), time.Time{})
		w.leave(s, Result{Outcome: "timeout"})
		return Command{}, nil
	}
	if !begun {
		return w.restOn(s), nil
	}
	w.say(s, waitVerb, "", "waits for "+orList(spec.Events)+", until "+w.clock(wait.Until), wait.Until)
	return Command{Kind: Listen, Step: s, Path: wait.Path, Events: spec.Events, Since: w.sinceWhen(spec)}, nil
}

func (w *walk) sinceWhen(spec *Listening) time.Time {
	if r, ok := w.done(spec.Since); ok {
		if !r.From.IsZero() {
			return r.From
		}
		return r.At
	}
	if !w.st.Touched.IsZero() {
		return w.st.Touched
	}
	return w.st.Started
}

func decodeWaitFor(d *Decoder) any {
	l := &Listening{Timeout: calendar.Span{Days: 30, Text: "30d"}}
	n := d.Node.Get(waitForVerb)
	events := n
	if n.Kind() == source.Map {
		n.Strict(d.Diags, waitForVerb, "any", "timeout", "since")
		events = n.Get("any")
		if t := n.Get("timeout"); t != nil {
			l.Timeout = d.duration(t, "timeout")
		}
		if since := n.Get("since"); since != nil {
			l.Since = since.Text()
			d.earlierStep(since, "")
		}
	}
	declared := d.Rules.Events()
	for _, item := range listOf(events) {
		if !slices.Contains(declared, item.Text()) {
			d.unknown(item.Span(), "unknown-event", "event", item.Text(), declared)
			continue
		}
		l.Events = append(l.Events, item.Text())
	}
	if len(listOf(events)) == 0 {
		d.Diags.Errorf(d.place(waitForVerb), "bad-value", "name one event or a list: any: [email.replied]", "%s waits for no event", d.what())
	}
	return l
}

// orList is "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
