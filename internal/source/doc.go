package source

import (
	"slices"
	"strings"
)

// KeyDoc is one key that an author may write, told once: what reads the file,
// the reference, the schema and the editor all take it from here. A dotted name
// (wait_for.timeout) is a key of the map below it, or of each map in the list
// below it; a part * is a name that the author chooses.
//
// Type is what may stand there: literal, cel, liquid, reference, duration,
// enum(a|b), list, list(a|b), list(date), steps, triggers, bool, int, number,
// date or map. A key with keys below it may be written as a map as well, and a
// list is a list of maps then; a list without is one word or a list of them.
type KeyDoc struct {
	Name, Type, Summary, Default, Example string
	Required                              bool
	Names                                 string            // what the value, or each of a list, names: template, event, step, object, field, person, metric, score, decision, segment, calendar, lane or playbook
	Means                                 map[string]string // what each word of an enum says, where the summary does not
}

// KindDoc is one kind of document, known by its first key. The first of Keys is
// that key.
type KindDoc struct {
	Name    string
	Summary string
	Keys    []KeyDoc
	Example string // a whole document, read without a finding by tests
}

// Keys are the names directly below a key, "" for those of the whole map, in
// their order: what Strict takes.
func Keys(docs []KeyDoc, below string) []string {
	var names []string
	for _, d := range docs {
		name := d.Name
		if below != "" {
			rest, ok := strings.CutPrefix(name, below+".")
			if !ok {
				continue
			}
			name = rest
		}
		if !strings.Contains(name, ".") && name != "*" {
			names = append(names, name)
		}
	}
	return names
}

// Words of an enum or of a list of such, in their order; nil when d is neither.
func (d KeyDoc) Words() []string {
	inner, ok := strings.CutPrefix(d.Type, "enum(")
	if !ok {
		inner, ok = strings.CutPrefix(d.Type, "list(")
	}
	if !ok || inner == "date)" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSuffix(inner, ")"), "|"), func(w string) bool { return w == "" })
}
