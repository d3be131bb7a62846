package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"holdfast/internal/diag"
)

// readable reports the first byte or rune that YAML cannot hold.
func (f *file) readable(l *diag.List) bool {
	for i, r := range f.src {
		line, col := 0, 0
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(f.src[i:], "\ufffd"):
			line, col = f.place(i)
			l.Errorf(diag.Span{File: f.name, Line: line, Col: col}, "syntax", "save the file as UTF-8", "this is not UTF-8 text")
		case isControl(r):
			line, col = f.place(i)
			l.Errorf(diag.Span{File: f.name, Line: line, Col: col}, "syntax", "delete it", "an invisible control character (U+%04X)", r)
		default:
			continue
		}
		return false
	}
	return true
}

func isControl(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == '\u0085':
		return false
	case r >= 0x20 && r <= 0x7e, r >= 0xa0 && r <= 0xfffd, r >= 0x10000:
		return false
	}
	return true
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax says a YAML error in our words, at the best place we can find.
func (f *file) syntax(err error) diag.Diagnostic {
	line, text := 1, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return diag.Diagnostic{
		Span:    diag.Span{File: f.name, Line: line, Col: 1},
		Check:   "syntax",
		Message: fmt.Sprintf("cannot be read as YAML: %s", text),
	}
}
