package lsp

import "strings"

// tree is a YAML file read as a person reads it while it is being typed: by
// indentation and brackets, without ever failing. Where the file is right it is
// what internal/source reads; where it is not, what was probably meant.
type tree struct {
	src  string
	docs []*node // their roots; an empty document has a null root
}

type nodeKind int

const (
	nullNode nodeKind = iota
	scalarNode
	listNode
	mapNode
)

// node is a value. Offsets are bytes of the file, start inclusive, end exclusive.
type node struct {
	kind       nodeKind
	start, end int
	style      byte // of a scalar: 0 plain, ' or ", | or >
	entries    []*entry
	items      []*node
	parent     *node  // the map or list that holds it
	of         *entry // the entry whose value it is, when a map holds it
	flow       bool
}

// entry of a map. One that is still being typed has no colon.
type entry struct {
	key        string
	start, end int // of the key
	colon      bool
	val        *node
	in         *node
}

// get is the value under key, or nil.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.key == key && e.colon {
			return e.val
		}
	}
	return nil
}

// keys of a map.
func (n *node) keys() []string {
	var out []string
	for _, e := range n.entries {
		out = append(out, e.key)
	}
	return out
}

// raw is what is written at n.
func (t *tree) raw(n *node) string {
	if n == nil {
		return ""
	}
	return t.src[n.start:n.end]
}

// word is the text of a scalar on one line, out of its quotes.
func (t *tree) word(n *node) string {
	if n == nil || n.kind != scalarNode {
		return ""
	}
	s := t.raw(n)
	switch n.style {
	case '\'':
		return strings.ReplaceAll(strings.Trim(s, "'"), "''", "'")
	case '"':
		return strings.ReplaceAll(strings.Trim(s, `"`), `\"`, `"`)
	}
	return strings.TrimSpace(s)
}

// inner is where the text of a scalar stands, without its quotes.
func (n *node) inner(src string) (start, end int) {
	start, end = n.start, n.end
	if n.style != '\'' && n.style != '"' {
		return start, end
	}
	start++
	if end > start && src[end-1] == n.style {
		end--
	}
	return start, end
}

// line of a file that says something.
type line struct {
	indent     int // columns before start
	start, end int // of what it says, comment and blanks around left out
	raw        int // where the line itself ends
}

type treeParser struct {
	src   string
	lines []line
	at    int // the line to read next
	end   int // no line at or after it
	depth int
}

// maxNesting is as deep as a tree is followed.
const maxNesting = 100

func parseTree(src string) *tree {
	t := &tree{src: src}
	p := &treeParser{src: src, lines: outline(src)}
	for from := 0; from <= len(p.lines); {
		to := from
		for to < len(p.lines) && !isMarker(src, p.lines[to]) {
			to++
		}
		p.at, p.end = from, to
		var root *node
		for p.at < p.end {
			if n := p.block(p.lines[p.at].indent); root == nil || root.kind == scalarNode && n.kind == mapNode {
				root = n
			} else if root.kind == mapNode && n.kind == mapNode { // goes on after a line that fits nowhere
				for _, e := range n.entries {
					e.in = root
					root.entries = append(root.entries, e)
					if e.val != nil {
						e.val.parent = root
					}
				}
				root.end = n.end
			}
		}
		if root == nil {
			root = &node{}
			if from < len(p.lines) {
				root.start = p.lines[from].start
			} else {
				root.start = len(src)
			}
			root.end = root.start
		}
		t.docs = append(t.docs, root)
		from = to + 1
	}
	return t
}

// isMarker reports whether a line divides documents.
func isMarker(src string, l line) bool {
	return l.indent == 0 && (src[l.start:l.end] == "---" || strings.HasPrefix(src[l.start:l.end], "--- ") || src[l.start:l.end] == "...")
}

// outline finds the lines that say something.
func outline(src string) []line {
	var out []line
	for i := 0; i < len(src); {
		eol := i
		for eol < len(src) && src[eol] != '\n' && src[eol] != '\r' {
			eol++
		}
		start := i
		if i == 0 && strings.HasPrefix(src, bom) {
			start = len(bom)
		}
		first := start
		for start < eol && (src[start] == ' ' || src[start] == '\t') {
			start++
		}
		if start < eol && src[start] != '#' {
			end := eol
			for end > start && (src[end-1] == ' ' || src[end-1] == '\t') {
				end--
			}
			out = append(out, line{start - first, start, end, eol})
		}
		i = eol + 1
	}
	return out
}
