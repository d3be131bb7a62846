package rules

import (
	"regexp"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/source"
)

// Field is a declared field.
type Field struct {
	Name    string
	Type    Type
	Enum    []string
	Summary string
}

// fieldSet is the declared fields of one thing.
type fieldSet struct {
	byName map[string]Field
}

func newFieldSet(fields ...Field) *fieldSet {
	fs := &fieldSet{byName: map[string]Field{}}
	for _, f := range fields {
		fs.byName[f.Name] = f
	}
	return fs
}

// list is the fields by name; it is the caller's.
func (fs *fieldSet) list() []Field {
	if fs == nil {
		return nil
	}
	out := make([]Field, 0, len(fs.byName))
	for _, name := range fs.names() {
		f := fs.byName[name]
		f.Enum = slices.Clone(f.Enum)
		out = append(out, f)
	}
	return out
}

func (fs *fieldSet) typeOf(name string) (Type, bool) {
	if fs == nil {
		return Any, false
	}
	f, ok := fs.byName[name]
	return f.Type, ok
}

func (fs *fieldSet) names() []string {
	if fs == nil {
		return nil
	}
	out := make([]string, 0, len(fs.byName))
	for name := range fs.byName {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func texts(names ...string) []Field {
	out := make([]Field, len(names))
	for i, n := range names {
		out[i] = Field{Name: n, Type: String}
	}
	return out
}

// Fields that are there whether a schema names them or not; a schema may give
// them a summary or an enum, not another type.
func accountFields() []Field { return texts("id", "name", "timezone", "country", "owner") }

func contactFields() []Field {
	return texts("id", "email", "first_name", "last_name", "name", "role", "locale", "timezone", "title")
}

// systemEvents are our own events and their fields. Only our handlers make them.
func systemEvents() map[string]*fieldSet {
	task := texts("task", "step", "playbook", "enrollment", "by", "outcome", "reason")
	mail := texts("touch", "step", "playbook", "enrollment")
	return map[string]*fieldSet{
		holdfast.EventTaskDone:        newFieldSet(task...),
		holdfast.EventTaskCannot:      newFieldSet(task...),
		holdfast.EventTaskExpired:     newFieldSet(task...),
		holdfast.EventEnrollmentEnded: newFieldSet(texts("playbook", "enrollment", "outcome", "trigger")...),
		holdfast.EventReplied:         newFieldSet(append(mail, texts("text")...)...),
		holdfast.EventAutoReplied:     newFieldSet(mail...),
		holdfast.EventDelivered:       newFieldSet(mail...),
		holdfast.EventOpened:          newFieldSet(mail...),
		holdfast.EventClicked:         newFieldSet(append(mail, texts("url")...)...),
		holdfast.EventComplained:      newFieldSet(mail...),
		holdfast.EventBounced:         newFieldSet(append(mail, texts("reason")...)...),
		holdfast.EventOptedOut:        newFieldSet(append(mail, texts("via", "said")...)...),
		holdfast.EventPaused:          newFieldSet(append(mail, append(texts("said"), Field{Name: "until", Type: Timestamp})...)...),
		holdfast.EventOptedIn:         newFieldSet(append(mail, texts("via", "said")...)...),
		holdfast.EventMeetingBooked:   newFieldSet(),
		holdfast.EventApproved:        newFieldSet(append(task, texts("kind", "amount")...)...),
		holdfast.EventDenied:          newFieldSet(append(task, texts("kind", "amount")...)...),
		holdfast.EventOfferSunset:     newFieldSet(append(texts("kind", "amount", "playbook", "enrollment"), Field{Name: "ends", Type: Date})...),
	}
}

// eventTime is the field that every event has: when it happened.
const eventTime = "at"

// AccountFields are the declared account fields (derived ones included), by name.
func (s *Set) AccountFields() []Field { return s.account.list() }

// AccountType is the type of one declared field of accounts.
func (s *Set) AccountType(name string) (t Type, ok bool) { return s.account.typeOf(name) }

// Derived reports whether an account field is computed from objects, so that
// nothing else may write it.
func (s *Set) Derived(field string) bool {
	return slices.ContainsFunc(s.derived, func(d derivation) bool { return d.field.Name == field })
}

// Of is a JSON-shaped value in the field's Go type; the error says what was found
// and expected.
func (f Field) Of(v any) (any, error) { return typedField(f, v) }

// ContactFields are the declared contact fields.
func (s *Set) ContactFields() []Field { return s.contact.list() }

// ContactType is the type of one declared field of contacts.
func (s *Set) ContactType(name string) (t Type, ok bool) { return s.contact.typeOf(name) }

// EventFields are the declared fields of an event; ok is false when it is not declared.
func (s *Set) EventFields(name string) (fields []Field, ok bool) {
	fs, ok := s.events[name]
	return fs.list(), ok
}

// Events are the declared event names, sorted; our own dotted events included.
func (s *Set) Events() []string {
	if s.names != nil {
		return slices.Clone(s.names)
	}
	var out []string
	for name := range s.events {
		if !isTraits(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// OfAll reports whether an event is declared `of: all`: it is about no account of
// its own, and is held against every account.
func (s *Set) OfAll(event string) bool { return s.ofAll[event] }

// isTraits reports whether name is no event but the traits of a message kind.
func isTraits(name string) bool { return name == holdfast.Identify || name == holdfast.Group }

// schemaDoc declares `schema: account` or `schema: contact`.
func (ld *loader) schemaDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "schema", keys(schemaKind, "")...)
	switch doc.Get("schema").Word(&ld.diags, "schema", "account", "contact") {
	case "account":
		ld.fields(doc.Get("fields"), ld.set.account, "schema")
	case "contact":
		ld.fields(doc.Get("fields"), ld.set.contact, "schema")
	}
}

// eventDoc declares `event: Name`; `event: group` and `event: identify` declare traits.
func (ld *loader) eventDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "event", keys(eventKind, "")...)
	at := doc.Get("event")
	name := at.String(&ld.diags, "event")
	if name == "" {
		return
	}
	if strings.Contains(name, ".") && !strings.Contains(name, " ") {
		ld.diags.Errorf(at.Span(), "reserved-event", "write the name without a dot, such as Feature Used",
			"dotted events are made by holdfast alone; %q cannot be declared", name)
		return
	}
	if ld.set.events[name] == nil {
		ld.set.events[name] = newFieldSet()
	}
	if of := doc.Get("of"); of.Word(&ld.diags, "of", "account", "all") == "all" {
		if isTraits(name) {
			ld.diags.Errorf(of.Span(), "misplaced", "remove of:", "%s says what is known of one account or contact, and cannot be of: all", name)
			return
		}
		ld.set.ofAll[name] = true
	}
	ld.fields(doc.Get("fields"), ld.set.events[name], "event")
}

var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$`)

// fields reads the `fields:` map of a kind of document into fs. The same field
// may be declared again with the same type. An object's fields have no dots.
func (ld *loader) fields(n *source.Node, fs *fieldSet, kind string) {
	if n.Kind() != source.Map {
		if n.Kind() != source.Null {
			ld.diags.Errorf(n.Span(), "wrong-type", "write one field a line, name: {type: string}", "fields must be a map, not %s", n.Kind())
		}
		return
	}
	for _, p := range n.Pairs() {
		name := p.Key.Text()
		switch {
		case !fieldName.MatchString(name) || celToken(name) || (kind == "object" && strings.Contains(name, ".")):
			ld.diags.Errorf(p.Key.Span(), "bad-name", "use letters, digits and _", "%q cannot be the name of a field", name)
			continue
		case kind == "event" && name == eventTime:
			ld.diags.Errorf(p.Key.Span(), "bad-name", "choose another name", "every event has the field at: when it happened")
			continue
		}
		f := ld.field(name, p.Value)
		if old, ok := fs.byName[name]; ok && old.Type != f.Type && f.Type != "" {
			ld.diags.Errorf(p.Key.Span(), "conflicting-type", "declare it as "+string(old.Type),
				"field %q is %s already, not %s", name, old.Type, f.Type)
			continue
		} else if ok {
			f = merged(old, f)
		}
		if f.Type != "" {
			fs.byName[name] = f
		}
	}
}

// merged is two declarations of one field: the later adds what the first left open.
func merged(a, b Field) Field {
	if b.Summary == "" {
		b.Summary = a.Summary
	}
	for _, e := range a.Enum {
		if len(b.Enum) > 0 && !slices.Contains(b.Enum, e) {
			b.Enum = append(b.Enum, e)
		}
	}
	if len(b.Enum) == 0 {
		b.Enum = a.Enum
	}
	return b
}

// field reads `{type: string, enum: [a, b], summary: …}` or the short form `string`.
func (ld *loader) field(name string, n *source.Node) Field {
	f := Field{Name: name}
	what := "field " + name
	at := n
	if n.Kind() == source.Map {
		n.Strict(&ld.diags, what, source.Keys(fieldKeys, "fields.*")...)
		if at = n.Require(&ld.diags, what, "type"); at == nil {
			return f
		}
		f.Summary = n.Get("summary").String(&ld.diags, "summary")
	}
	choices := make([]string, len(fieldTypes))
	for i, t := range fieldTypes {
		choices[i] = string(t)
	}
	f.Type = Type(at.Word(&ld.diags, "type of "+what, choices...))
	if e := n.Get("enum"); e != nil {
		f.Enum = e.Words(&ld.diags, "enum")
		if f.Type != String && f.Type != "" {
			ld.diags.Errorf(e.Span(), "wrong-type", "remove enum:", "only a string can have an enum; %s is %s", name, f.Type)
			f.Enum = nil
		}
	}
	return f
}
