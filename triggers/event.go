package triggers

import (
	"slices"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

var event = Kind{
	Key: "on",
	Doc: Doc{
		Name:    Event,
		Summary: "Starts when something happens: an event of the customer, or one of ours such as email.replied.",
		Example: "trigger: {on: Account Saved, when: account.arr >= 10000}\n",
		Fields: []FieldDoc{
			{Name: "on", Names: "event", Type: "reference", Summary: "The event's declared name.", Required: true, Example: "Account Saved"},
			{Name: "when", Type: "cel", Summary: "Must hold at that moment; may name the fields of event.", Example: `event.reason == "price"`},
			{Name: "spread", Type: "duration", Default: "1d", Summary: "Of an event that is of: all: the accounts that match enter over so long, each at a moment of its own. 0s is all at once.", Example: "5d"},
		},
	},
	Decode: func(n *source.Node, set *rules.Set, l *diag.List) Trigger {
		on := EventName(n.Get("on"), set, l)
		return Trigger{On: on, When: compile(n.Get("when"), set, rules.Scope{Event: on}, rules.Bool, l), Spread: spreadOf(n, on, set, l)}
	},
}

// usualSpread is that of an event of all accounts whose trigger names none.
var usualSpread = calendar.Span{Days: 1, Text: "1d"}

func spreadOf(n *source.Node, on string, set *rules.Set, l *diag.List) calendar.Span {
	at := n.Get("spread")
	switch {
	case at == nil && set.OfAll(on):
		return usualSpread
	case at != nil && on != "" && !set.OfAll(on):
		l.Errorf(at.Span(), "misplaced", "declare the event with of: all, or remove spread:", "%s is about one account: there is nothing to spread", on)
	}
	return span(at, "spread", l)
}

// EventName is the declared event that n names; another is reported (check
// unknown-event) and "" returned. An absent n is "".
func EventName(n *source.Node, set *rules.Set, l *diag.List) string {
	name := n.String(l, "on")
	known := set.Events()
	if name == "" || slices.Contains(known, name) {
		return name
	}
	hint := "declare it: `event: " + name + "`"
	if s := source.Suggest(name, known); s != "" {
		hint = `did you mean "` + s + `"?`
	}
	l.Errorf(n.Span(), "unknown-event", hint, "unknown event %q", name)
	return ""
}
