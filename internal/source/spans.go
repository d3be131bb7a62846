package source

import (
	"slices"
	"strings"
	"unicode/utf8"

	"holdfast/internal/diag"
)

// style of a scalar.
type style int

const (
	plain style = iota
	single
	double
	literal
	folded
)

// Spans maps each rune of Text to its place in the file, through every YAML
// style, plus one last for the end. An escape is as wide as it was written; a
// line break that YAML folded to a space is the place after the line's end.
func (n *Node) Spans() []diag.Span {
	if n == nil {
		return nil
	}
	want := []rune(n.text)
	s := n.walk(want)
	if len(s.out) < len(want) || !slices.Equal(s.runes(len(want)), want) {
		return n.flat(len(want)) // better a whole value than a wrong rune
	}
	spans := make([]diag.Span, 0, len(want)+1)
	for _, g := range s.out[:len(want)] {
		spans = append(spans, diag.Span{File: n.file.name, Line: g.line, Col: g.col, End: g.end})
	}
	last := diag.Span{File: n.file.name, Line: s.line, Col: s.col, End: s.col + 1}
	return append(spans, last)
}

// flat places every rune at the start of n.
func (n *Node) flat(runes int) []diag.Span {
	at := diag.Span{File: n.file.name, Line: n.line, Col: n.col, End: n.col + 1}
	return slices.Repeat([]diag.Span{at}, runes+1)
}

func (n *Node) walk(want []rune) *walker {
	w := &walker{src: n.file.src, off: n.file.offset(n.line, n.col), line: n.line, col: n.col, want: len(want)}
	switch n.style {
	case single, double:
		w.skip()
		w.flow(n.style)
	case literal, folded:
		w.block(n.style == literal, n.blockIndent())
	case plain:
		w.flow(plain)
	}
	return w
}

// glyph is one rune of a value and the columns it was written in.
type glyph struct {
	r              rune
	line, col, end int
}

// walker reads a scalar as a YAML scanner does, keeping places.
type walker struct {
	src            string
	off, line, col int
	want           int // runes of the whole value
	out            []glyph
}

const eof = -1

func (w *walker) peek() rune {
	if w.off >= len(w.src) {
		return eof
	}
	r, _ := utf8.DecodeRuneInString(w.src[w.off:])
	return r
}

// skip passes one rune or one line end.
func (w *walker) skip() {
	r, size := utf8.DecodeRuneInString(w.src[w.off:])
	w.off += size
	w.col++
	if !isBreak(r) {
		return
	}
	if r == '\r' && strings.HasPrefix(w.src[w.off:], "\n") {
		w.off++
	}
	w.line, w.col = w.line+1, 1
}

// take passes one rune, as what YAML reads it to be.
func (w *walker) take() glyph {
	g := glyph{w.peek(), w.line, w.col, w.col + 1}
	if isBreak(g.r) {
		g.end = g.col // no character of its own
	}
	if g.r == '\r' || g.r == '\u0085' {
		g.r = '\n'
	}
	w.skip()
	return g
}

func (w *walker) runes(n int) []rune {
	rs := make([]rune, 0, n)
	for _, g := range w.out[:n] {
		rs = append(rs, g.r)
	}
	return rs
}

func (w *walker) full() bool { return len(w.out) >= w.want }

// flow reads plain and quoted scalars: they fold their line breaks.
func (w *walker) flow(st style) {
	for {
		joined := w.word(st) // an escaped line end joins without a space
		if w.ended(st) {
			return
		}
		var blanks, breaks []glyph
		broken := joined
		var first []glyph
		for r := w.peek(); isBlank(r) || isBreak(r); r = w.peek() {
			g := w.take()
			switch {
			case !isBreak(r) && !broken:
				blanks = append(blanks, g)
			case !isBreak(r): // indentation
			case !broken:
				broken, first = true, []glyph{g}
			default:
				breaks = append(breaks, g)
			}
		}
		w.join(broken, blanks, first, breaks)
	}
}

func (w *walker) join(broken bool, blanks, first, breaks []glyph) {
	switch {
	case !broken:
		w.out = append(w.out, blanks...)
	case len(first) == 0 || first[0].r != '\n':
		w.out = append(append(w.out, first...), breaks...)
	case len(breaks) == 0:
		first[0].r = ' '
		w.out = append(w.out, first[0])
	default:
		w.out = append(w.out, breaks...)
	}
}

// ended reports whether the scalar is over: quoted ones end with their quote.
func (w *walker) ended(st style) bool {
	switch r := w.peek(); {
	case r == eof:
		return true
	case st == double:
		return r == '"'
	case st == single:
		return r == '\''
	}
	return w.full()
}

// word reads up to the next blank; joined says that it ended at an escaped line end.
func (w *walker) word(st style) (joined bool) {
	for r := w.peek(); r != eof && !isBlank(r) && !isBreak(r); r = w.peek() {
		switch {
		case st == plain && w.full(),
			st == double && r == '"',
			st == single && r == '\'' && !strings.HasPrefix(w.src[w.off:], "''"):
			return false
		case st == single && r == '\'':
			g := w.take()
			g.end++
			w.skip()
			w.out = append(w.out, g)
		case st == double && r == '\\':
			if w.escape() {
				return true
			}
		default:
			w.out = append(w.out, w.take())
		}
	}
	return false
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }
