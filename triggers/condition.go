package triggers

import (
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

var condition = Kind{
	Key: "when",
	Doc: Doc{
		Name:    Condition,
		Summary: "Starts when a condition becomes true. It starts again only after it was false in between or, with rearm, after that held.",
		Example: "trigger: {when: score.health.band == \"red\", for: 7d}\n",
		Fields: []FieldDoc{
			{Name: "when", Type: "cel", Summary: "The condition; becomes: is the same.", Required: true, Example: "days_since(account.saved_at) < 14"},
			{Name: "becomes", Type: "cel", Summary: "Another word for when."},
			{Name: "for", Type: "duration", Summary: "How long it must hold without a break before it starts.", Example: "7d"},
			{Name: "rearm", Type: "cel", Summary: "Once it has started: what must hold before it can start again, so that a value that swings about the limit starts once. Without it, that the condition was false.", Example: "score.health.value >= 60"},
			{Name: "existing", Type: "enum(ignore|enroll)", Default: "ignore",
				Summary: "Accounts for which it holds already when the playbook is published: left alone, or enrolled."},
		},
	},
	Decode: func(n *source.Node, set *rules.Set, l *diag.List) Trigger {
		src := n.Get("when")
		if b := n.Get("becomes"); b != nil {
			if src != nil {
				l.Errorf(n.Key("becomes").Span(), "conflicting-keys", "keep one of the two", "when and becomes say the same")
			}
			src = b
		}
		t := Trigger{
			When:     compile(src, set, rules.Scope{}, rules.Bool, l),
			For:      span(n.Get("for"), "for", l),
			Rearm:    compile(n.Get("rearm"), set, rules.Scope{}, rules.Bool, l),
			Existing: n.Get("existing").Word(l, "existing", "ignore", "enroll"),
		}
		if src.Kind() == source.Null {
			l.Errorf(n.Span(), "missing-key", "write an expression", "the condition is empty")
		}
		if t.Existing == "" {
			t.Existing = "ignore"
		}
		return t
	},
}
