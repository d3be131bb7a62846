package lsp

import "strings"

// flow reads values in brackets, up to end.
type flow struct {
	src     string
	at, end int
}

func (f *flow) gap() {
	for f.at < f.end {
		switch c := f.src[f.at]; {
		case c == ' ', c == '\t', c == '\n', c == '\r':
			f.at++
		case c == '#' && f.at > 0 && strings.IndexByte(" \t\n", f.src[f.at-1]) >= 0:
			for f.at < f.end && f.src[f.at] != '\n' {
				f.at++
			}
		default:
			return
		}
	}
}

func (f *flow) value(depth int) *node {
	f.gap()
	if f.at >= f.end || depth > maxNesting {
		f.at = f.end
		return &node{start: f.at, end: f.at, flow: true}
	}
	switch c := f.src[f.at]; c {
	case '{':
		return f.mapping(depth)
	case '[':
		return f.list(depth)
	case '"', '\'':
		n := &node{kind: scalarNode, style: c, start: f.at, flow: true}
		n.end = closing(f.src, f.at, f.end)
		f.at = n.end
		return n
	}
	return f.plain()
}

// plain ends at a bracket, a comma or ": ".
func (f *flow) plain() *node {
	n := &node{kind: scalarNode, start: f.at, flow: true}
	for f.at < f.end && strings.IndexByte(",]}[{", f.src[f.at]) < 0 && !f.colon() {
		if f.src[f.at] == '#' && f.at > n.start && f.src[f.at-1] == ' ' {
			break
		}
		f.at++
	}
	for n.end = f.at; n.end > n.start && strings.IndexByte(" \t\r\n", f.src[n.end-1]) >= 0; n.end-- {
	}
	if n.end == n.start {
		n.kind = nullNode
	}
	return n
}

func (f *flow) colon() bool {
	return f.src[f.at] == ':' && (f.at+1 >= f.end || strings.IndexByte(" \t\r\n,]}", f.src[f.at+1]) >= 0)
}

func (f *flow) list(depth int) *node {
	n := &node{kind: listNode, start: f.at, flow: true}
	for f.at++; ; {
		f.gap()
		if f.at >= f.end {
			break
		}
		switch f.src[f.at] {
		case ']', '}':
			f.at++
			n.end = f.at
			return n
		case ',', ':':
			f.at++
			continue
		}
		before := f.at
		item := f.value(depth + 1)
		item.parent = n
		n.items = append(n.items, item)
		if f.at == before {
			f.at++
		}
	}
	n.end = f.at
	return n
}

func (f *flow) mapping(depth int) *node {
	n := &node{kind: mapNode, start: f.at, flow: true}
	for f.at++; ; {
		f.gap()
		if f.at >= f.end {
			break
		}
		switch f.src[f.at] {
		case '}', ']':
			f.at++
			n.end = f.at
			return n
		case ',':
			f.at++
			continue
		}
		f.entry(n, depth)
	}
	n.end = f.at
	return n
}

func (f *flow) entry(n *node, depth int) {
	before := f.at
	var k *node
	if c := f.src[f.at]; c == '"' || c == '\'' {
		k = f.value(depth + 1)
	} else {
		k = f.plain()
	}
	e := &entry{key: strings.Trim(f.src[k.start:k.end], `"'`), start: k.start, end: k.end, in: n}
	f.gap()
	if f.at < f.end && f.src[f.at] == ':' {
		e.colon = true
		f.at++
		for f.at < f.end && (f.src[f.at] == ' ' || f.src[f.at] == '\t') {
			f.at++
		}
		from := f.at
		if f.gap(); f.at < f.end && strings.IndexByte(",}]", f.src[f.at]) >= 0 {
			e.val = &node{start: from, end: from, flow: true}
		} else {
			e.val = f.value(depth + 1)
		}
		e.val.parent, e.val.of = n, e
	}
	n.entries = append(n.entries, e)
	if f.at == before {
		f.at++
	}
}
