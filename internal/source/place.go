package source

import (
	"strings"
	"unicode/utf8"

	"holdfast/internal/diag"
)

// file is a text and where its lines begin. Lines end as YAML ends them.
type file struct {
	name   string
	src    string
	starts []int  // byte offset of each line
	ascii  []bool // whether the line is ASCII, so that a column is an offset
}

func newFile(name, src string) *file {
	f := &file{name: name, src: src}
	start, ascii := 0, true
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRuneInString(src[i:])
		if r >= utf8.RuneSelf {
			ascii = false
		}
		i += size
		if !isBreak(r) {
			continue
		}
		if r == '\r' && strings.HasPrefix(src[i:], "\n") {
			i++
		}
		f.starts, f.ascii = append(f.starts, start), append(f.ascii, ascii)
		start, ascii = i, true
	}
	f.starts, f.ascii = append(f.starts, start), append(f.ascii, ascii)
	return f
}

// offset of a place; past the end of the line or file it is the end of it.
func (f *file) offset(line, col int) int {
	if line < 1 || line > len(f.starts) {
		return len(f.src)
	}
	i, end := f.starts[line-1], len(f.src)
	if line < len(f.starts) {
		end = f.starts[line]
	}
	if f.ascii[line-1] {
		return min(i+col-1, end)
	}
	for ; col > 1 && i < end; col-- {
		_, size := utf8.DecodeRuneInString(f.src[i:])
		i += size
	}
	return i
}

// place of a byte offset.
func (f *file) place(off int) (line, col int) {
	lo, hi := 0, len(f.starts)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; f.starts[mid] <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	off = min(max(off, f.starts[lo]), len(f.src))
	return lo + 1, 1 + utf8.RuneCountInString(f.src[f.starts[lo]:off])
}

// text of a line without its end.
func (f *file) text(line int) string {
	if line < 1 || line > len(f.starts) {
		return ""
	}
	end := len(f.src)
	if line < len(f.starts) {
		end = f.starts[line]
	}
	return strings.TrimRight(f.src[f.starts[line-1]:end], "\r\n\u0085\u2028\u2029")
}

// Document is the exact text of the YAML document that n stands in, without the
// line that separates it from the one before. Parsing it gives the same document.
func (n *Node) Document() string {
	if n == nil {
		return ""
	}
	first, last := n.line, n.line+1
	for first > 1 && !isSeparator(n.file.text(first)) {
		first--
	}
	if first < n.line && isSeparator(n.file.text(first)) {
		first++
	}
	for last <= len(n.file.starts) && !isSeparator(n.file.text(last)) {
		last++
	}
	return n.file.src[n.file.offset(first, 1):n.file.offset(last, 1)]
}

// isSeparator reports whether a line ends a document, or the one above it.
func isSeparator(line string) bool {
	rest, ok := strings.CutPrefix(line, "---")
	if !ok {
		rest, ok = strings.CutPrefix(line, "...")
	}
	return ok && (rest == "" || isBlank(rune(rest[0])))
}

// isBreak reports whether r ends a line in YAML.
func isBreak(r rune) bool {
	switch r {
	case '\n', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// Span is where n begins, as wide as its first line.
func (n *Node) Span() diag.Span {
	if n == nil {
		return diag.Span{}
	}
	return diag.Span{File: n.file.name, Line: n.line, Col: n.col, End: max(n.end(), n.col+1)}
}

// end is the column after n's part of its first line.
func (n *Node) end() int {
	switch n.kind {
	case Scalar:
		return n.scalarEnd()
	case Map, List:
		if !n.flow {
			return n.blockEnd()
		}
		return n.flowEnd()
	case Null:
	}
	return n.col + 1
}

func (n *Node) scalarEnd() int {
	if n.style == literal || n.style == folded {
		text := strings.Fields(n.file.src[n.file.offset(n.line, n.col):])[0]
		return n.col + utf8.RuneCountInString(text)
	}
	end := n.col + 1
	for _, s := range n.Spans() {
		if s.Line != n.line {
			return end
		}
		end = s.End
	}
	if n.style == plain {
		return end - 1 // the last span is the place after the text
	}
	return end
}

func (n *Node) blockEnd() int {
	first := Pair{}
	switch {
	case len(n.pairs) > 0:
		first = n.pairs[0]
	case len(n.items) > 0:
		first.Value = n.items[0]
	}
	if first.Value != nil && first.Value.line == n.line && first.Value.col > n.col {
		return first.Value.end()
	}
	if first.Key != nil {
		return first.Key.end()
	}
	return n.col + 1
}

// flowEnd walks the brackets of the first line, past quoted scalars.
func (n *Node) flowEnd() int {
	depth, quote, col := 0, rune(0), n.col
	for _, r := range n.file.src[n.file.offset(n.line, n.col):] {
		switch {
		case isBreak(r):
			return max(col, n.col+1)
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '[' || r == '{':
			depth++
		case r == ']' || r == '}':
			if depth--; depth == 0 {
				return col + 1
			}
		}
		col++
	}
	return col
}
