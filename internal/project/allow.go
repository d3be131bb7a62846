package project

import (
	"regexp"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// allowance is a comment that lets warnings and notes of one check pass, on its
// line or, alone on a line, on the next:
//
//	send_window: always   # lint: allow no-guardrails because the feed is a status page
//
// In a template it is a Liquid comment. What fails to run cannot be allowed.
type allowance struct {
	at     diag.Span
	line   int // on which findings pass
	check  string
	reason string
	used   bool
}

var (
	allowing = regexp.MustCompile(`(?:#|\{%-?\s*comment\s*-?%\})\s*(lint:\s*allow\b[ \t]*([A-Za-z0-9_-]*)(?:[ \t]+because\b[ \t]*(.*?))?)\s*(?:\{%-?\s*endcomment.*)?$`)
	alone    = regexp.MustCompile(`^\s*(?:#|\{%-?\s*comment)`)
)

// allowed are ds sorted, without what comments allow, and what is wrong with the comments.
func (ld *loader) allowed(ds []diag.Diagnostic) []diag.Diagnostic {
	ds = diag.Sort(ds)
	var l diag.List
	for _, file := range sortedFiles(ld.p.Sources) {
		text := ld.p.Sources[file]
		if !strings.Contains(text, "lint:") {
			continue
		}
		allowances := allowancesOf(file, text)
		ds = slices.DeleteFunc(ds, func(d diag.Diagnostic) bool { return d.File == file && pass(d, allowances) })
		for _, a := range allowances {
			ld.judge(a, &l)
		}
	}
	return diag.Sort(append(ds, l.All...))
}

func pass(d diag.Diagnostic, allowances []*allowance) bool {
	for _, a := range allowances {
		if d.Severity != diag.Error && a.line == d.Line && a.check == d.Check {
			a.used = true
			return true
		}
	}
	return false
}

func (ld *loader) judge(a *allowance, l *diag.List) {
	_, known := Named(a.check)
	switch {
	case !known:
		var names []string
		for _, c := range Checks() {
			names = append(names, c.Name)
		}
		hint := "name the check that stands in brackets behind the finding"
		if s := source.Suggest(a.check, names); s != "" {
			hint = `did you mean "` + s + `"?`
		}
		l.Warnf(a.at, "unused-allow", hint, "there is no check %q to allow", a.check)
	case !a.used && ld.looked(a.at.File):
		l.Warnf(a.at, "unused-allow", "delete the comment, or put it on the line of the finding", "this allows nothing: %s finds nothing here that may pass", a.check)
	case a.reason == "":
		l.Warnf(a.at, "allow-without-reason", "write # lint: allow "+a.check+" because …", "nothing says why %s may pass here", a.check)
	}
}

// looked reports whether all that can be found in a file was looked for.
func (ld *loader) looked(file string) bool {
	return ld.only == "" || strings.HasSuffix(strings.ReplaceAll(file, `\`, "/"), ld.only)
}

func allowancesOf(file, text string) []*allowance {
	var out []*allowance
	lines := diag.Lines(text)
	for i, line := range lines {
		m := allowing.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		a := &allowance{at: in(file, i+1, line, m[2], m[3]), line: i + 1, check: line[m[4]:m[5]]}
		if m[6] >= 0 {
			a.reason = strings.TrimSpace(line[m[6]:m[7]])
		}
		for a.line <= len(lines) && alone.MatchString(lines[a.line-1]) { // a comment of its own: the next line that says something
			a.line++
		}
		out = append(out, a)
	}
	return out
}

func sortedFiles(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for f := range m {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}
