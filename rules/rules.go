// Package rules is the expression language and what is said in it: the declared
// schema, the typed CEL environment made from it, functions, mappings, objects,
// metrics, scores, decisions, segments and calendars. It is the only package
// that imports CEL, reads no clock and no database. To add a function, add
// func_<name>.go and one line in Functions.
package rules

import (
	"time"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Type of a field or an expression.
type Type string

// The types, and the Go values that carry them.
const (
	Any       Type = "any"
	Bool      Type = "bool"      // bool
	String    Type = "string"    // string
	Int       Type = "int"       // int64
	Double    Type = "double"    // float64
	Money     Type = "money"     // holdfast.Money, minor units
	Percent   Type = "percent"   // float64, 5 is five percent
	Date      Type = "date"      // time.Time at 00:00 UTC of that day
	Timestamp Type = "timestamp" // time.Time
	Duration  Type = "duration"  // time.Duration
	Strings   Type = "strings"   // []string
)

// Set is the compiled rules of one project. Immutable; safe for concurrent use.
type Set struct{}

// Load compiles documents of the kinds schema, object, mapping, metric, score,
// decision, segment and calendar. All findings are returned, sorted; the Set is
// usable for further compiling even when some are errors.
func Load(docs []*source.Node) (*Set, []diag.Diagnostic) { return &Set{}, nil }

// Kinds are the document kinds that Load takes.
var Kinds = []string{"schema", "object", "mapping", "metric", "score", "decision", "segment", "calendar"}

// Scope is what an expression may name besides account, contact, metric, score,
// decide, segment, now.
type Scope struct {
	Event string                     // `event` has the fields of this declared event; "" = out of scope
	Steps map[string]map[string]Type // step id -> fields of its result
}

// Expr is a compiled expression. Safe for concurrent use.
type Expr struct{}

// Compile checks src in scope. want Any accepts every type. Findings are in our
// words at the places that spans (one for each rune of src, and one for the end) name.
func (s *Set) Compile(src string, spans []diag.Span, sc Scope, want Type) (*Expr, []diag.Diagnostic) {
	return nil, nil
}

// Truth of a condition: an unset field makes it Unknown, which never fires.
type Truth int

// The truths.
const (
	False Truth = iota
	True
	Unknown
)

// Bool evaluates a condition. Unset names the fields that made it Unknown. The
// error is a runtime error of the expression (cost limit, division by zero).
func (e *Expr) Bool(f *Facts) (t Truth, unset []string, err error) { return Unknown, nil, nil }

// Value evaluates to the Go value of e.Type(); ok is false when a field it needs is unset.
func (e *Expr) Value(f *Facts) (v any, ok bool, err error) { return nil, false, nil }

// Type of e.
func (e *Expr) Type() Type { return Any }

// Source is the text it was compiled from.
func (e *Expr) Source() string { return "" }

// Reads is what e depends on, read off its syntax tree (through scores,
// decisions and segments). Clock is set for now, days_since, windowed metrics and trends.
type Reads struct {
	Account, Contact []string // field names
	Objects, Metrics []string // object kinds, metric names
	Event, Clock     bool
	Rules            []string // names of scores, decisions, segments it reaches ("score:health")
}

// Reads of e.
func (e *Expr) Reads() Reads { return Reads{} }

// Record is typed field values by field name; an unset field is absent.
type Record map[string]any

// Day is one daily bucket of a metric (UTC).
type Day struct {
	Day   time.Time
	Count int64
	Sum   float64
}

// Facts are what expressions read. Objects and Series may be nil; they are
// asked at most once for each name and evaluation set, and are called on the
// evaluating goroutine.
type Facts struct {
	Now     time.Time
	Account Record
	Contact Record
	Event   Record
	Steps   map[string]Record
	Objects func(kind string) []Record
	Series  func(metric string) []Day // ascending days
}

// Field is a declared field.
type Field struct {
	Name    string
	Type    Type
	Enum    []string
	Summary string
}

// AccountFields are the declared account fields (derived ones included), by name.
func (s *Set) AccountFields() []Field { return nil }

// ContactFields are the declared contact fields.
func (s *Set) ContactFields() []Field { return nil }

// EventFields are the declared fields of an event; ok is false when it is not declared.
func (s *Set) EventFields(name string) (fields []Field, ok bool) { return nil, false }

// Events are the declared event names, sorted; our own dotted events included.
func (s *Set) Events() []string { return nil }

// ObjectFields are the declared fields of an object kind.
func (s *Set) ObjectFields(kind string) []Field { return nil }

// Typed turns a JSON-shaped value (string, bool, json.Number, float64, []any)
// into the Go value of t. The error says what was found and expected.
func Typed(t Type, v any) (any, error) { return nil, nil }

// Untyped turns a typed Go value into its JSON shape.
func Untyped(v any) any { return v }

// Changes is what one message says about state. Values are typed.
type Changes struct {
	Known      bool // the account is identified by this message
	Account    Record
	Contact    Record // of Message.Contact
	Objects    []ObjectChange
	Buckets    []BucketChange
	Undeclared []string // props or traits that no schema declares: kept in the event, no error
}

// ObjectChange upserts one object.
type ObjectChange struct {
	Kind, Key string
	Fields    Record
}

// BucketChange adds to the daily bucket of the message's day.
type BucketChange struct {
	Metric string
	Count  int64
	Sum    float64
}

// Apply says what m changes. It reads m alone, so that late, repeated and
// reordered messages end in the same state. The error lists every value that
// does not fit its declared type (field, found, expected); nothing of m applies then.
func (s *Set) Apply(m holdfast.Message) (Changes, error) { return Changes{}, nil }

// Derive computes the account fields that objects determine. Fields that come
// out unset are absent from the record; derived names them all.
func (s *Set) Derive(f *Facts) (r Record, derived []string, err error) { return nil, nil, nil }

// EventRecord types the props of a declared event; undeclared props are left out.
func (s *Set) EventRecord(name string, props map[string]any) (Record, error) { return nil, nil }
