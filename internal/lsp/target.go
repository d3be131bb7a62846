package lsp

import (
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/schema"
	"holdfast/rules"
	"holdfast/steps"
)

// target is what a place means: what hover says and where a definition is.
type target struct {
	start, end  int // what is pointed at, in bytes of the document
	title, body string
	def         string // key of its definition
	local       *node  // its definition in the same document
}

// targetAt is what stands at off; ok is false when nothing is known of it.
func (d *document) targetAt(off int) (target, bool) {
	d.analysis.index()
	if d.template() != "" {
		text, _ := d.liquidAt(place{})
		return d.inLiquid(text, off)
	}
	p := d.placeAt(off)
	if p.onKey {
		return d.onKey(p)
	}
	if p.value == nil || p.key == nil || p.value.kind != scalarNode {
		return target{}, false
	}
	if text, ok := d.liquidAt(p); ok {
		return d.inLiquid(text, off)
	}
	if p.key.Type == "cel" {
		return d.inExpression(p, off)
	}
	return d.onValue(p)
}

func (d *document) onKey(p place) (target, bool) {
	t := target{start: p.e.start, end: p.e.end}
	if p.key == nil {
		return t, false
	}
	t.title, t.body = keyTitle(p.key), keyBody(p.key)
	m := p.levels[len(p.levels)-1].m
	switch v := m.Variant([]string{p.e.key}); {
	case v != nil && len(m.Variants) > 0:
		t.body = v.Summary + "\n\n" + t.body
		if v.Example != "" {
			t.body += "\n\n```yaml\n" + strings.TrimSpace(v.Example) + "\n```"
		}
	case p.kind != nil && p.in == p.root && p.e == p.root.entries[0]:
		t.title, t.body = "**"+p.kind.Name+"**", p.kind.Summary+"\n\n"+t.body
	case p.key.Name == "*":
		if f, ok := d.freeKey(p); ok {
			t.title, t.body, t.def = memberTitle(f, f.name), f.doc, f.def
		}
	}
	return t, true
}

// freeKey is the field that a key names which its author chose.
func (d *document) freeKey(p place) (member, bool) {
	x := &scope{a: d.analysis}
	name := p.e.key
	var fields []member
	switch group, _, _ := strings.Cut(p.key.Path, "."); group {
	case "set":
		if object := p.tree.word(p.root.get("upsert")); object != "" {
			fields = x.objectFields(object + "s")
			break
		}
		fields = x.fields("account")
	case "account", "derive":
		name = strings.TrimPrefix(name, "account.")
		fields = x.fields("account")
	case "contact":
		fields = x.fields("contact")
	}
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return member{}, false
}

// onValue is a word that names something, chooses, or says how long.
func (d *document) onValue(p place) (target, bool) {
	start, end := p.value.inner(p.tree.src)
	word := p.tree.word(p.value)
	t := target{start: start, end: end, title: "**" + word + "**"}
	if p.key.Type == "duration" {
		if s, err := calendar.ParseSpan(strings.TrimPrefix(word, "-")); err == nil {
			t.title, t.body = "`"+word+"`: "+steps.InWords(s), spanBody(s)
			return t, true
		}
	}
	if m := p.key.Means[word]; m != "" {
		t.body = m
		return t, true
	}
	if isStep(p.levels[len(p.levels)-1].m) && p.key.Name == "id" {
		return d.onStep(t, p, word)
	}
	switch p.key.Names {
	case "step":
		return d.onStep(t, p, word)
	case "":
		return t, false
	case "field", "person":
		if f, _, ok := (&scope{a: d.analysis}).resolve(strings.Split(word, ".")); ok && f.def != "" {
			t.title, t.body, t.def = memberTitle(f, word), f.doc, f.def
			return t, true
		}
	}
	key := p.key.Names + ":" + word
	def, ok := d.analysis.defs[key]
	t.def, t.body = key, def.summary
	t.title = p.key.Names + " " + t.title
	switch p.key.Names {
	case "event":
		fields, known := d.analysis.project.Rules.EventFields(word)
		ok = ok || known
		t.body = join(t.body, fieldList(fields))
	case "template":
		if ok && def.summary != "" {
			t.body = "Subject: " + def.summary
		}
	}
	return t, ok
}

