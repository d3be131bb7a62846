package lsp

import "strings"

// block reads what stands at the current line, which is indented by indent.
func (p *treeParser) block(indent int) *node {
	l := p.lines[p.at]
	if p.depth++; p.depth > maxNesting {
		p.depth--
		p.at++
		return &node{kind: scalarNode, start: l.start, end: l.end}
	}
	defer func() { p.depth-- }()
	switch {
	case dashed(p.src[l.start:l.end]):
		return p.list(indent)
	case p.keyed(l):
		return p.mapping(indent)
	}
	return p.value(l.start, indent-1)
}

func dashed(s string) bool { return s == "-" || strings.HasPrefix(s, "- ") }

// keyed reports whether a line begins with a key.
func (p *treeParser) keyed(l line) bool {
	_, _, ok := keyAt(p.src, l.start, l.end)
	return ok
}

// keyAt finds a key and its colon between from and to.
func keyAt(src string, from, to int) (end, colon int, ok bool) {
	if from >= to {
		return 0, 0, false
	}
	i := from
	switch c := src[from]; c {
	case '"', '\'':
		i = closing(src, from, to)
		for end = i; i < to && src[i] == ' '; i++ {
		}
		return end, i, i < to && src[i] == ':' && (i+1 == to || src[i+1] == ' ' || src[i+1] == '\t')
	case '{', '[', '|', '>', '#', '&', '!', '*':
		return 0, 0, false
	}
	for ; i < to; i++ {
		if src[i] == '#' && i > from && src[i-1] == ' ' {
			return 0, 0, false
		}
		if src[i] == ':' && (i+1 == to || src[i+1] == ' ' || src[i+1] == '\t') {
			return i, i, i > from
		}
	}
	return 0, 0, false
}

// closing is after the quote that closes the one at from, or to.
func closing(src string, from, to int) int {
	q := src[from]
	for i := from + 1; i < to; i++ {
		switch {
		case src[i] == '\\' && q == '"':
			i++
		case src[i] == q && q == '\'' && i+1 < to && src[i+1] == q:
			i++
		case src[i] == q:
			return i + 1
		}
	}
	return to
}

func (p *treeParser) list(indent int) *node {
	n := &node{kind: listNode, start: p.lines[p.at].start}
	for p.at < p.end {
		l := p.lines[p.at]
		if l.indent != indent || !dashed(p.src[l.start:l.end]) {
			if l.indent > indent { // fits nowhere
				p.at++
				continue
			}
			break
		}
		item := p.item(l, indent)
		item.parent = n
		n.items = append(n.items, item)
		n.end = item.end
	}
	return n
}

// item is what stands behind a dash, and below it.
func (p *treeParser) item(l line, indent int) *node {
	rest := l.start + 1
	for rest < l.end && p.src[rest] == ' ' {
		rest++
	}
	if rest < l.end && p.src[rest] != '#' {
		p.lines[p.at] = line{indent + rest - l.start, rest, l.end, l.raw} // as if the dash were indentation
		return p.block(indent + rest - l.start)
	}
	p.at++
	if p.at < p.end && p.lines[p.at].indent > indent {
		return p.block(p.lines[p.at].indent)
	}
	return &node{start: l.start + 1, end: l.start + 1}
}

func (p *treeParser) mapping(indent int) *node {
	n := &node{kind: mapNode, start: p.lines[p.at].start}
	for p.at < p.end {
		l := p.lines[p.at]
		switch {
		case l.indent < indent, l.indent == indent && dashed(p.src[l.start:l.end]):
			return n
		case l.indent > indent: // fits nowhere
			p.at++
			continue
		}
		e := &entry{in: n}
		end, colon, ok := keyAt(p.src, l.start, l.end)
		if !ok { // being typed
			e.start, e.end = l.start, l.end
			e.key = p.src[l.start:l.end]
			p.at++
		} else {
			e.start, e.end, e.colon = l.start, end, true
			e.key = strings.Trim(p.src[l.start:end], `"'`)
			e.val = p.entryValue(l, colon+1, indent)
			e.val.parent, e.val.of = n, e
		}
		n.entries = append(n.entries, e)
		n.end = e.end
		if e.val != nil {
			n.end = max(n.end, e.val.end)
		}
	}
	return n
}

// entryValue stands behind a colon, or below its line.
func (p *treeParser) entryValue(l line, from, indent int) *node {
	for from < l.end && (p.src[from] == ' ' || p.src[from] == '\t') {
		from++
	}
	if from < l.end && p.src[from] != '#' {
		return p.value(from, indent)
	}
	p.at++
	if p.at < p.end {
		next := p.lines[p.at]
		if next.indent > indent || next.indent == indent && dashed(p.src[next.start:next.end]) {
			return p.block(next.indent)
		}
	}
	return &node{start: from, end: from}
}

// value that begins at from in the current line, below a key or dash indented by
// indent. It leaves the parser at the line behind it.
func (p *treeParser) value(from, indent int) *node {
	l := p.lines[p.at]
	for from < l.end && (p.src[from] == '&' || p.src[from] == '!') { // an anchor or a tag
		for from < l.end && p.src[from] != ' ' {
			from++
		}
		for from < l.end && p.src[from] == ' ' {
			from++
		}
	}
	if from == l.end {
		p.at++
		if p.at < p.end && p.lines[p.at].indent > indent {
			return p.block(p.lines[p.at].indent)
		}
		return &node{start: from, end: from}
	}
	switch c := p.src[from]; c {
	case '|', '>':
		n := &node{kind: scalarNode, style: c, start: l.end, end: l.end}
		for p.at++; p.at < p.end && p.lines[p.at].indent > indent; p.at++ {
			if n.start == l.end {
				n.start = p.lines[p.at].start
			}
			n.end = p.lines[p.at].raw
		}
		return n
	case '{', '[':
		f := &flow{src: p.src, at: from, end: p.limit(indent)}
		n := f.value(0)
		p.past(n.end)
		return n
	case '"', '\'':
		limit := p.limit(indent)
		end := closing(p.src, from, limit)
		if closing(p.src, from, l.end) == l.end && (end == limit && (limit == 0 || p.src[limit-1] != c)) {
			end = l.end // never closed: the line is all of it
		}
		p.past(end)
		return &node{kind: scalarNode, style: c, start: from, end: end}
	}
	n := &node{kind: scalarNode, start: from, end: uncommented(p.src, from, l.end)}
	for p.at++; n.end == l.end && p.at < p.end && p.lines[p.at].indent > indent; p.at++ {
		l = p.lines[p.at]
		n.end = uncommented(p.src, l.start, l.end)
	}
	return n
}

// uncommented is where a plain scalar ends in its line.
func uncommented(src string, from, to int) int {
	for i := from; i < to; i++ {
		if src[i] == '#' && i > from && (src[i-1] == ' ' || src[i-1] == '\t') {
			for to = i; to > from && (src[to-1] == ' ' || src[to-1] == '\t'); to-- {
			}
			return to
		}
	}
	return to
}

// limit is where a value below a key indented by indent must have ended.
func (p *treeParser) limit(indent int) int {
	last := p.lines[p.at].raw
	for i := p.at + 1; i < p.end; i++ {
		if p.lines[i].indent <= indent && !closer(p.src[p.lines[i].start]) {
			break
		}
		last = p.lines[i].raw
	}
	return last
}

func closer(c byte) bool { return c == '}' || c == ']' }

// past goes to the first line that begins behind off.
func (p *treeParser) past(off int) {
	for p.at++; p.at < p.end && p.lines[p.at].start < off; p.at++ {
	}
}
