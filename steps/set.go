package steps

import (
	"strings"
	"time"

	"holdfast/internal/source"
	"holdfast/rules"
)

// Set is the spec of `set`: fields of the account to write.
type Set struct{ Fields []Assign }

// Assign is one field and what it becomes: a literal, or what an expression gives.
type Assign struct {
	Field rules.Field
	Value any         // in the field's Go type
	Expr  *rules.Expr // nil = Value
}

const setVerb = "set"

var set = Verb{
	Doc: Doc{
		Name:    setVerb,
		Summary: "Writes fields of the account. What the change sets off (triggers, exits, goals, waits) happens in the same moment. A value that is unknown leaves its field as it is.",
		Fields: []FieldDoc{
			{Name: "set", Type: "map", Required: true, Summary: "Fields and their values. A plain value is a literal of the field's type; an expression is written {cel: …}.", Example: "{account.status: active, account.saved_at: {cel: now}}"},
			{Name: "set.*", Type: "literal", Summary: "A value, checked against the field's type, or {cel: an expression}."},
			{Name: "set.*.cel", Type: "cel", Required: true, Summary: "An expression.", Example: "now"},
		},
		Example: "id: mark\nset: {account.name: Acme}\n",
		Outcomes: []WordDoc{
			{Word: "done", Says: "the fields are written"},
		},
		Played: "The fields of the played account change, and what that sets off happens.",
	},
	Decode: decodeSet,
	run:    runSet,
}

func runSet(w *walk, s *Step) (Command, error) {
	if w.answer(s) != nil {
		return w.deliver(s, nil)
	}
	values := map[string]any{}
	for _, a := range s.Spec.(*Set).Fields {
		v := a.Value
		if a.Expr != nil {
			out, ok, err := a.Expr.Value(&w.facts)
			if err != nil {
				return Command{}, failed(s, a.Expr, err)
			}
			if !ok {
				w.say(s, "skip", "unset", "account."+a.Field.Name+" stays as it is: "+a.Expr.Source()+" is unknown", time.Time{})
				continue
			}
			v = out
		}
		values[a.Field.Name] = v
	}
	cmd := w.ask(s)
	cmd.Values = values
	return cmd, nil
}

func decodeSet(d *Decoder) any {
	n := d.Node.Get(setVerb)
	out := &Set{}
	if n.Kind() != source.Map || len(n.Pairs()) == 0 {
		d.Diags.Errorf(d.place(setVerb), "bad-value", "write a map such as {account.status: active}", "%s sets nothing", d.what())
		return out
	}
	var names []string
	fields := map[string]rules.Field{}
	for _, f := range d.Rules.AccountFields() {
		names = append(names, "account."+f.Name)
		fields["account."+f.Name] = f
	}
	for _, p := range n.Pairs() {
		key := p.Key.Text()
		f, ok := fields[key]
		switch {
		case !strings.HasPrefix(key, "account."):
			d.Diags.Errorf(p.Key.Span(), "bad-reference", "write account. and a field", "%q is no field of the account", key)
			continue
		case !ok:
			d.unknown(p.Key.Span(), "unknown-field", "field", key, names)
			continue
		case key == "account.id" || d.Rules.Derived(f.Name):
			d.Diags.Errorf(p.Key.Span(), "derived-field", "set what it comes from", "%s cannot be set: it comes from something else", key)
			continue
		}
		out.Fields = append(out.Fields, d.assign(f, p.Value))
	}
	return out
}

// assign reads a literal of f's type, or {cel: expression}.
func (d *Decoder) assign(f rules.Field, n *source.Node) Assign {
	a := Assign{Field: f}
	if n.Kind() == source.Map {
		n.Strict(d.Diags, "account."+f.Name, "cel")
		a.Expr = d.expr(n.Get("cel"), f.Type)
		return a
	}
	v, err := f.Of(n.JSON())
	if err != nil {
		d.Diags.Errorf(n.Span(), "wrong-type", "write a value of that type, or {cel: an expression}", "account.%s: %v", f.Name, err)
	}
	a.Value = v
	return a
}
