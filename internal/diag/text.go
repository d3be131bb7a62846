package diag

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Text writes ds for people: the finding, its line, carets under the runes
// meant, and the hint. sources is the text of each file by name; a file that is
// not there has no line. Colours are ANSI and only written when colour is set.
func Text(w io.Writer, ds []Diagnostic, sources map[string]string, colour bool) error {
	out := bufio.NewWriter(w)
	p := printer{out, colour}
	lines := map[string][]string{}
	for _, d := range ds {
		if _, ok := lines[d.File]; !ok {
			lines[d.File] = Lines(sources[d.File])
		}
		p.finding(d)
		if src := lines[d.File]; d.Line >= 1 && d.Line <= len(src) && sources[d.File] != "" {
			p.excerpt(d, src[d.Line-1])
		}
		if d.Hint != "" {
			fmt.Fprintf(p, "  %s %s\n", p.paint("1", "hint:"), d.Hint)
		}
	}
	return out.Flush()
}

// Lines are the lines of a text without their ends, as YAML ends them.
func Lines(text string) []string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
}

type printer struct {
	io.Writer
	colour bool
}

func (p printer) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p printer) finding(d Diagnostic) {
	if !p.colour {
		fmt.Fprintln(p, d)
		return
	}
	tone := map[Severity]string{Error: "1;31", Warning: "1;33", Note: "1;34"}[d.Severity]
	fmt.Fprintf(p, "%s:%d:%d: %s %s [%s]\n", d.File, d.Line, d.Col, p.paint(tone, d.Severity.String()+":"), p.paint("1", d.Message), d.Check)
}

// widest is how many runes of a line are shown: a one-line file of a megabyte is no excerpt.
const widest = 160

func (p printer) excerpt(d Diagnostic, line string) {
	runes := []rune(line)
	col, end := min(max(d.Col, 1)-1, len(runes)), min(max(d.End, d.Col+1)-1, len(runes)+1)
	if from := max(0, col-widest/2); len(runes) > widest {
		runes = runes[from:min(from+widest, len(runes))]
		col, end = col-from, min(end-from, len(runes)+1)
	}
	var text, marks strings.Builder
	for i, r := range runes {
		if unicode.IsControl(r) && r != '\t' {
			r = unicode.ReplacementChar // a file may not steer the terminal
		}
		text.WriteRune(r)
		switch {
		case i >= end:
		case i >= col:
			marks.WriteString(strings.Repeat("^", max(columns(r), 1)))
		case r == '\t':
			marks.WriteRune('\t')
		default:
			marks.WriteString(strings.Repeat(" ", columns(r)))
		}
	}
	if col >= len(runes) {
		marks.WriteByte('^')
	}
	fmt.Fprintf(p, "%5d | %s\n      | %s\n", d.Line, text.String(), p.paint("1;32", marks.String()))
}

// Cells is how many cells of a terminal s takes: wide letters take two.
func Cells(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// columns is how many cells of a terminal r takes.
func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
