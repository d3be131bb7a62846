package triggers

import (
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

var date = Kind{
	Key: "at",
	Doc: Doc{
		Name:    Date,
		Summary: "Starts on a date of the account, or some time before or after it. A date that moves moves the start with it.",
		Example: "trigger: {at: account.renewal_date, before: 90d, when: account.status == \"active\"}\n",
		Fields: []FieldDoc{
			{Name: "at", Type: "cel", Summary: "The date or moment.", Required: true, Example: "account.churned_at.add_months(6)"},
			{Name: "before", Type: "duration", Summary: "Start so long before it.", Example: "90d"},
			{Name: "after", Type: "duration", Summary: "Start so long after it.", Example: "4bd"},
			{Name: "offset", Type: "duration", Summary: "before and after in one: -90d or 4bd.", Example: "-90d"},
			{Name: "if_past", Type: "enum(skip|start)", Default: "skip",
				Summary: "When it has gone by as the account or its date is first seen: start nothing, or start at once."},
			{Name: "when", Type: "cel", Summary: "Must hold at that moment.", Example: "account.fragile"},
		},
	},
	Decode: func(n *source.Node, set *rules.Set, l *diag.List) Trigger {
		t := Trigger{
			At:     compile(n.Get("at"), set, rules.Scope{}, rules.Any, l),
			When:   compile(n.Get("when"), set, rules.Scope{}, rules.Bool, l),
			IfPast: n.Get("if_past").Word(l, "if_past", "skip", "start"),
		}
		if t.IfPast == "" {
			t.IfPast = "skip"
		}
		if n.Get("at").Kind() == source.Null {
			l.Errorf(n.Key("at").Span(), "missing-key", "write a date such as account.renewal_date", "at is empty")
		}
		if t.At != nil && t.At.Type() != rules.Date && t.At.Type() != rules.Timestamp {
			l.Errorf(n.Get("at").Span(), "wrong-type", "name a date such as account.renewal_date", "at must be a date or a moment, not %s", t.At.Type())
			t.At = nil
		}
		t.Offset, t.Before = shift(n, l)
		return t
	},
}

// shift reads offset, before or after, of which a trigger has one at most.
func shift(n *source.Node, l *diag.List) (by calendar.Span, before bool) {
	seen := ""
	for _, key := range []string{"offset", "before", "after"} {
		v := n.Get(key)
		if v == nil {
			continue
		}
		if seen != "" {
			l.Errorf(n.Key(key).Span(), "conflicting-keys", "keep one of the two", "%s and %s both move the date", seen, key)
			continue
		}
		seen, before = key, key == "before"
		minus := key == "offset" && strings.HasPrefix(v.Text(), "-")
		if !minus {
			by = span(v, key, l)
			continue
		}
		before = true
		s, err := calendar.ParseSpan(strings.TrimPrefix(v.Text(), "-"))
		if err != nil {
			l.Errorf(v.Span(), "bad-duration", "write a span such as -90d", "%v", err)
		}
		by = s
	}
	return by, before
}
