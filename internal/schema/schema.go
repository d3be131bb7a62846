// Package schema is the shape of the documents that authors write, read off the
// docs of their keys: which keys a map takes, what may stand there, which words
// choose. The JSON Schema and the language server are both made from it. It
// holds no words of its own; a kind of document is added where it is read.
package schema

import (
	"slices"
	"strings"

	"holdfast/internal/project"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// Key is one key of a map, with what may stand below it.
type Key struct {
	source.KeyDoc        // Name is its last part
	Path          string // as the docs name it: wait_for.timeout
	Below         *Map   // its map, or each map of its list; nil when it takes none
}

// Map is the keys that a map takes.
type Map struct {
	Keys     []*Key    // of every such map
	Any      *Key      // for names that the author chooses; nil when there are none
	Variants []Variant // a step or a trigger is one of these
	What     string    // names the map in messages: "a step"

	ranked []*Variant // as they are recognised
}

// Variant is a map known by one of its keys.
type Variant struct {
	By            string
	Name, Summary string
	Example       string
	Keys          []*Key
}

// Kind is a kind of document, known by its first key.
type Kind struct {
	Name, Summary, Example string
	*Map
	Open bool // its keys are not known here: anything may stand there
}

// Kinds are all kinds of documents, in the order of the reference. The caller
// may keep them, and changes nothing.
func Kinds() []Kind {
	b := &builder{}
	b.steps, b.triggers = &Map{What: "a step"}, &Map{What: "a trigger"}
	b.stepMap()
	b.triggerMap()
	docs := append([]source.KindDoc{playbooks.Doc}, project.Docs...)
	for _, d := range rules.Docs {
		docs = append(docs, source.KindDoc{Name: d.Name, Summary: d.Summary, Example: d.Example, Keys: wrapped(d.Keys)})
	}
	var kinds []Kind
	for _, d := range docs {
		kinds = append(kinds, Kind{Name: d.Name, Summary: d.Summary, Example: d.Example, Map: b.keys(d.Keys, "", d.Name)})
	}
	for _, d := range project.TestDocs {
		m := b.keys(d.Keys, "", d.Name)
		if expect := m.Key("expect", nil); expect != nil {
			b.heads(expect.Below)
		}
		kinds = append(kinds, Kind{Name: d.Name, Summary: d.Summary, Example: d.Example, Map: m})
	}
	for _, name := range project.Kinds() {
		if KindNamed(kinds, name) == nil {
			kinds = append(kinds, Kind{Name: name, Map: &Map{What: name}, Open: true})
		}
	}
	return kinds
}

// KindNamed is the kind of that name, or nil.
func KindNamed(kinds []Kind, name string) *Kind {
	for i := range kinds {
		if kinds[i].Name == name {
			return &kinds[i]
		}
	}
	return nil
}

// Variant that a map with these keys is, or nil while none is there. One that
// takes the key of another as a key of its own goes before it: {run, wait} runs.
func (m *Map) Variant(keys []string) *Variant {
	for _, v := range m.ranked {
		if slices.Contains(keys, v.By) {
			return v
		}
	}
	return nil
}

// rank puts the variants that take another's key first.
func (m *Map) rank() {
	var first, rest []*Variant
	for i := range m.Variants {
		v := &m.Variants[i]
		if slices.ContainsFunc(m.Variants, func(o Variant) bool { return o.By != v.By && v.has(o.By) }) {
			first = append(first, v)
		} else {
			rest = append(rest, v)
		}
	}
	m.ranked = slices.Concat(first, rest)
}

func (v *Variant) has(key string) bool {
	return slices.ContainsFunc(v.Keys, func(k *Key) bool { return k.Name == key })
}

// Key that name is in a map which has the keys present; nil when it takes none
// of that name.
func (m *Map) Key(name string, present []string) *Key {
	if m == nil {
		return nil
	}
	for _, k := range m.Offered(present) {
		if k.Name == name {
			return k
		}
	}
	return m.Any
}

// Offered are the keys that a map with the keys present may hold: of a step
// without a verb, all verbs.
func (m *Map) Offered(present []string) []*Key {
	if len(m.Variants) == 0 {
		return m.Keys
	}
	keys := append([]*Key(nil), m.Keys...)
	if v := m.Variant(present); v != nil {
		return append(keys, v.Keys...)
	}
	for _, v := range m.Variants {
		keys = append(keys, v.first())
	}
	return keys
}

// first is the key that tells v from the others.
func (v Variant) first() *Key {
	for _, k := range v.Keys {
		if k.Name == v.By {
			return k
		}
	}
	return v.Keys[0]
}

// wrapped says that rules take {cel: x} for an expression x, too.
func wrapped(docs []source.KeyDoc) []source.KeyDoc {
	var out []source.KeyDoc
	for _, d := range docs {
		out = append(out, d)
		taken := slices.ContainsFunc(docs, func(o source.KeyDoc) bool { return strings.HasPrefix(o.Name, d.Name+".") })
		if d.Type == "cel" && !taken && !strings.HasSuffix(d.Name, ".cel") {
			out = append(out, source.KeyDoc{Name: d.Name + ".cel", Type: "cel", Required: true, Summary: "The expression."})
		}
	}
	return out
}

type builder struct{ steps, triggers *Map }

// keys nests docs, whose names have dots, below prefix.
func (b *builder) keys(docs []source.KeyDoc, prefix, what string) *Map {
	m := &Map{What: what}
	for _, d := range docs {
		name, ok := strings.CutPrefix(d.Name, prefix)
		if !ok || name == "" || strings.Contains(name, ".") {
			continue
		}
		k := &Key{KeyDoc: d, Path: d.Name}
		k.Name = name
		switch d.Type {
		case "steps":
			k.Below = b.steps
		case "triggers":
			k.Below = b.triggers
		default:
			if below := b.keys(docs, d.Name+".", d.Name); len(below.Keys) > 0 || below.Any != nil {
				k.Below = below
			}
		}
		if name == "*" {
			m.Any = k
			continue
		}
		m.Keys = append(m.Keys, k)
	}
	return m
}

// heads lets a step's verb stand for what happened in an entry of expect.
func (b *builder) heads(entry *Map) {
	for _, v := range steps.All {
		if entry.Key(v.Doc.Name, nil) == nil {
			d := source.KeyDoc{Name: v.Doc.Name, Names: "step", Type: "reference", Summary: "A step of this verb is done: " + v.Doc.Summary}
			entry.Keys = append(entry.Keys, &Key{KeyDoc: d, Path: "expect." + v.Doc.Name})
		}
	}
}

func (b *builder) stepMap() {
	b.steps.Keys = b.keys(steps.Common, "", "a step").Keys
	for _, v := range steps.All {
		b.steps.Variants = append(b.steps.Variants, Variant{
			By: v.Doc.Name, Name: v.Doc.Name, Summary: v.Doc.Summary, Example: v.Doc.Example,
			Keys: b.keys(v.Doc.Fields, "", v.Doc.Name).Keys,
		})
	}
	b.steps.rank()
}

// triggerMap: a list below any, or one of the kinds. The order is that in which
// a trigger is recognised.
func (b *builder) triggerMap() {
	b.triggers.Keys = b.keys(triggers.Common, "", "a trigger").Keys
	several := b.keys(triggers.List, "", "a trigger")
	one := &Map{What: "a trigger", Keys: b.triggers.Keys}
	several.Keys[0].Below = one
	b.triggers.Variants = []Variant{{By: "any", Name: "any", Summary: several.Keys[0].Summary, Keys: several.Keys}}
	for _, k := range triggers.All {
		v := Variant{By: k.Key, Name: k.Doc.Name, Summary: k.Doc.Summary, Example: k.Doc.Example, Keys: b.keys(k.Doc.Fields, "", k.Doc.Name).Keys}
		one.Variants = append(one.Variants, v)
		if k.Key == "when" { // another word for the same
			v.By = "becomes"
			v.Keys = b.keys(withoutRequired(k.Doc.Fields), "", k.Doc.Name).Keys
			one.Variants = append(one.Variants, v)
		}
	}
	b.triggers.Variants = append(b.triggers.Variants, one.Variants...)
	one.rank()
	b.triggers.rank()
}

func withoutRequired(docs []source.KeyDoc) []source.KeyDoc {
	docs = slices.Clone(docs)
	for i := range docs {
		docs[i].Required = false
	}
	return docs
}
