package lsp

import (
	"regexp"
	"strings"

	"holdfast/internal/calendar"
	"holdfast/internal/mail"
	"holdfast/rules"
	"holdfast/steps"
)

func spanWords(text string) string {
	s, err := calendar.ParseSpan(text)
	if err != nil {
		return ""
	}
	return steps.InWords(s)
}

var wordTail = regexp.MustCompile(`[A-Za-z0-9_]*$`)

// expression offers what may stand in CEL: p was found with the marker in place.
func (c *completer) expression(p place) {
	start, _ := p.value.inner(p.tree.src)
	ts := tokens(p.tree.src, start, c.off, p.value.style == '"')
	whole := expressionAt(p.tree, p.value)
	sc := c.d.analysis.scopeAt(p)
	n := len(ts)
	if n > 0 && ts[n-1].kind == 's' && ts[n-1].open {
		c.texts(sc, whole, ts)
		return
	}
	from := c.tail(wordTail)
	if n > 0 && ts[n-1].kind == 'i' && ts[n-1].end == c.off {
		n--
	}
	if n > 0 && ts[n-1].kind == '.' {
		c.behindDot(sc, whole, ts[:n-1], p, from)
		return
	}
	for _, b := range whole.bounds() {
		if b.from < n && n <= b.to && b.from != n {
			c.add(member{name: b.name, kind: kindVariable, detail: "an item of " + strings.Join(b.over, ".")}, b.name, from)
		}
	}
	for _, m := range sc.roots() {
		c.add(m, m.name, from)
	}
	for _, f := range functions() {
		if f.on == nil {
			c.add(member{name: f.name, kind: kindFunction, detail: f.signature, doc: join(f.summary, example2(f))}, f.name, from)
		}
	}
}

func example2(f function) string {
	if f.example == "" {
		return ""
	}
	return "`" + f.example + "`"
}

// behindDot offers fields, and the functions that the value before the dot has.
func (c *completer) behindDot(sc *scope, whole expression, before []token, p place, from int) {
	if len(before) == 0 {
		return
	}
	last := len(before) - 1
	begin := last // of the value before the dot
	if before[last].kind == 'i' {
		path, ok := chain(before, last)
		if b, bound := whole.binding(path[0].text, last); ok && bound {
			for _, f := range sc.objectFields(first(b.over)) {
				c.add(f, f.name, from)
			}
			return
		}
		if ok {
			for _, m := range sc.next(words(path)) {
				c.add(m, m.name, from)
			}
		}
		begin = last - 2*(len(path)-1)
	}
	x := expression{src: p.tree.src, tokens: before}
	root := x.root(last)
	if before[last].kind != 'i' && root != nil {
		for begin = last; begin > 0 && before[begin].text != root[0]; begin-- {
		}
	}
	src := p.tree.src[before[begin].start:before[last].end]
	if p.value.style == '"' {
		src = strings.ReplaceAll(src, `\"`, `"`)
	}
	t := sc.typeOf(src)
	list := t == rules.Any && len(root) > 0 && len(sc.objectFields(root[0])) > 0
	for _, f := range functions() {
		if f.takes(t, list) {
			c.add(member{name: f.name, kind: kindMethod, detail: f.signature, doc: join(f.summary, example2(f))}, f.name, from)
		}
	}
}

// texts offers the words that what is compared with can be.
func (c *completer) texts(sc *scope, whole expression, ts []token) {
	text := ts[len(ts)-1]
	from := c.off - len(text.text)
	i := len(ts) - 2
	for i >= 0 && (ts[i].kind == 's' || ts[i].kind == ',' || ts[i].kind == '[') { // in ["a", "
		i--
	}
	if i < 1 || ts[i].text != "==" && ts[i].text != "!=" && ts[i].text != "in" || ts[i-1].kind != 'i' {
		return
	}
	path, ok := chain(ts, i-1)
	if !ok {
		return
	}
	var enum []string
	if b, bound := whole.binding(path[0].text, i-1); bound && len(path) == 2 {
		for _, f := range sc.objectFields(first(b.over)) {
			if f.name == path[1].text {
				enum = f.enum
			}
		}
	} else if m, used, ok := sc.resolve(words(path)); ok && used == len(path) {
		enum = m.enum
	}
	for _, word := range enum {
		c.add(member{name: word, kind: kindEnumMember}, word, from)
	}
}

// liquid offers variables, filters and tags in {{ }} and {% %}.
func (c *completer) liquid(text liquidText) {
	for _, o := range outlets(text.src, text.from, text.to) {
		if c.off < o.start || c.off > o.end {
			continue
		}
		before := text.src[o.start:c.off]
		if quotedIn(before) {
			return
		}
		from := c.tail(wordTail)
		lead := strings.TrimRight(text.src[o.start:max(from, o.start)], " -")
		x := c.d.liquidScope(text)
		switch {
		case strings.HasSuffix(lead, "|"):
			docs := mail.FilterDocs()
			for _, name := range mail.Filters() {
				c.add(member{name: name, kind: kindFunction, doc: docs[name]}, name, from)
			}
		case strings.HasSuffix(lead, "."):
			path := liquidTail.FindString(strings.TrimSuffix(lead, "."))
			for _, m := range x.liquidNext(strings.Split(path, ".")) {
				c.add(m, m.name, from)
			}
		case o.tag && lead == "":
			for _, tag := range mail.Tags() {
				c.add(member{name: tag, kind: kindKeyword}, tag, from)
			}
		default:
			for _, m := range x.liquidRoots() {
				c.add(m, m.name, from)
			}
		}
		return
	}
}

var liquidTail = regexp.MustCompile(`[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$`)

// filterNamed is what a filter does.
func filterNamed(name string) (string, bool) {
	doc, ok := mail.FilterDocs()[name]
	return doc, ok
}
