package playtest

import (
	"maps"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/source"
	"holdfast/steps"
)

// What an item of events may be, by its key.
var eventHeads = []string{"on", "done", "cannot", "approved", "denied", "account", "contact"}

// events reads what happens: history before the start, or what comes after it.
func (r *reader) events(n *source.Node, history bool) {
	if n.Kind() != source.List && n.Kind() != source.Null {
		r.l.Errorf(n.Span(), "wrong-type", "write a list of {at: +9d, on: email.replied}", "events must be a list, not %s", n.Kind())
	}
	for _, it := range n.Items() {
		if it.Kind() != source.Map {
			r.l.Errorf(it.Span(), "wrong-type", "write {at: +9d, on: email.replied}", "an event must be a map, not %s", it.Kind())
			continue
		}
		m, ok := r.event(it, history)
		if !ok {
			continue
		}
		times, ok := r.moments(it, history)
		if !ok {
			continue
		}
		if r.sent+len(times) > maxMessages {
			r.l.Errorf(it.Span(), "too-large", "repeat it less often", "more than %d things happen in one test", maxMessages)
			return
		}
		for _, t := range times {
			m.At = t
			if history {
				r.t.Case.Known = append(r.t.Case.Known, r.message(it, m))
			} else {
				r.t.Case.Events = append(r.t.Case.Events, r.message(it, m))
			}
		}
	}
}

// event is what happens, without its time.
func (r *reader) event(it *source.Node, history bool) (m holdfast.Message, ok bool) {
	m.Account = r.t.Case.Account
	switch {
	case it.Get("on") != nil:
		return r.tracked(it, m)
	case it.Get("done") != nil && !history:
		return r.closed(it, m, "done", holdfast.EventTaskDone)
	case it.Get("cannot") != nil && !history:
		return r.closed(it, m, "cannot", holdfast.EventTaskCannot)
	case it.Get("approved") != nil && !history:
		return r.closed(it, m, "approved", holdfast.EventApproved)
	case it.Get("denied") != nil && !history:
		return r.closed(it, m, "denied", holdfast.EventDenied)
	case it.Get("account").Kind() == source.Map:
		it.Strict(&r.l, "a change of the account", "at", "every", "times", "until", "account")
		m.Kind, m.Props = holdfast.Group, r.fields(it.Get("account"), "account", r.rules.AccountFields())
		return m, true
	case it.Get("contact").Kind() == source.Map:
		it.Strict(&r.l, "a change of a contact", "at", "every", "times", "until", "contact")
		pairs := it.Get("contact").Pairs()
		if len(pairs) != 1 {
			r.l.Errorf(it.Get("contact").Span(), "wrong-type", "write contact: {dana: {role: user}}", "name one contact")
			return m, false
		}
		m.Kind, m.Contact = holdfast.Identify, pairs[0].Key.Text()
		m.Props = r.fields(pairs[0].Value, "contact "+m.Contact, r.rules.ContactFields())
		return m, true
	}
	heads := eventHeads
	if history {
		heads = []string{"on", "account", "contact"}
	}
	for _, p := range it.Pairs() {
		if p.Key.Text() != "at" {
			r.l.Errorf(p.Key.Span(), "unknown-key", choose(p.Key.Text(), heads, ""), "nothing happens here: expected %s", strings.Join(heads, ", "))
			return m, false
		}
	}
	r.l.Errorf(it.Span(), "missing-key", "add on: and an event", "nothing happens here: expected %s", strings.Join(heads, ", "))
	return m, false
}

// tracked is an event: what is beside at, on and contact are its fields.
func (r *reader) tracked(it *source.Node, m holdfast.Message) (holdfast.Message, bool) {
	on := it.Get("on")
	m.Kind, m.Event = holdfast.Track, on.String(&r.l, "on")
	fields, known := r.rules.EventFields(m.Event)
	if !known {
		r.l.Errorf(on.Span(), "unknown-event", choose(m.Event, r.rules.Events(), "declare it: event: "+m.Event), "no event is called %q", m.Event)
		return m, false
	}
	switch m.Event {
	case holdfast.EventTaskDone, holdfast.EventTaskCannot:
		r.l.Errorf(on.Span(), "unknown-choice", "write done: STEP, or cannot: STEP", "a task is closed by its step")
		return m, false
	case holdfast.EventApproved, holdfast.EventDenied:
		r.l.Errorf(on.Span(), "unknown-choice", "write approved: STEP, or denied: STEP", "an approval is answered by its step")
		return m, false
	}
	if r.rules.OfAll(m.Event) {
		m.Account = "" // it is held against every account: here, the test's
	}
	raw := m.Event == holdfast.Group || m.Event == holdfast.Identify // traits as they come, for mappings
	if c := it.Get("contact"); c != nil {
		m.Contact = c.String(&r.l, "contact")
		switch known := slices.Contains(r.people, m.Contact); {
		case !known && raw:
			r.people = append(r.people, m.Contact)
		case !known:
			r.l.Errorf(c.Span(), "unknown-contact", choose(m.Contact, r.people, "add it to given.contacts"), "the account has no contact %q", m.Contact)
		}
	}
	if raw {
		m.Kind, m.Event = m.Event, ""
	}
	m.Props = r.fields(it, on.Text(), fields, "at", "on", "contact", "every", "times", "until", "with")
	maps.Copy(m.Props, r.fields(it.Get("with"), on.Text(), fields))
	return m, true
}

// closed is the end of a task by a person, with answers to its form.
func (r *reader) closed(it *source.Node, m holdfast.Message, key, event string) (holdfast.Message, bool) {
	it.Strict(&r.l, "the end of a task", "at", key, "answers", "by")
	m.Kind, m.Event, m.Props = holdfast.Track, event, map[string]any{}
	n := it.Get(key)
	s := r.step(n, key)
	if s == nil {
		return m, false
	}
	m.Props["step"] = n.Text()
	if by := it.Get("by"); by != nil {
		m.Props["by"] = by.String(&r.l, "by")
	}
	var form []steps.Question
	switch spec := s.Spec.(type) {
	case *steps.Task:
		form = spec.Form
	case *steps.Email: // its review: the draft as it was edited
		form = steps.ReviewForm()
	}
	answers := r.answers(it.Get("answers"), s.ID, form)
	for _, q := range form {
		if q.Required && key == "done" && answers[q.Name] == nil {
			r.l.Errorf(n.Span(), "missing-key", "add answers: {"+q.Name+": …}", "task %s asks for %q and needs an answer", s.ID, q.Name)
		}
	}
	if len(answers) > 0 {
		m.Props["answers"] = answers
	}
	return m, true
}
