package lsp

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/schema"
)

// marker stands at the cursor while a document is completed: a word that is a
// key, a value or a part of one, as what surrounds it says.
const marker = "hfcursor"

// completeAt offers what may stand at off.
func completeAt(_ context.Context, _ *server, d *document, off int, _ placeParams) (any, error) {
	d.analysis.index()
	c := &completer{d: d, off: off, items: []completion{}}
	if d.template() != "" {
		text, _ := d.liquidAt(place{})
		c.liquid(text)
	} else {
		c.yaml()
	}
	return completionList{Items: c.items}, nil
}

type completer struct {
	d     *document
	off   int
	items []completion

	inPlaybook bool
}

var keyTail = regexp.MustCompile(`[A-Za-z0-9_.*-]*$`)

func (c *completer) yaml() {
	src := c.d.text.s[:c.off] + marker + c.d.text.s[c.off:]
	p := placeAt(parseTree(src), c.d.kinds, c.off+1)
	c.inPlaybook = p.kind != nil && p.kind.Name == "playbook"
	switch {
	case p.onKey:
		c.keys(p)
	case p.value == nil:
	case p.value == p.root || p.kind == nil:
		c.kindNames()
	case p.key != nil:
		c.value(p)
	}
}

// kindNames are the first keys of documents.
func (c *completer) kindNames() {
	for _, k := range c.d.kinds {
		c.add(member{name: k.Name, kind: kindKeyword, doc: k.Summary, detail: "document"}, k.Name+": ", c.tail(keyTail))
	}
}

func (c *completer) keys(p place) {
	if p.in == p.root && (p.kind == nil || len(p.root.entries) == 1) {
		c.kindNames()
		return
	}
	c.keysOf(p.m, p.in, p.e)
}

// keysOf a map that are not there yet; self is the one being typed.
func (c *completer) keysOf(m *schema.Map, in *node, self *entry) {
	if m == nil {
		return
	}
	var present []string
	if in != nil {
		for _, e := range in.entries {
			if e != self {
				present = append(present, e.key)
			}
		}
	}
	from := c.tail(keyTail)
	colon := strings.HasPrefix(strings.TrimLeft(keyHead.ReplaceAllString(c.d.text.s[c.off:], ""), " "), ":")
	for _, k := range m.Offered(present) {
		if slices.Contains(present, k.Name) {
			continue
		}
		insert := k.Name + ":"
		if k.Type != "map" && k.Type != "maps" && k.Type != "steps" && k.Type != "triggers" && (k.Type != "list" || k.Below == nil) {
			insert += " "
		}
		if colon {
			insert = k.Name
		}
		it := member{name: k.Name, kind: kindProperty, detail: strings.ReplaceAll(k.Type, "|", " | "), doc: keyBody(k)}
		if v := m.Variant([]string{k.Name}); v != nil && m.Variant(present) == nil {
			it.kind, it.doc = kindFunction, v.Summary
		}
		c.add(it, insert, from)
	}
	if m.Any != nil {
		c.freeKeys(m, from, colon)
	}
}

var keyHead = regexp.MustCompile(`^[A-Za-z0-9_.*-]*`)

// freeKeys are the fields that an author's own key may name.
func (c *completer) freeKeys(m *schema.Map, from int, colon bool) {
	x := &scope{a: c.d.analysis}
	var fields []member
	prefix := ""
	group, _, _ := strings.Cut(m.Any.Path, ".")
	if m.Any.Path == "set.*" && c.inPlaybook {
		prefix = "account."
	}
	switch group {
	case "set", "account":
		fields = x.fields("account")
	case "contact":
		fields = x.fields("contact")
	case "derive":
		fields = x.fields("account")
		prefix = "account."
	}
	for _, f := range fields {
		f.name = prefix + f.name
		insert := f.name + ": "
		if colon {
			insert = f.name
		}
		c.add(f, insert, from)
	}
}

// value offers what may stand at a key.
func (c *completer) value(p place) {
	start, _ := p.value.inner(p.tree.src)
	if p.key.Below != nil && c.startsMap(p) {
		c.keysOf(p.key.Below, nil, nil)
	}
	if text, ok := c.d.liquidAt(p); ok {
		text.to -= len(marker)
		text.src = c.d.text.s
		text.to = min(text.to, len(text.src))
		c.liquid(text)
		return
	}
	if p.key.Type == "cel" {
		c.expression(p)
		return
	}
	for _, word := range p.key.Words() {
		c.add(member{name: word, kind: kindEnumMember, doc: p.key.Means[word]}, word, start)
	}
	for _, word := range sortedKeys(p.key.Means) { // of those that are no enum, but always there
		c.add(member{name: word, kind: kindEnumMember, doc: p.key.Means[word]}, word, start)
	}
	switch p.key.Type {
	case "bool":
		c.add(member{name: "true", kind: kindValue}, "true", start)
		c.add(member{name: "false", kind: kindValue}, "false", start)
	case "duration":
		for _, span := range []string{"1h", "72h", "1d", "7d", "2bd", "4bd", "2w", "6mo", "1y"} {
			c.add(c.span(span), span, start)
		}
	}
	c.named(p, start)
	if p.key.Name == "to" && p.key.Type == "list" {
		c.recipients(start)
	}
}

