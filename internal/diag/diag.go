// Package diag is what is wrong in an author's file: a place, a sentence, a
// hint. Diagnostics are collected, never returned as errors. It knows no YAML
// and no CEL.
package diag

import "fmt"

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
func (l *List) Failed() bool {
	for _, d := range l.All {
		if d.Severity == Error {
			return true
		}
	}
	return false
}
