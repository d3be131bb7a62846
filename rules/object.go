package rules

import (
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"

	"holdfast/internal/source"
)

// object is a kind of thing that an account has several of.
type object struct {
	name   string
	key    string
	fields *fieldSet
	cel    *types.Type
	derive *source.Node
}

// derivation computes one account field from objects.
type derivation struct {
	field Field
	expr  *Expr // nil when a finding was reported
}

// ObjectKinds are the declared kinds of objects, sorted.
func (s *Set) ObjectKinds() []string { return sortedKeys(s.objects) }

// ObjectFields are the declared fields of an object kind.
func (s *Set) ObjectFields(kind string) []Field {
	if o := s.objects[kind]; o != nil {
		return o.fields.list()
	}
	return nil
}

// ObjectKey is the field of an object kind that tells its objects apart.
func (s *Set) ObjectKey(kind string) string {
	if o := s.objects[kind]; o != nil {
		return o.key
	}
	return ""
}

// objectDoc declares `object: kind`.
func (ld *loader) objectDoc(doc *source.Node) {
	doc.Strict(&ld.diags, "object", keys(objectKind, "")...)
	name := ld.name(doc, func(n string) bool { return ld.set.objects[n] != nil })
	doc.Get("of").Word(&ld.diags, "of", "account")
	key := doc.Require(&ld.diags, "object", "key").String(&ld.diags, "key")
	if name == "" {
		return
	}
	if Reserved(name + "s") {
		ld.diags.Errorf(doc.Get("object").Span(), "bad-name", "choose another name", "%qs is a word of the language", name)
		return
	}
	o := &object{name: name, key: key, fields: newFieldSet(), cel: types.NewObjectType(name), derive: doc.Get("derive")}
	ld.fields(doc.Get("fields"), o.fields, "object")
	if key != "" {
		if f, ok := o.fields.byName[key]; ok && f.Type != String {
			ld.diags.Errorf(doc.Get("key").Span(), "wrong-type", "declare it as string", "the key %s must be a string, not %s", key, f.Type)
		} else if !ok {
			o.fields.byName[key] = Field{Name: key, Type: String}
		}
	}
	ld.set.objects[name] = o
}

// compileObject compiles what o derives.
func (ld *loader) compileObject(o *object) {
	for _, p := range o.derive.Pairs() {
		name, ok := strings.CutPrefix(p.Key.Text(), "account.")
		f, declared := ld.set.account.byName[name]
		if !ok || !declared {
			ld.diags.Errorf(p.Key.Span(), "unknown-field",
				suggest(p.Key.Text(), prefixed("account.", ld.set.account.names()), "declare it in schema: account"),
				"unknown field %q", p.Key.Text())
			continue
		}
		for _, d := range ld.set.derived {
			if d.field.Name == name {
				ld.diags.Errorf(p.Key.Span(), "duplicate-name", "remove one of them", "account.%s is derived twice", name)
			}
		}
		sc := &scope{only: "objects", what: "a derived field"}
		ld.set.derived = append(ld.set.derived, derivation{field: f, expr: ld.expr(p.Value, sc, f.Type, "account."+name)})
	}
}

func prefixed(prefix string, names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = prefix + n
	}
	return out
}

// Derive computes the account fields that objects determine. Fields that come
// out unset are absent from the record; derived names them all. An account
// without any object of the kinds that a field reads keeps the field as it is:
// the field is then not derived.
func (s *Set) Derive(f *Facts) (r Record, derived []string, err error) {
	return s.DeriveOnly(f, nil)
}

// DeriveOnly is Derive of the fields that wanted says, nil for all.
func (s *Set) DeriveOnly(f *Facts, wanted func(field string) bool) (r Record, derived []string, err error) {
	r = Record{}
	ev := s.evaluation(f)
	for _, d := range s.derived {
		if d.expr == nil || wanted != nil && !wanted(d.field.Name) || !ev.anyObjects(d.expr) {
			continue
		}
		v, ok, err := d.expr.value(ev)
		if err != nil {
			return nil, nil, wrapf(err, "derive account.%s", d.field.Name)
		}
		derived = append(derived, d.field.Name)
		if ok {
			r[d.field.Name] = v
		}
	}
	return r, derived, nil
}

// DerivesByClock reports whether a derived field can change without an event.
func (s *Set) DerivesByClock() bool {
	return slices.ContainsFunc(s.derived, func(d derivation) bool { return d.expr != nil && d.expr.reads.Clock })
}

func (ev *evaluation) anyObjects(e *Expr) bool {
	for _, kind := range e.reads.Objects {
		if len(ev.records(kind)) > 0 {
			return true
		}
	}
	return false
}
