package source

import (
	"errors"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"holdfast/internal/diag"
)

// What a file may be. A playbook a person wrote is far below each.
const (
	maxBytes   = 4 << 20
	maxDepth   = 64
	maxAliased = 100_000
)

// Parse reads all documents of src; empty ones are left out. Findings carry
// exact places; what parsed before a mistake is still returned. Refused with one
// finding each: more than 4 MiB, nesting over 64, aliases that expand to over
// 100,000 nodes, duplicate keys. yes, no, on and off are text, whatever YAML 1.1 says.
func Parse(name string, src []byte) ([]*Node, []diag.Diagnostic) {
	var l diag.List
	if len(src) > maxBytes {
		at := diag.Span{File: name, Line: 1, Col: 1}
		l.Errorf(at, "too-large", "split it into several files", "the file has %d bytes; %d is the most", len(src), maxBytes)
		return nil, l.All
	}
	f := newFile(name, strings.TrimPrefix(string(src), "\ufeff"))
	if !f.readable(&l) {
		return nil, l.All
	}
	var docs []*Node
	for dec := yaml.NewDecoder(strings.NewReader(f.src)); ; {
		var y yaml.Node
		err := dec.Decode(&y)
		if errors.Is(err, io.EOF) {
			return docs, l.All
		}
		if err != nil {
			l.Add(f.syntax())
			return docs, l.All
		}
		b := builder{file: f, diags: &l, built: map[*yaml.Node]*built{}}
		if doc := b.node(y.Content[0], 1).node; doc.kind != Null {
			docs = append(docs, doc)
		}
	}
}

// builder turns one YAML document into nodes. Aliases share the nodes of their anchor.
type builder struct {
	file    *file
	diags   *diag.List
	built   map[*yaml.Node]*built // by anchored node; nil while it is being built
	refused bool                  // one finding for a document's size is enough
}

// built is a node with its size when aliases are written out, and its height.
type built struct {
	node         *Node
	size, height int
}

func (b *builder) node(y *yaml.Node, depth int) *built {
	if y.Kind == yaml.AliasNode {
		return b.alias(y, depth)
	}
	n := &Node{file: b.file, line: y.Line, col: y.Column}
	if y.Anchor != "" {
		b.built[y] = nil
	}
	b.begin(n, y)
	out := &built{node: n, size: 1, height: 1}
	if depth > maxDepth {
		b.refuse(n, "flatten it", "nested more than %d deep", maxDepth)
		return out
	}
	switch y.Kind {
	case yaml.ScalarNode:
		b.scalar(n, y)
	case yaml.SequenceNode:
		n.kind, n.flow = List, y.Style&yaml.FlowStyle != 0
		for _, c := range y.Content {
			n.items = append(n.items, out.add(b.node(c, depth+1)))
		}
	case yaml.MappingNode:
		n.kind, n.flow = Map, y.Style&yaml.FlowStyle != 0
		b.pairs(n, y, out, depth)
	case yaml.DocumentNode, yaml.AliasNode:
	}
	if y.Anchor != "" {
		b.built[y] = out
	}
	return out
}

func (o *built) add(c *built) *Node {
	o.size += c.size
	o.height = max(o.height, c.height+1)
	return c.node
}

func (b *builder) alias(y *yaml.Node, depth int) *built {
	n := &Node{file: b.file, line: y.Line, col: y.Column}
	empty := &built{node: n, size: 1, height: 1}
	to, here := b.built[y.Alias]
	switch {
	case !here: // the library looks in earlier documents too
		b.diags.Errorf(n.Span(), "syntax", "write the value out", "no value of this document is named &%s", y.Value)
		return empty
	case to == nil:
		b.diags.Errorf(n.Span(), "syntax", "write the value out", "*%s stands inside what it repeats", y.Value)
		return empty
	case to.size > maxAliased:
		b.refuse(n, "write the values out", "aliases expand to more than %d values", maxAliased)
		return empty
	case depth+to.height > maxDepth:
		b.refuse(n, "write the values out", "nested more than %d deep", maxDepth)
		return empty
	}
	return to
}

func (b *builder) refuse(at *Node, hint, format string, args ...any) {
	if !b.refused {
		b.diags.Errorf(at.Span(), "too-large", hint, format, args...)
	}
	b.refused = true
}

func (b *builder) scalar(n *Node, y *yaml.Node) {
	n.kind, n.text = Scalar, y.Value
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		n.style = double
	case y.Style&yaml.SingleQuotedStyle != 0:
		n.style = single
	case y.Style&yaml.LiteralStyle != 0:
		n.style = literal
	case y.Style&yaml.FoldedStyle != 0:
		n.style = folded
	case y.Style&yaml.TaggedStyle == 0 && (y.Value == "" || y.ShortTag() == "!!null"):
		n.kind, n.text = Null, ""
	}
}

// begin moves n from its anchor and tag to its value.
func (b *builder) begin(n *Node, y *yaml.Node) {
	if n.line > len(b.file.starts) { // YAML places nothing at all after the end
		n.line, n.col = b.file.place(len(b.file.src))
	}
	w := &walker{src: b.file.src, off: b.file.offset(n.line, n.col), line: n.line, col: n.col}
	for r := w.peek(); r == '&' || r == '!'; r = w.peek() {
		at, from := *w, w.off
		w.skip()
		for in := w.peek(); in != eof && !isBlank(in) && !isBreak(in) && (r == '!' || isName(in)); in = w.peek() {
			w.skip()
		}
		if tag := b.file.src[from:w.off]; r == '!' && tag != "!" && tag != "!!str" {
			span := diag.Span{File: b.file.name, Line: at.line, Col: at.col, End: w.col}
			b.diags.Errorf(span, "syntax", "remove it", "the tag %s means nothing here", tag)
		}
		w.gap()
	}
	if y.Kind != yaml.ScalarNode || y.Value != "" || strings.ContainsRune(`"'|>`, w.peek()) {
		n.line, n.col = w.line, w.col
	}
}

// gap passes white space, line ends and comments.
func (w *walker) gap() {
	for r := w.peek(); r == '#' || isBlank(r) || isBreak(r); r = w.peek() {
		if r != '#' {
			w.skip()
			continue
		}
		for r := w.peek(); r != eof && !isBreak(r); r = w.peek() {
			w.skip()
		}
	}
}

// isName reports whether r may stand in the name of an anchor.
func isName(r rune) bool {
	return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
