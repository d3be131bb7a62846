package schema

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"holdfast/internal/source"
)

// File is the name of the JSON Schema's file.
const File = "holdfast.schema.json"

// object is a JSON object; its keys are written in order of the alphabet, so
// that the same schema is the same text.
type object = map[string]any

// JSON is the schema of every kind of document, as JSON Schema draft-07, which
// yaml-language-server reads in full. Which kind a document is, which verb a
// step and which kind a trigger, is decided by if and then: what an editor says
// is about that one, not about all that it could have been.
func JSON() string {
	w := &writer{defs: object{}}
	kinds := byPrecedence(Kinds())
	root := object{
		"$schema":     "http://json-schema.org/draft-07/schema#",
		"title":       "Holdfast",
		"description": "Playbooks, rules, tests, team and settings of a Holdfast project. Its first key says what a document is.",
		"type":        "object",
	}
	props := object{}
	var variants []choice
	for _, k := range kinds {
		props[k.Name] = object{"description": described(k.Summary)}
		variants = append(variants, choice{k.Name, k.Name})
		if k.Open {
			w.defs[k.Name] = object{"type": "object"}
			continue
		}
		w.defs[k.Name] = w.object(k.Map)
	}
	root["properties"] = props
	choose(root, variants, "a document")
	root["definitions"] = w.defs

	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		panic(err) //nolint:forbidigo // maps, lists and texts always encode
	}
	return out.String()
}