func fieldList(fields []rules.Field) string {
	var lines []string
	for _, f := range fields {
		l := "- `" + f.Name + "` " + string(f.Type)
		if f.Summary != "" {
			l += ": " + f.Summary
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n\n")
}

// onStep is a step of the same playbook, or of the one that a test names.
func (d *document) onStep(t target, p place, id string) (target, bool) {
	tr, root := p.tree, p.root
	if p.kind != nil && p.kind.Name != "playbook" {
		def, ok := d.analysis.defs["playbook:"+p.tree.word(p.root.get("playbook"))]
		if !ok {
			return t, false
		}
		tr, root, t.def = def.tree, def.root, stepKey(p.tree.word(p.root.get("playbook")), id)
	}
	for _, s := range stepsOf(tr, root, schema.KindNamed(d.kinds, "playbook")) {
		if s.id != id {
			continue
		}
		says := tr.word(s.node.get(s.verb))
		t.title = "step **" + id + "**: " + strings.TrimSpace(s.verb+" "+says)
		if v := d.analysis.stepMap().Variant([]string{s.verb}); v != nil {
			t.body = v.Summary
		}
		if t.def == "" {
			t.local = s.idNode
		}
		return t, true
	}
	return t, false
}

func (d *document) inExpression(p place, off int) (target, bool) {
	x := expressionAt(p.tree, p.value)
	i := x.at(off)
	if i < 0 || x.tokens[i].kind != 'i' {
		return target{}, false
	}
	tok := x.tokens[i]
	path, whole := chain(x.tokens, i)
	t := target{start: tok.start, end: tok.end}
	if i+1 < len(x.tokens) && x.tokens[i+1].kind == '(' {
		f, ok := functionNamed(tok.text, !whole || len(path) > 1)
		t.title, t.body = "`"+f.signature+"`", f.summary
		if f.example != "" {
			t.body += "\n\n" + "`" + f.example + "`"
		}
		return t, ok
	}
	if !whole {
		return t, false
	}
	for j := i; j+2 < len(x.tokens) && x.tokens[j+1].kind == '.' && x.tokens[j+2].kind == 'i'; j += 2 { // the field goes on
		if j+3 < len(x.tokens) && x.tokens[j+3].kind == '(' {
			break
		}
		path = append(path, x.tokens[j+2])
	}
	sc := d.analysis.scopeAt(p)
	if b, ok := x.binding(path[0].text, i); ok {
		for _, f := range sc.objectFields(first(b.over)) {
			if len(path) > 1 && f.name == path[1].text {
				t.start, t.end = path[0].start, path[1].end
				t.title, t.body, t.def = memberTitle(f, path[0].text+"."+f.name), f.doc, f.def
				return t, true
			}
		}
		return t, false
	}
	m, used, ok := sc.resolve(words(path))
	return d.onMember(t, m, path, used, ok, sc)
}

func first(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[0]
}

// onMember is one part of a path of which the first used mean m.
func (d *document) onMember(t target, m member, path []token, used int, ok bool, sc *scope) (target, bool) {
	if !ok {
		return t, false
	}
	if t.start > path[used-1].start { // behind what the name takes
		return t, false
	}
	for _, s := range sc.steps {
		if s.id == path[0].text {
			if t.start == path[0].start || used > 1 {
				t.local = s.idNode
			}
			if sc.tree != nil && sc.tree.src != d.text.s {
				t.local = nil
			}
		}
	}
	t.start, t.end = path[0].start, path[used-1].end
	t.title, t.body, t.def = memberTitle(m, strings.Join(words(path[:used]), ".")), m.doc, m.def
	return t, true
}

func memberTitle(m member, path string) string {
	if m.detail == "" {
		return "**" + path + "**"
	}
	return "**" + path + "** " + m.detail
}

// inLiquid is a variable or a filter of a text.
func (d *document) inLiquid(text liquidText, off int) (target, bool) {
	for _, o := range outlets(text.src, text.from, text.to) {
		if off < o.start || off > o.end {
			continue
		}
		for _, at := range liquidPath.FindAllStringIndex(text.src[o.start:o.end], -1) {
			start, end := o.start+at[0], o.start+at[1]
			if off < start || off > end || quotedIn(text.src[o.start:start]) {
				continue
			}
			t := target{start: start, end: end}
			if before := strings.TrimRight(text.src[o.start:start], " "); strings.HasSuffix(before, "|") {
				f, ok := filterNamed(text.src[start:end])
				t.title, t.body = "filter **"+text.src[start:end]+"**", f
				return t, ok
			}
			return d.onVariable(t, text)
		}
	}
	return target{}, false
}

// quotedIn reports whether what follows s is inside a text of Liquid.
func quotedIn(s string) bool {
	return strings.Count(s, `"`)%2 == 1 || strings.Count(s, `'`)%2 == 1
}

func (d *document) onVariable(t target, text liquidText) (target, bool) {
	x := d.liquidScope(text)
	path := strings.Split(text.src[t.start:t.end], ".")
	m, used, ok := x.liquidResolve(path)
	if !ok {
		return t, false
	}
	whole := strings.Join(path[:used], ".")
	t.end = t.start + len(whole)
	t.title, t.body, t.def = memberTitle(m, whole), m.doc, m.def
	if path[0] == "steps" && len(path) > 1 && len(text.books) > 0 {
		for _, s := range x.steps {
			if s.id == path[1] {
				t.def = stepKey(s.playbook, s.id)
				if x.tree.src == d.text.s {
					t.local = s.idNode
				}
			}
		}
	}
	return t, true
}
