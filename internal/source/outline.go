package source

import (
	"regexp"
	"strings"

	"holdfast/internal/diag"
)

// level of indentation: its column from 0, and whether it holds list items.
type level struct {
	col  int
	list bool
}

// outliner reads indentation line by line, as a person does.
type outliner struct {
	f      *file
	levels []level
	open   bool // the line above ended with a key or dash that waits for a value
}

// outlined finds the first line whose place fits nothing above it, or that says
// something behind a finished value.
func outlined(f *file, fl failure) (diag.Diagnostic, bool) {
	o := outliner{f: f}
	for line := 1; line <= len(f.starts) && f.starts[line-1] < fl.read; {
		text := f.text(line)
		body := strings.TrimLeft(text, " ")
		switch {
		case strings.HasPrefix(text, "---"):
			o = outliner{f: f}
			fallthrough
		case body == "" || body[0] == '#':
			line++
			continue
		}
		w := &walker{src: f.src, off: f.starts[line-1], line: line, col: 1, want: 1 << 30}
		w.blanks()
		if d, bad := o.enter(w, body); bad {
			return d, true
		}
		d, bad := o.value(w)
		if bad {
			return d, true
		}
		line = w.line + 1
	}
	return none, false
}

func (w *walker) blanks() {
	for isBlank(w.peek()) {
		w.skip()
	}
}

func isDash(body string) bool { return body == "-" || strings.HasPrefix(body, "- ") }

// enter finds the level that a line belongs to.
func (o *outliner) enter(w *walker, body string) (diag.Diagnostic, bool) {
	col, left := w.col-1, false
	for len(o.levels) > 0 && o.top().col > col {
		o.levels, left = o.levels[:len(o.levels)-1], true
	}
	if n := len(o.levels); n > 1 && o.top() == (level{col, true}) && o.levels[n-2].col == col && !isDash(body) {
		o.levels = o.levels[:n-1] // a list as deep as its key ends with the next key
	}
	at := o.f.at(w.off, len([]rune(body)))
	switch {
	case left && (len(o.levels) == 0 || o.top().col < col):
		return say(at, "indent it as one of the lines above", "the indentation of this line fits none above it")
	case len(o.levels) == 0 || o.top().col < col:
		return none, false
	case isDash(body) && !o.top().list && !o.open:
		return say(at, "put it below the key it belongs to", "a list item among keys")
	case !isDash(body) && o.top().list:
		return say(at, `begin it with "- ", or indent it below the item`, "a key among list items")
	}
	return none, false
}

func (o *outliner) top() level { return o.levels[len(o.levels)-1] }

func (o *outliner) push(l level) {
	if len(o.levels) == 0 || o.top() != l {
		o.levels = append(o.levels, l)
	}
}

var keyed = regexp.MustCompile(`^("(?:[^"\\]|\\.)*"|'[^']*'|[^"'\[{|>&!#-][^#]*?|-[^ #][^#]*?)\s*:(\s|$)`)

// value passes the rest of a line and the lines its value goes on in; w ends in the last.
func (o *outliner) value(w *walker) (diag.Diagnostic, bool) {
	rest := func() string { return strings.TrimRight(o.f.text(w.line)[w.off-o.f.starts[w.line-1]:], " \t") }
	o.open = true
	for isDash(rest()) {
		o.push(level{w.col - 1, true})
		w.skip()
		w.blanks()
	}
	if m := keyed.FindStringIndex(rest()); m != nil {
		o.push(level{w.col - 1, false})
		for end := w.off + len(strings.TrimRight(rest()[:m[1]], " \t")); w.off < end; {
			w.skip()
		}
		w.blanks()
	}
	text := rest()
	if text == "" || text[0] == '#' || len(o.levels) == 0 {
		return none, false
	}
	o.open = false
	from := w.off
	switch text[0] {
	case '"':
		w.skip()
		w.flow(double)
		w.skip()
	case '\'':
		w.skip()
		w.flow(single)
		w.skip()
	case '[', '{':
		w.brackets()
	default:
		for o.goesOn(w.line + 1) {
			w.line++
		}
		return none, false
	}
	w.blanks()
	if r := w.peek(); r == eof || r == '#' || isBreak(r) {
		return none, false
	}
	if strings.HasPrefix(text, "{{") {
		return say(o.f.at(from, 2), "put the whole value in quotes", "a value that begins with {{ is read as a map")
	}
	return say(o.f.at(w.off, len([]rune(rest()))), "put the whole value in quotes, or below >-",
		"text behind a value that ended with %s", o.f.src[w.off-1-len(blankTail(o.f.src[from:w.off])):][:1])
}

func blankTail(s string) string { return s[len(strings.TrimRight(s, " \t")):] }

// goesOn reports whether line is deeper than the value's key, or empty.
func (o *outliner) goesOn(line int) bool {
	if line > len(o.f.starts) {
		return false
	}
	body := strings.TrimLeft(o.f.text(line), " ")
	return body == "" || len(o.f.text(line))-len(body) > o.top().col
}

// brackets passes a flow value.
func (w *walker) brackets() {
	depth := 0
	for r := w.peek(); r != eof; r = w.peek() {
		w.skip()
		switch r {
		case '"':
			w.flow(double)
			w.skip()
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return
			}
		}
	}
}
