package playtest

import (
	"slices"
	"strconv"
	"strings"

	"holdfast"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/rules"
)

func itoa(n int) string { return strconv.Itoa(n) }

// account reads given.account, the test's own fields over the shared ones: it is
// the first of what is known.
func (r *reader) account() bool {
	props, id := map[string]any{}, ""
	var last *source.Node
	for _, g := range r.givens {
		n := g.Get("account")
		if n == nil {
			continue
		}
		last = n
		for name, v := range r.fields(n, "account", r.rules.AccountFields()) {
			if name == "id" {
				id, _ = v.(string)
				continue
			}
			props[name] = v
		}
	}
	switch {
	case last == nil:
		r.l.Errorf(r.t.At, "missing-key", "write given: {account: {id: acme, …}}", "a test needs given.account")
		return false
	case id == "":
		r.l.Errorf(last.Span(), "missing-key", "add id: acme", "given.account needs id")
		return false
	}
	for name, v := range props {
		if v == nil {
			delete(props, name) // unset in this test
		}
	}
	c := &r.t.Case
	c.Account = id
	c.Known = append(c.Known, r.message(last, holdfast.Message{Kind: holdfast.Group, Account: id, Props: props}))
	return true
}

// contacts reads given.contacts: a map by id, or a list.
func (r *reader) contacts() {
	order, people := []string{}, map[string]map[string]any{}
	places := map[string]*source.Node{}
	add := func(id string, n *source.Node) {
		if people[id] == nil {
			order, people[id] = append(order, id), map[string]any{}
		}
		places[id] = n
		for name, v := range r.fields(n, "contact "+id, r.rules.ContactFields()) {
			if people[id][name] = v; v == nil || name == "id" {
				delete(people[id], name)
			}
		}
	}
	for _, g := range r.givens {
		n := g.Get("contacts")
		if n.Kind() == source.Scalar {
			r.l.Errorf(n.Span(), "wrong-type", "write dana: {email: …, role: champion}", "contacts must be a map of people by id, or a list")
		}
		for _, p := range n.Pairs() {
			add(p.Key.Text(), p.Value)
		}
		for _, it := range n.Items() {
			if id := it.Require(&r.l, "a contact", "id"); id != nil {
				add(id.Text(), it)
			}
		}
	}
	r.t.mails = map[string]string{}
	for _, id := range order {
		r.t.mails[id], _ = people[id]["email"].(string)
		r.people = append(r.people, id)
		r.t.Case.Known = append(r.t.Case.Known, r.message(places[id],
			holdfast.Message{Kind: holdfast.Identify, Account: r.t.Case.Account, Contact: id, Props: people[id]}))
	}
}

// objects reads given.objects: for each kind the list of those that the account has.
func (r *reader) objects(n *source.Node) {
	if n != nil && n.Kind() != source.Map {
		r.l.Errorf(n.Span(), "wrong-type", "write subscription: [{…}]", "objects must be a map of lists, by kind")
	}
	for _, p := range n.Pairs() {
		kind := p.Key.Text()
		fields := r.rules.ObjectFields(kind)
		if fields == nil {
			r.l.Errorf(p.Key.Span(), "unknown-object", choose(kind, r.rules.ObjectKinds(), "declare it: object: "+kind), "no object is called %q", kind)
			continue
		}
		if p.Value.Kind() != source.List {
			r.l.Errorf(p.Value.Span(), "wrong-type", "write a list, one item for each", "%s must be a list, not %s", kind, p.Value.Kind())
		}
		for i, it := range p.Value.Items() {
			props := r.fields(it, kind, fields)
			key, _ := props[r.rules.ObjectKey(kind)].(string)
			if key == "" {
				key = kind + "-" + itoa(i+1)
			}
			o := store.Object{Kind: kind, Key: key, Account: r.t.Case.Account, Fields: map[string]store.Field{}}
			for name, v := range props {
				if v != nil {
					o.Fields[name] = store.Field{Value: v, At: r.t.Case.At}
				}
			}
			r.t.Case.Objects = append(r.t.Case.Objects, o)
		}
	}
}

// message is m from the place of n, with an id of its own.
func (r *reader) message(n *source.Node, m holdfast.Message) sim.Message {
	r.sent++
	m.ID, m.Source = "test-"+itoa(r.sent), "system"
	return sim.Message{Place: place(n), Message: m}
}

// fields reads a map of declared fields, nested maps as dotted names. Values are
// as JSON has them; null is there as nil. except are keys that are no fields.
func (r *reader) fields(n *source.Node, what string, fields []rules.Field, except ...string) map[string]any {
	if n.Kind() != source.Map {
		if n != nil && n.Kind() != source.Null {
			r.l.Errorf(n.Span(), "wrong-type", "write {field: value, …}", "%s must be a map of fields, not %s", what, n.Kind())
		}
		return nil
	}
	byName, names := map[string]rules.Field{"id": {Name: "id", Type: rules.String}}, []string{}
	for _, f := range fields {
		byName[f.Name] = f
		names = append(names, f.Name)
	}
	otherwise := "declare it in the schema"
	if len(fields) == 0 {
		otherwise = "take it away: it has none"
	}
	out := map[string]any{}
	var read func(n *source.Node, prefix string)
	read = func(n *source.Node, prefix string) {
		for _, p := range n.Pairs() {
			name := prefix + p.Key.Text()
			f, known := byName[name]
			switch {
			case prefix == "" && slices.Contains(except, name):
			case !known && p.Value.Kind() == source.Map:
				read(p.Value, name+".")
			case !known:
				r.l.Errorf(p.Key.Span(), "unknown-field", choose(name, names, otherwise), "%s has no field %q", what, name)
			default:
				out[name] = r.value(p.Value, f)
			}
		}
	}
	read(n, "")
	return out
}

// value is n as f's type reads it, or a finding.
func (r *reader) value(n *source.Node, f rules.Field) any {
	if n.Kind() == source.Null {
		return nil
	}
	v := n.JSON()
	typed, err := rules.Typed(f.Type, v)
	if err != nil {
		r.l.Errorf(n.Span(), "wrong-type", "", "%s: %v", f.Name, err)
		return nil
	}
	if word, ok := typed.(string); ok && len(f.Enum) > 0 && !slices.Contains(f.Enum, word) {
		r.l.Errorf(n.Span(), "unknown-choice", choose(word, f.Enum, ""), "%s is never %q", f.Name, word)
		return nil
	}
	if f.Type == rules.String {
		return strings.TrimSpace(n.Text()) // 02139 is no number
	}
	return rules.Untyped(typed)
}
