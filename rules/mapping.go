package rules

import (
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// mapping turns messages into state.
type mapping struct {
	name   string
	on     []string // events, or identify or group
	doc    *source.Node
	when   *Expr
	upsert *object
	key    *assign // nil: the field of the event that is called as the object's key
	sets   []assign
	same   bool // upsert without set: fields of the same names
	broken bool
}

// target of an assignment.
type target int

const (
	toAccount target = iota
	toContact
	toObject
)

// assign gives one field a literal or what an expression says of the event.
type assign struct {
	to    target
	field Field
	value any
	expr  *Expr
}

// mappingDoc declares `mapping: name`.
func (ld *loader) mappingDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "mapping", keys(mappingKind, "")...)
	name := ld.name(doc, func(n string) bool {
		return slices.ContainsFunc(ld.set.mappings, func(m *mapping) bool { return m.name == n })
	})
	if name == "" {
		return
	}
	m := &mapping{name: name, doc: doc}
	if on := doc.Require(&ld.diags, "mapping "+name, "on"); on != nil {
		m.on = ld.events(on)
	}
	ld.set.mappings = append(ld.set.mappings, m)
}

// compileMapping compiles m; one with findings never applies.
func (ld *loader) compileMapping(m *mapping) {
	before := len(ld.diags.All)
	defer func() { m.broken = diag.Failed(ld.diags.All[before:]) || len(m.on) == 0 }()
	if !ld.eventKnown(m.doc.Get("on"), m.on) || len(m.on) == 0 {
		return
	}
	sc := ld.eventScope(m)
	if w := m.doc.Get("when"); w != nil {
		m.when = ld.expr(w, sc, Bool, "when")
	}
	ld.upsert(m, sc)
	to, fields := toAccount, ld.set.account
	if m.upsert != nil {
		to, fields = toObject, m.upsert.fields
	}
	ld.assigns(m, m.doc.Get("set"), to, fields, sc)
	ld.assigns(m, m.doc.Get("account"), toAccount, ld.set.account, sc)
	ld.assigns(m, m.doc.Get("contact"), toContact, ld.set.contact, sc)
	if len(m.sets) == 0 && m.upsert == nil && len(ld.diags.All) == before {
		ld.diags.Errorf(m.doc.Get("mapping").Span(), "missing-key", "add set:, contact: or upsert:", "mapping %q changes nothing", m.name)
	}
}

// eventScope sees the event alone; of several events, the fields that all have.
// Traits that no document declares may have any field.
func (ld *loader) eventScope(m *mapping) *scope {
	sc := &scope{Scope: Scope{Event: m.on[0]}, only: "event", what: "a mapping", also: m.on[1:]}
	sc.untyped = isTraits(m.on[0]) && ld.set.events[m.on[0]] == nil
	return sc
}

func (ld *loader) upsert(m *mapping, sc *scope) {
	at := m.doc.Get("upsert")
	if at == nil {
		if k := m.doc.Get("key"); k != nil {
			ld.diags.Errorf(k.Span(), "conflicting-keys", "add upsert: or remove key:", "key belongs to upsert")
		}
		return
	}
	m.upsert = ld.set.objects[at.String(&ld.diags, "upsert")]
	if m.upsert == nil {
		ld.diags.Errorf(at.Span(), "unknown-object", suggest(at.Text(), ld.set.ObjectKinds(), "declare it: object: "+at.Text()), "unknown object %q", at.Text())
		return
	}
	m.same = m.doc.Get("set") == nil
	keyField := Field{Name: m.upsert.key, Type: String}
	switch k := m.doc.Get("key"); {
	case k != nil:
		if a, ok := ld.assign(toObject, keyField, k, sc); ok {
			m.key = &a
		}
	case !sc.untyped && m.doc.Get("set").Get(m.upsert.key) == nil:
		if _, ok := ld.set.events[m.on[0]].byName[m.upsert.key]; !ok {
			ld.diags.Errorf(at.Span(), "missing-key", "add key: {cel: event.…}", "event %q has no %s to know the %s by", m.on[0], m.upsert.key, m.upsert.name)
		}
	}
}

func (ld *loader) assigns(m *mapping, n *source.Node, to target, fields *fieldSet, sc *scope) {
	if n.Kind() != source.Map {
		if n.Kind() != source.Null {
			ld.diags.Errorf(n.Span(), "wrong-type", "write field: value", "fields to set must be a map, not %s", n.Kind())
		}
		return
	}
	for _, p := range n.Pairs() {
		name := p.Key.Text()
		if to == toAccount {
			name = strings.TrimPrefix(name, "account.")
		}
		f, ok := fields.byName[name]
		switch {
		case !ok:
			ld.diags.Errorf(p.Key.Span(), "unknown-field", suggest(name, fields.names(), choices("declared: ", fields.names())), "unknown field %q", name)
			continue
		case to != toObject && name == "id":
			ld.diags.Errorf(p.Key.Span(), "fixed-field", "remove it", "an id cannot be set; the message names it")
			continue
		}
		if a, ok := ld.assign(to, f, p.Value, sc); ok {
			m.sets = append(m.sets, a)
		}
	}
}

// assign reads a literal, checked against the field's type, or {cel: …}.
func (ld *loader) assign(to target, f Field, n *source.Node, sc *scope) (assign, bool) {
	a := assign{to: to, field: f}
	if n.Kind() == source.Map {
		if a.expr = ld.expr(n, sc, f.Type, f.Name); a.expr == nil {
			return a, false
		}
		return a, true
	}
	v, err := typedField(f, n.JSON())
	if err != nil {
		hint := ""
		if s, ok := n.JSON().(string); ok && strings.HasPrefix(s, "event.") {
			hint = "write {cel: " + s + "}"
		} else if ok {
			hint = suggest(s, f.Enum, choices("use one of ", f.Enum))
		}
		ld.diags.Errorf(n.Span(), "type-mismatch", hint, "%s: %s", f.Name, err)
		return a, false
	}
	a.value = v
	return a, true
}

// Lasting are the events on which mappings set fields, by name: what they say is
// still true when they are long over.
func (s *Set) Lasting() []string {
	var names []string
	for _, m := range s.mappings {
		names = append(names, m.on...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
