package lsp

import (
	"strings"
	"unicode/utf8"

	"holdfast/internal/diag"
)

// text is a document and its two notions of a line: LSP ends them at \n, \r\n
// and \r, YAML at three more characters. Immutable.
type text struct {
	s     string
	lines []int // byte offset of each line as LSP counts
	yaml  []int // and as findings count; nil when both are the same
}

func newText(s string) *text {
	t := &text{s: s, lines: []int{0}}
	yaml, differ := []int{0}, false
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch r {
		case '\r':
			if strings.HasPrefix(s[i:], "\n") {
				i++
			}
			t.lines, yaml = append(t.lines, i), append(yaml, i)
		case '\n':
			t.lines, yaml = append(t.lines, i), append(yaml, i)
		case '\u0085', '\u2028', '\u2029':
			yaml, differ = append(yaml, i), true
		}
	}
	if differ {
		t.yaml = yaml
	}
	return t
}

// offset of p in bytes; past the end of a line it is the line's end, and past
// the last line the end of the text.
func (t *text) offset(p position) int {
	if p.Line < 0 {
		return 0
	}
	if p.Line >= len(t.lines) {
		return len(t.s)
	}
	i := t.lines[p.Line]
	end := t.lineEnd(p.Line)
	for units := 0; i < end && units < p.Character; {
		r, size := utf8.DecodeRuneInString(t.s[i:])
		units += width(r)
		if units > p.Character {
			break // in the middle of a pair
		}
		i += size
	}
	return i
}

// lineEnd is where the text of a line ends, its break left out.
func (t *text) lineEnd(line int) int {
	end := len(t.s)
	if line+1 < len(t.lines) {
		end = t.lines[line+1]
	}
	for end > t.lines[line] && (t.s[end-1] == '\n' || t.s[end-1] == '\r') {
		end--
	}
	return end
}

// width of r in UTF-16 code units.
func width(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// position of a byte offset.
func (t *text) position(off int) position {
	off = min(max(off, 0), len(t.s))
	line := lineOf(t.lines, off)
	units := 0
	for i := t.lines[line]; i < off; {
		r, size := utf8.DecodeRuneInString(t.s[i:])
		if i+size > off {
			break // in the middle of a rune
		}
		units += width(r)
		i += size
	}
	return position{line, units}
}

// lineOf is the last of starts at or before off.
func lineOf(starts []int, off int) int {
	lo, hi := 0, len(starts)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if starts[mid] <= off {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func (t *text) rng(start, end int) textRange {
	return textRange{t.position(start), t.position(end)}
}

const bom = "\ufeff"

// at is the offset of a line and column as findings count: from 1, in runes.
func (t *text) at(line, col int) int {
	starts := t.lines
	if t.yaml != nil {
		starts = t.yaml
	}
	if line < 1 || line > len(starts) {
		return len(t.s)
	}
	i, end := starts[line-1], len(t.s)
	if line < len(starts) {
		end = starts[line]
	}
	if line == 1 && strings.HasPrefix(t.s, bom) {
		i += len(bom)
	}
	for ; col > 1 && i < end; col-- {
		_, size := utf8.DecodeRuneInString(t.s[i:])
		i += size
	}
	return i
}

// span is where a finding stands, in bytes; one character at least where the
// line has one.
func (t *text) span(s diag.Span) (start, end int) {
	start = t.at(s.Line, s.Col)
	end = t.at(s.Line, max(s.End, s.Col+1))
	for end > start+1 && (t.s[end-1] == '\n' || t.s[end-1] == '\r') {
		end--
	}
	return start, max(start, end)
}

// changed is t after a change.
func (t *text) changed(c change) *text {
	if c.Range == nil {
		return newText(c.Text)
	}
	start, end := t.offset(c.Range.Start), t.offset(c.Range.End)
	if end < start {
		start, end = end, start
	}
	return newText(t.s[:start] + c.Text + t.s[end:])
}
