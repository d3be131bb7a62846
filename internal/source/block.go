package source

import (
	"math"
	"strings"
)

// blockIndent is how many columns of indentation the block scalar n drops from
// each line: the difference between its first written line in the file and in the value.
func (n *Node) blockIndent() int {
	value := strings.TrimLeft(n.text, " \n\u2028\u2029")
	if value == "" {
		return math.MaxInt // nothing but empty lines
	}
	head := n.text[:len(n.text)-len(value)]
	kept := len(head) - len(strings.TrimRight(head, " "))
	for line := n.line + 1; line <= len(n.file.starts); line++ {
		text := n.file.text(line)
		if rest := strings.TrimLeft(text, " "); rest != "" {
			return len(text) - len(rest) - kept
		}
	}
	return math.MaxInt
}

// block reads a literal or folded scalar whose lines are indented by indent.
func (w *walker) block(keep bool, indent int) {
	for r := w.peek(); r != eof && !isBreak(r); r = w.peek() {
		w.skip() // the header and its comment
	}
	if w.peek() != eof {
		w.skip()
	}
	var end, breaks []glyph // of the line before, and of empty lines after it
	breaks = w.emptyLines(indent)
	leading := false // whether the line before began with a blank
	for w.col-1 == indent && w.peek() != eof && !w.full() {
		blank := isBlank(w.peek())
		switch fold := !keep && !leading && !blank && len(end) > 0 && end[0].r == '\n'; {
		case fold && len(breaks) == 0:
			end[0].r = ' '
			w.out = append(w.out, end...)
		case !fold:
			w.out = append(w.out, end...)
		}
		w.out = append(w.out, breaks...)
		leading, end = blank, nil
		for r := w.peek(); r != eof && !isBreak(r); r = w.peek() {
			w.out = append(w.out, w.take())
		}
		if w.full() {
			return
		}
		if w.peek() != eof {
			end = []glyph{w.take()}
		}
		breaks = w.emptyLines(indent)
	}
	w.out = append(append(w.out, end...), breaks...)
}

// emptyLines passes indentation and lines of nothing else.
func (w *walker) emptyLines(indent int) (breaks []glyph) {
	for {
		for w.col <= indent && w.peek() == ' ' {
			w.skip()
		}
		if r := w.peek(); r == eof || !isBreak(r) {
			return breaks
		}
		breaks = append(breaks, w.take())
	}
}