// startsMap reports whether the value could be the first key of a map: it stands
// in a line of its own.
func (c *completer) startsMap(p place) bool {
	line := p.tree.src[strings.LastIndexByte(p.tree.src[:p.value.start], '\n')+1 : p.value.start]
	return strings.Trim(line, " \t-") == "" && p.value.style == 0
}

func (c *completer) span(s string) member {
	m := member{name: s, kind: kindValue}
	m.detail = spanWords(s)
	return m
}

// named offers what a reference may name.
func (c *completer) named(p place, start int) {
	a := c.d.analysis
	switch p.key.Names {
	case "":
	case "step":
		in := p.inStep()
		for _, s := range stepsOf(p.tree, p.root, p.kind) {
			if in != nil && s.node.start >= in.start || s.id == "" || p.key.Name == "thread" && s.verb != "email" {
				continue
			}
			c.add(member{name: s.id, kind: kindReference, detail: "step: " + s.verb}, s.id, start)
		}
		if p.kind.Name != "playbook" {
			for _, id := range a.stepIDs(p.tree.word(p.root.get("playbook"))) {
				c.add(member{name: id, kind: kindReference, detail: "step"}, id, start)
			}
		}
	case "event":
		for _, name := range a.project.Rules.Events() {
			fields, _ := a.project.Rules.EventFields(name)
			c.add(member{name: name, kind: kindEvent, doc: join(a.defs["event:"+name].summary, fieldList(fields))}, name, start)
		}
	case "field", "person":
		if p.key.Names == "person" {
			for _, key := range a.keysOf("person:") {
				c.add(member{name: key, kind: kindReference, detail: "one of the team"}, key, start)
			}
			c.add(member{name: "owner", kind: kindReference, doc: "The owner of the account."}, "owner", start)
			c.add(member{name: "owner.manager", kind: kindReference, doc: "The manager of the owner."}, "owner.manager", start)
		}
		fields := (&scope{a: a}).fields("account")
		for _, f := range fields {
			f.name = "account." + f.name
			c.add(f, f.name, start)
		}
	default:
		for _, name := range a.keysOf(p.key.Names + ":") {
			c.add(member{name: name, kind: kindFile, doc: a.defs[p.key.Names+":"+name].summary, detail: p.key.Names}, name, start)
		}
	}
}

// keysOf are the names of what is defined as prefix, sorted; fields are left out.
func (a *analysis) keysOf(prefix string) []string {
	var out []string
	for _, key := range sortedKeys(a.defs) {
		if name, ok := strings.CutPrefix(key, prefix); ok {
			out = append(out, name)
		}
	}
	return out
}

func (a *analysis) stepIDs(playbook string) []string {
	if b := a.books[playbook]; b != nil {
		return b.ids
	}
	return nil
}

// recipients of a message: the contact, or those of a role.
func (c *completer) recipients(start int) {
	c.add(member{name: "contact", kind: kindReference, doc: "Whom the trigger is about."}, "contact", start)
	for _, f := range c.d.analysis.project.Rules.ContactFields() {
		if f.Name != "role" {
			continue
		}
		for _, role := range f.Enum {
			c.add(member{name: "contacts." + role, kind: kindReference, doc: "Those whose role is " + role + "."}, "contacts."+role, start)
		}
	}
}

// tail is where the word before the cursor begins.
func (c *completer) tail(word *regexp.Regexp) int {
	at := word.FindStringIndex(c.d.text.s[:c.off])
	return at[0]
}

// add offers m, to replace what stands from there to the cursor.
func (c *completer) add(m member, insert string, from int) {
	if m.name == marker || slices.ContainsFunc(c.items, func(i completion) bool { return i.Label == m.name && i.Kind == m.kind }) {
		return
	}
	it := completion{Label: m.name, Kind: m.kind, Detail: m.detail, TextEdit: &textEdit{c.d.text.rng(min(from, c.off), c.off), insert}}
	if m.doc != "" {
		doc := markdown(m.doc)
		it.Documentation = &doc
	}
	c.items = append(c.items, it)
}
