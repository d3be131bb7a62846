// Package diag is what is wrong in an author's file: a place, a sentence, a
// hint. Diagnostics are collected, never returned as errors. It knows no YAML
// and no CEL. A check's name is for ever.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity of a finding.
type Severity int

// Error will not run; Warning runs, probably not as meant; Note is taste.
const (
	Error Severity = iota
	Warning
	Note
)

func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// Span is a place in a file: line and columns from 1, columns in runes, End
// exclusive and on the same line (End <= Col means one character).
type Span struct {
	File           string
	Line, Col, End int
}

// Diagnostic is one finding. Message is lower case without a full stop; Hint is
// one thing to do, imperative. Check is its name for ever (unknown-field).
type Diagnostic struct {
	Span
	Severity Severity
	Check    string
	Message  string
	Hint     string
}

// String is the first line of the rendering: it stands alone.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s [%s]", d.File, d.Line, d.Col, d.Severity, d.Message, d.Check)
}

// List collects findings; the zero value is ready. Not safe for concurrent use.
type List struct{ All []Diagnostic }

// Errorf adds an error at span.
func (l *List) Errorf(at Span, check, hint, format string, args ...any) {
	l.All = append(l.All, Diagnostic{Span: at, Check: check, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning at span.
func (l *List) Warnf(at Span, check, hint, format string, args ...any) {
	l.All = append(l.All, Diagnostic{Span: at, Severity: Warning, Check: check, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// Add appends findings made elsewhere.
func (l *List) Add(ds ...Diagnostic) { l.All = append(l.All, ds...) }

// Failed reports whether any finding is an error.
func (l *List) Failed() bool { return Failed(l.All) }

// Sort orders ds by file, line and column, errors first at one place, and drops
// what says the same at the same place. It returns ds' own memory.
func Sort(ds []Diagnostic) []Diagnostic {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Check, b.Check),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Line == b.Line && a.Col == b.Col && a.Check == b.Check && a.Message == b.Message
	})
}

// Failed reports whether any of ds is an error: such a file does not run, and a
// command that found one exits with 1. Warnings alone do not fail.
func Failed(ds []Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return d.Severity == Error })
}
