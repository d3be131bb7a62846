package playtest

import (
	"maps"
	"slices"
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

// Detail is one more thing that must hold of an entry.
type Detail struct {
	At        diag.Span
	Key, Want string
	until     Window // of until
}

// Keys that an entry may have beside its head, at and between.
var entryKeys = map[string][]string{
	"touch":    {"to", "channel", "subject_has", "text_has"},
	"task":     {"to", "channel", "title_has", "text_has", "due"},
	"done":     {"by"},
	"cannot":   {"by"},
	"expired":  {},
	"asked":    {"to"},
	"approved": {"by"},
	"denied":   {"by"},
	"review":   {"to"},
	"skip":     {"to"},
	"shift":    {"to", "until"},
	"error":    {"to", "channel"},
	"start":    {},
	"refused":  {},
	"goal":     {},
	"outcome":  {"rest"},
	"still":    {},
}

// verbKeys are those of an entry whose head is a verb.
var verbKeys = []string{"to", "channel", "subject_has", "text_has", "result", "until"}

// when is the window of at or between.
func (r *reader) when(e *Expected, it *source.Node) *Window {
	at, between := it.Get("at"), it.Get("between")
	switch {
	case at != nil && between != nil:
		r.l.Errorf(between.Span(), "unknown-key", "take one of the two away", "an entry has at or between, not both")
	case at != nil:
		e.when = at.Text()
		if w, ok := r.window(at, false); ok {
			return &w
		}
	case between != nil:
		if len(between.Items()) != 2 {
			r.l.Errorf(between.Span(), "wrong-type", "write [2026-02-04 09:00, 2026-02-04 11:30]", "between must be a list of two moments")
			return nil
		}
		a, ok := r.window(between.Items()[0], false)
		b, also := r.window(between.Items()[1], false)
		e.when = between.Items()[0].Text() + " to " + between.Items()[1].Text()
		if ok && also && !b.To.After(a.From) {
			r.l.Errorf(between.Span(), "wrong-order", "write the earlier moment first", "between ends before it begins")
		} else if ok && also {
			return &Window{From: a.From, To: b.To}
		}
	}
	return nil
}

// detail reads one more key of an entry.
func (r *reader) detail(e *Expected, p source.Pair) {
	d := Detail{At: p.Value.Span(), Key: p.Key.Text(), Want: p.Value.String(&r.l, p.Key.Text())}
	if d.Want == "" {
		return
	}
	bad := ""
	switch d.Key {
	case "rest":
		if _, err := calendar.ParseSpan(d.Want); err != nil && d.Want != "none" && d.Want != "forever" {
			bad = "write 6mo, forever or none"
		}
	case "due":
		if _, err := calendar.ParseSpan(d.Want); err != nil {
			bad = "write 3bd, counted from when the task opens"
		}
	case "to":
		bad = r.recipient(d.Want)
	case "until":
		w, ok := r.window(p.Value, false)
		if !ok {
			return
		}
		d.until = w
	}
	if bad != "" {
		r.l.Errorf(d.At, "unknown-choice", bad, "%s cannot be %q", d.Key, d.Want)
		return
	}
	e.Also = append(e.Also, d)
}

// recipient is a hint when to names nobody.
func (r *reader) recipient(to string) string {
	known := append(slices.Clone(r.people), "owner")
	for _, id := range r.people {
		known = append(known, r.t.mails[id])
	}
	for _, one := range r.t.Case.Project.Team {
		known = append(known, one.ID, one.Email)
	}
	if strings.HasPrefix(to, "#") || to == r.t.Case.Account || slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, to) }) {
		return ""
	}
	known = slices.DeleteFunc(known, func(k string) bool { return k == "" })
	return choose(to, known, "name a contact, one of the team, owner or a #channel")
}

// atEnd reads the fields that the account must have at the end.
func (r *reader) atEnd(n *source.Node) {
	fields := r.rules.AccountFields()
	got := r.fields(n, "account", fields)
	byName := map[string]rules.Field{}
	for _, f := range fields {
		byName[f.Name] = f
	}
	spans := map[string]diag.Span{}
	var walk func(n *source.Node, prefix string)
	walk = func(n *source.Node, prefix string) {
		for _, p := range n.Pairs() {
			spans[prefix+p.Key.Text()] = p.Key.Span()
			walk(p.Value, prefix+p.Key.Text()+".")
		}
	}
	walk(n, "")
	for _, name := range slices.Sorted(maps.Keys(got)) {
		f := finding{at: spans[name], field: name}
		if got[name] != nil {
			f.want, _ = rules.Typed(byName[name].Type, got[name])
		}
		r.t.final = append(r.t.final, f)
	}
}

// answers reads the answers to a task's form.
func (r *reader) answers(n *source.Node, step string, form []steps.Question) map[string]any {
	var fields []rules.Field
	for _, q := range form {
		f := rules.Field{Name: q.Name, Type: q.Type, Enum: q.Choose}
		if f.Type == "" {
			f.Type = rules.String
		}
		fields = append(fields, f)
	}
	out := r.fields(n, "the form of task "+step, fields)
	delete(out, "id")
	return out
}
