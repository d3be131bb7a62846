package source

import (
	"fmt"
	"regexp"
	"strings"

	"holdfast/internal/diag"
)

// mistake is one way to get YAML wrong: what the library says then, and where
// to find the character an author would change.
type mistake struct {
	says string
	find func(*file, failure) (diag.Diagnostic, bool)
}

var mistakes = []mistake{
	{"tab character", tabIndent},
	{"cannot start any token", tabIndent},
	{"cannot start any token", badStart},
	{"alphabetic or numeric", badStart},
	{"mapping values", secondColon},
	{"unexpected end of stream", openQuote},
	{"unexpected document indicator", openQuote},
	{"unknown escape", badEscape},
	{"hexdecimal", badEscape},
	{"Unicode character escape", badEscape},
	{"unknown anchor", noAnchor},
	{"comment or line break", blockHead},
	{"indentation indicator", blockHead},
	{"could not find expected ':'", noColon},
	{"block sequence entries", listInLine},
	{"did not find expected ','", bracket},
	{"node content", strayCloser},
	{"did not find expected", outlined},
}

func say(at diag.Span, hint, format string, args ...any) (diag.Diagnostic, bool) {
	return diag.Diagnostic{Span: at, Hint: hint, Message: fmt.Sprintf(format, args...)}, true
}

var none = diag.Diagnostic{}

func tabIndent(f *file, fl failure) (diag.Diagnostic, bool) {
	last, _ := f.place(fl.read)
	for line := fl.line; line <= last; line++ {
		text := f.text(line)
		if i := strings.IndexByte(text[:lineIndent(text)], '\t'); i >= 0 {
			return say(f.at(f.starts[line-1]+i, 1), "indent with spaces", "a tab in the indentation")
		}
	}
	return none, false
}

func badStart(f *file, fl failure) (diag.Diagnostic, bool) {
	i := strings.LastIndexAny(f.src[fl.seenStart:fl.read], "@`%&*\t")
	if i < 0 {
		return none, false
	}
	off := fl.seenStart + i
	return say(f.at(off, 1), "put the value in quotes", "a value cannot begin with %q", f.src[off:off+1])
}

var colon = regexp.MustCompile(`:(?:\s|$)`)

func secondColon(f *file, fl failure) (diag.Diagnostic, bool) {
	found := colon.FindAllStringIndex(f.src[fl.seenStart:min(fl.read+1, len(f.src))], -1)
	if found == nil {
		return none, false
	}
	off := fl.seenStart + found[len(found)-1][0]
	if len(found) == 1 && fl.line > 1 {
		indent := lineIndent(f.text(fl.line))
		return say(f.at(fl.seenStart+indent, off-fl.seenStart-indent), "indent it as its neighbours, or put the text above in quotes",
			"this key is indented deeper than the text above it allows")
	}
	return say(f.at(off, 1), "put the whole value in quotes, or below >-", `": " inside a value begins another key`)
}

func openQuote(f *file, fl failure) (diag.Diagnostic, bool) {
	open := -1
	var quote byte
	text := f.text(fl.line)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\'') && (i == 0 || strings.IndexByte(" [{,", text[i-1]) >= 0):
			quote, open = c, i
		}
	}
	if quote == 0 {
		return none, false
	}
	return say(f.at(fl.seenStart+open, 1), fmt.Sprintf("close it with %c", quote), "the quote that opens here is never closed")
}

func badEscape(f *file, fl failure) (diag.Diagnostic, bool) {
	text := f.src[fl.seenStart:fl.read]
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		w := &walker{src: f.src, off: fl.seenStart + i}
		if !w.validEscape() {
			return say(f.at(fl.seenStart+i, 2), `write \\ for a backslash, or use single quotes`, "%q is no escape of YAML", text[i:i+2])
		}
		i++
	}
	return none, false
}

var anchorName = regexp.MustCompile(`'(.*)'`)

func noAnchor(f *file, fl failure) (diag.Diagnostic, bool) {
	m := anchorName.FindStringSubmatch(fl.text)
	if m == nil {
		return none, false
	}
	off := strings.LastIndex(f.src[:fl.read], "*"+m[1])
	if off < 0 {
		return none, false
	}
	return say(f.at(off, 1+len(m[1])), fmt.Sprintf("name one with &%s before it, or put the value in quotes", m[1]), "no value above is named &%s", m[1])
}

var header = regexp.MustCompile(`[|>][^\s]*[ \t]*(.*)$`)

func blockHead(f *file, fl failure) (diag.Diagnostic, bool) {
	m := header.FindStringSubmatchIndex(f.text(fl.line))
	if m == nil {
		return none, false
	}
	return say(f.at(fl.seenStart+m[0], 1), "begin the text on the next line, indented; or put it in quotes", "nothing may stand behind this %s",
		f.src[fl.seenStart+m[0]:fl.seenStart+m[0]+1])
}

func noColon(f *file, fl failure) (diag.Diagnostic, bool) {
	text := f.text(fl.line)
	indent := lineIndent(text)
	word := strings.TrimSpace(text)
	hint := `write "key: value"`
	if strings.Contains(word, ":") {
		hint = "put a space after the colon"
	}
	return say(f.at(fl.seenStart+indent, len([]rune(word))), hint, `%q is no "key: value"`, word)
}

var dashInLine = regexp.MustCompile(`:\s+(-)(\s|$)`)

func listInLine(f *file, fl failure) (diag.Diagnostic, bool) {
	m := dashInLine.FindStringSubmatchIndex(f.text(fl.line))
	if m == nil {
		return none, false
	}
	return say(f.at(fl.seenStart+m[2], 1), "begin the list on the next line, or write [a, b]", "a list cannot begin behind its key")
}

func strayCloser(f *file, fl failure) (diag.Diagnostic, bool) {
	i := strings.LastIndexAny(f.src[:fl.read], "]},")
	if i < 0 {
		return none, false
	}
	return say(f.at(i, 1), "delete it, or put the value in quotes", "%q where a value was expected", f.src[i:i+1])
}
