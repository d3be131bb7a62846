package source

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"holdfast/internal/diag"
)

// readable reports the first byte or rune that YAML cannot hold.
func (f *file) readable(l *diag.List) bool {
	for i, r := range f.src {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(f.src[i:], "\ufffd"):
			l.Errorf(f.at(i, 1), "syntax", "save the file as UTF-8", "this is not UTF-8 text")
		case isControl(r):
			l.Errorf(f.at(i, 1), "syntax", "delete it", "an invisible control character (U+%04X)", r)
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

// at is the span of so many runes from a byte offset.
func (f *file) at(off, runes int) diag.Span {
	line, col := f.place(off)
	return diag.Span{File: f.name, Line: line, Col: col, End: col + runes}
}

// failure is where the YAML library gave up: what it said, the line it blames
// (the start of what it was reading), and how far it had read when it knew.
type failure struct {
	text      string
	line      int
	read      int
	seenStart int // offset of the blamed line
}

// trickle hands out one byte a time, so that what was read tells where it stopped.
type trickle struct {
	src  string
	read int
}

func (t *trickle) Read(p []byte) (int, error) {
	if t.read >= len(t.src) {
		return 0, io.EOF
	}
	p[0] = t.src[t.read]
	t.read++
	return 1, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

var parserSays = regexp.MustCompile(`^did not find expected (key|'-'|','|node|<)`)

// failure reads the file again. The library counts lines from 0 or 1 by the
// kind of mistake and leaves line 0 out, hence the empty line in front.
func (f *file) failure() failure {
	in := &trickle{src: "\n" + f.src}
	dec := yaml.NewDecoder(in)
	var err error
	for err == nil {
		err = dec.Decode(new(yaml.Node))
	}
	m := yamlLine.FindStringSubmatch(err.Error())
	if m == nil {
		return failure{text: err.Error(), line: 1, read: len(f.src)}
	}
	line, _ := strconv.Atoi(m[1]) // absent: 0
	if !parserSays.MatchString(m[2]) {
		line-- // the scanner counts from 1
	}
	line = min(max(line, 1), len(f.starts))
	return failure{text: m[2], line: line, read: max(in.read-1, 0), seenStart: f.starts[line-1]}
}

// syntax says what the YAML library could not read in our words, at the best place.
func (f *file) syntax() diag.Diagnostic {
	fl := f.failure()
	for _, m := range mistakes {
		if !strings.Contains(fl.text, m.says) {
			continue
		}
		if d, ok := m.find(f, fl); ok {
			d.Check = "syntax"
			return d
		}
	}
	indent := lineIndent(f.text(fl.line))
	return diag.Diagnostic{
		Span:    diag.Span{File: f.name, Line: fl.line, Col: indent + 1, End: indent + 2},
		Check:   "syntax",
		Message: "this cannot be read as YAML",
		Hint:    "put the value in quotes, and check the indentation",
	}
}

// lineIndent is how many columns of blanks s begins with.
func lineIndent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
