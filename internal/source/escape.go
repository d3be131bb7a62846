package source

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escapes of double-quoted scalars that stand for one rune.
const (
	escapeNames = "0abt\tnvfre \"'/\\N_LP"
	escapeRunes = "\x00\a\b\t\t\n\v\f\r\x1b \"'/\\\u0085\u00a0\u2028\u2029"
)

// escape reads a backslash and what follows; joined says it was a line end.
func (w *walker) escape() (joined bool) {
	g := w.take()
	r := w.peek()
	if isBreak(r) {
		w.skip()
		return true
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[r]
	w.skip()
	if digits == 0 {
		g.r = utf8.RuneError
		if i := strings.IndexRune(escapeNames, r); i >= 0 {
			g.r = []rune(escapeRunes)[i]
		}
	} else {
		hex := w.src[w.off:min(w.off+digits, len(w.src))]
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || len(hex) < digits {
			v = utf8.RuneError
		}
		g.r = rune(v)
		for range len(hex) {
			w.skip()
		}
	}
	g.end = w.col
	w.out = append(w.out, g)
	return false
}

// validEscape reports whether a backslash and what follows is an escape.
func (w *walker) validEscape() bool {
	w.want = 1
	if w.escape() {
		return true
	}
	r := w.out[0].r
	return r != utf8.RuneError && utf8.ValidRune(r)
}