// byPrecedence puts a kind before those whose names are keys of it: a test names
// its playbook.
func byPrecedence(kinds []Kind) []Kind {
	mentions := func(k Kind) bool {
		return k.Open || slices.ContainsFunc(k.Keys, func(key *Key) bool { return key.Name != k.Name && KindNamed(kinds, key.Name) != nil })
	}
	var first, rest []Kind
	for _, k := range kinds {
		if mentions(k) {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	return append(first, rest...)
}

// choice is a definition that holds when a key is there.
type choice struct{ key, definition string }

// choose adds a chain of if, then and else to s.
func choose(s object, choices []choice, what string) {
	var names []string
	for _, c := range choices {
		s["if"] = object{"required": []string{c.key}}
		s["then"] = ref(c.definition)
		next := object{}
		s["else"] = next
		s = next
		names = append(names, c.key)
	}
	s["type"] = "null" // no map is: editors show the message
	s["errorMessage"] = what + " needs one of " + strings.Join(names, ", ")
}

func ref(name string) object { return object{"$ref": "#/definitions/" + name} }

type writer struct{ defs object }

// object is the schema of a map.
func (w *writer) object(m *Map) object {
	if len(m.Variants) > 0 {
		return w.variants(m)
	}
	return w.closed(m.Keys, m.Any)
}

// closed is a map of these keys and no others.
func (w *writer) closed(keys []*Key, other *Key) object {
	s := object{"type": "object", "additionalProperties": false}
	props := object{}
	var required []string
	for _, k := range keys {
		props[k.Name] = w.value(k)
		if k.Required {
			required = append(required, k.Name)
		}
	}
	if len(props) > 0 {
		s["properties"] = props
	}
	if len(required) > 0 {
		s["required"] = required
	}
	if other != nil {
		s["additionalProperties"] = w.value(other)
	}
	return s
}

// variants are defined once, as step.email.
func (w *writer) variants(m *Map) object {
	base := strings.TrimPrefix(m.What, "a ")
	if m.Variants[0].By != "any" && base == "trigger" {
		base = "trigger-of-any"
	}
	if _, done := w.defs[base]; done {
		return ref(base)
	}
	s := object{"type": "object"}
	w.defs[base] = s
	props := object{}
	for _, k := range m.Offered(nil) {
		props[k.Name] = object{"description": describe(k)}
	}
	var choices []choice
	for _, v := range m.ranked {
		name := base + "." + v.By
		d := w.closed(append(append([]*Key(nil), m.Keys...), v.Keys...), nil)
		d["description"] = described(v.Summary)
		w.defs[name] = d
		choices = append(choices, choice{v.By, name})
		props[v.By] = object{"description": described(v.Summary)}
	}
	s["properties"] = props
	choose(s, choices, m.What)
	return ref(base)
}

// value is the schema of what stands at k.
func (w *writer) value(k *Key) object {
	s := w.shape(k)
	s["description"] = describe(k)
	if words := k.Words(); words != nil && len(k.Means) > 0 {
		var means []string
		for _, word := range words {
			means = append(means, k.Means[word])
		}
		for _, at := range []any{s, s["else"], s["items"]} {
			if in, ok := at.(object); ok && in["enum"] != nil {
				in["enumDescriptions"] = means
			}
		}
	}
	if e, ok := example(k); ok {
		s["examples"] = []any{e}
	}
	return s
}

var scalars = []string{"string", "number", "boolean"}

// shape is the type of k's value, and the map below it.
func (w *writer) shape(k *Key) object {
	switch k.Type {
	case "steps":
		return object{"type": "array", "minItems": 1, "items": w.object(k.Below)}
	case "triggers":
		return object{"allOf": []any{w.object(k.Below)}}
	case "map":
		if k.Below == nil {
			return object{"type": "object"}
		}
		return w.object(k.Below)
	case "list", "list(date)":
		return w.list(k)
	case "maps":
		below := w.object(k.Below)
		delete(below, "type")
		return object{"type": []string{"object", "array"}, "if": object{"type": "object"}, "then": below, "else": object{"minItems": 1, "items": w.object(k.Below)}}
	case "list or map":
		below := w.object(k.Below)
		delete(below, "type")
		return object{"type": []string{"object", "array"}, "if": object{"type": "object"}, "then": below, "else": object{"items": object{"type": scalars}}}
	}
	if words := k.Words(); words != nil && strings.HasPrefix(k.Type, "list(") {
		return object{"type": []string{"string", "array"}, "if": object{"type": "array"},
			"then": object{"items": object{"enum": words}}, "else": object{"enum": words}}
	}
	s := scalar(k)
	if k.Below == nil {
		return s
	}
	below := w.object(k.Below)
	delete(below, "type")
	return object{"type": append(slices.Clone(typesOf(s)), "object"), "if": object{"type": "object"}, "then": below, "else": s}
}

// list of maps when keys stand below it; else one value or a list of them.
func (w *writer) list(k *Key) object {
	switch {
	case k.Below == nil:
		return object{"type": append(slices.Clone(scalars), "array"), "items": object{"type": scalars}}
	case k.Type == "list(date)":
		below := w.object(k.Below)
		delete(below, "type")
		return object{"type": "array", "items": object{"type": []string{"string", "object"}, "if": object{"type": "object"}, "then": below, "else": day()}}
	}
	return object{"type": "array", "items": w.object(k.Below)}
}

func scalar(k *Key) object {
	switch k.Type {
	case "bool":
		return object{"type": "boolean"}
	case "int":
		return object{"type": "integer"}
	case "number":
		return object{"type": "number"}
	case "date":
		return day()
	case "duration":
		return object{
			"type": "string", "pattern": "^(-?[0-9]+(s|m|h|d|w|mo|y|bd)|forever)$",
			"patternErrorMessage": "write a whole number and s, m, h, d, w, mo, y or bd, such as 7d",
		}
	case "literal", "cel", "liquid", "reference":
		return object{"type": scalars}
	}
	if words := k.Words(); words != nil {
		return object{"type": "string", "enum": words}
	}
	return object{}
}

func day() object {
	return object{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "patternErrorMessage": "write a day such as 2026-12-24"}
}

// typesOf a schema of scalars.
func typesOf(s object) []string {
	switch t := s["type"].(type) {
	case string:
		return []string{t}
	case []string:
		return t
	}
	return scalars
}

// describe is what an editor shows over a key.
func describe(k *Key) string {
	s := described(k.Summary)
	if k.Default != "" {
		s += " Default: " + strings.Trim(k.Default, "`") + "."
	}
	return s
}

func described(summary string) string { return strings.TrimSpace(summary) }

// example is k's, as the value it is; ok is false when there is none.
func example(k *Key) (any, bool) {
	if k.Example == "" {
		return nil, false
	}
	docs, found := source.Parse("example", []byte(k.Example))
	if len(found) > 0 || len(docs) != 1 {
		return k.Example, true
	}
	v := docs[0].JSON()
	if _, isMap := v.(map[string]any); isMap && k.Below == nil {
		return k.Example, true
	}
	return v, true
}
