package lsp

import (
	"regexp"
	"strings"

	"holdfast/internal/schema"
)

// outlet is a {{ }} or {% %} of a text, with what stands in it.
type outlet struct {
	start, end int  // of what stands inside, in bytes of the file
	tag        bool // {% %}
}

// outlets of src[from:to]; one that is not closed ends with its line.
func outlets(src string, from, to int) []outlet {
	var out []outlet
	for i := from; i+1 < to; {
		tag := src[i:i+2] == "{%"
		if !tag && src[i:i+2] != "{{" {
			i++
			continue
		}
		closer := "}}"
		if tag {
			closer = "%}"
		}
		rest := src[i+2 : to]
		n := strings.Index(rest, closer)
		if eol := strings.IndexByte(rest, '\n'); eol >= 0 && (n < 0 || eol < n) {
			n = eol
		}
		if n < 0 {
			n = len(rest)
		}
		out = append(out, outlet{i + 2, i + 2 + n, tag})
		i += 2 + n
	}
	return out
}

var liquidPath = regexp.MustCompile(`[A-Za-z_]\w*(\.[A-Za-z_]\w*)*`)

// liquidText is where off stands in Liquid: in which file's text, and in what.
type liquidText struct {
	src      string
	from, to int
	books    []string // the playbooks whose steps and events it may show
	items    []item   // the open items of lists
}

// liquidAt is the text at p, if it is one that Liquid renders.
func (d *document) liquidAt(p place) (liquidText, bool) {
	if d.template() != "" {
		return liquidText{src: d.text.s, to: len(d.text.s), books: d.analysis.users(d.template())}, true
	}
	if p.value == nil || p.key == nil || p.key.Type != "liquid" || p.onKey {
		return liquidText{}, false
	}
	start, end := p.value.inner(p.tree.src)
	return liquidText{p.tree.src, start, end, []string{p.tree.word(p.root.get("playbook"))}, itemsAt(p)}, true
}

// liquidScope is what a text may show: the account and the contact, the owner,
// the project, the event of a trigger, and how steps ended.
func (d *document) liquidScope(text liquidText) *scope {
	a := d.analysis
	a.index()
	x := &scope{a: a, book: &book{}, items: text.items}
	for _, name := range text.books {
		def, ok := a.defs["playbook:"+name]
		if !ok {
			continue
		}
		x.tree = def.tree
		x.book = a.books[name]
		kind := schema.KindNamed(a.kinds, "playbook")
		x.steps = append(x.steps, stepsOf(def.tree, def.root, kind)...)
		every(def.root.get("trigger"), kind.Map.Key("trigger", nil).Below, func(_ *node, _ *schema.Map, e *entry, k *schema.Key) {
			if k != nil && k.Names == "event" {
				x.events = append(x.events, def.tree.list(e.val)...)
			}
		})
	}
	return x
}

// liquidRoots are the first parts of a variable.
func (x *scope) liquidRoots() []member {
	out := []member{
		{name: "account", detail: "the account", kind: kindVariable, doc: "Fields of the customer's account."},
		{name: "contact", detail: "who is written to", kind: kindVariable, doc: "Fields of the contact."},
		{name: "owner", detail: "our person", kind: kindVariable, doc: "Who does the human work: id, name, email."},
		{name: "project", detail: "the settings", kind: kindVariable, doc: "name, currency, locale, timezone, sender."},
	}
	if len(x.events) > 0 {
		out = append(out, member{name: "event", detail: strings.Join(x.events, ", "), kind: kindVariable, doc: "The event that started the playbook."})
	}
	for _, it := range x.items {
		out = append(out, member{name: it.name, detail: "an item of " + strings.Join(it.over, "."), kind: kindVariable})
	}
	if len(x.steps) > 0 {
		out = append(out, member{name: "steps", detail: "how steps ended", kind: kindModule, doc: "steps.<id>.outcome, .at, and the answers of its form."})
	}
	return out
}

// liquidNext are the parts that may follow path and a dot.
func (x *scope) liquidNext(path []string) []member {
	switch path[0] {
	case "owner":
		return fixed(path, "id", "name", "email")
	case "project":
		if len(path) == 2 && path[1] == "sender" {
			return fixed(path[1:], "name", "email")
		}
		return fixed(path, "name", "currency", "locale", "timezone", "sender")
	case "steps":
		if len(path) == 1 {
			var out []member
			for _, s := range x.steps {
				out = append(out, member{name: s.id, detail: "step: " + s.verb, kind: kindReference, doc: x.stepDoc(s)})
			}
			return out
		}
		return x.next(path[1:])
	case "account", "contact":
		out := x.next(path)
		if len(path) == 1 {
			out = append(out, member{name: "id", detail: "string", kind: kindField})
		}
		return out
	}
	return x.next(path)
}

func fixed(path []string, names ...string) []member {
	if len(path) > 1 {
		return nil
	}
	var out []member
	for _, n := range names {
		out = append(out, member{name: n, detail: "string", kind: kindField})
	}
	return out
}

// liquidResolve finds what a variable's first parts mean.
func (x *scope) liquidResolve(path []string) (m member, used int, ok bool) {
	if path[0] == "steps" && len(path) > 1 {
		m, used, ok = x.resolve(path[1:])
		return m, used + 1, ok
	}
	if fixed := x.liquidNext(path[:1]); len(path) > 1 && path[0] != "steps" {
		if m, used, ok := x.resolve(path); ok && used > 1 {
			return m, used, true
		}
		for _, m := range fixed {
			if m.name == path[1] {
				return m, 2, true
			}
		}
	}
	for _, r := range x.liquidRoots() {
		if r.name == path[0] {
			return r, 1, true
		}
	}
	return member{}, 0, false
}
