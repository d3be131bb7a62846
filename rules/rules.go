// Package rules is the expression language and what is said in it: the declared
// schema, the typed CEL environment made from it, functions, mappings, objects,
// metrics, scores, decisions, segments and calendars. It is the only package
// that imports CEL, reads no clock and no database. To add a function, add
// func_<name>.go and one line in Functions.
package rules

import (
	"cmp"
	"slices"
	"sync"

	"github.com/google/cel-go/cel"

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

// fieldTypes are the types that a schema may declare.
var fieldTypes = []Type{String, Bool, Int, Double, Money, Percent, Date, Timestamp, Strings}

// Kinds are the document kinds that Load takes.
var Kinds = []string{"schema", "event", "object", "mapping", "metric", "score", "decision", "segment", "calendar", "lanes"}

// Set is the compiled rules of one project. Immutable but for what it remembers
// of expressions asked for; safe for concurrent use.
type Set struct {
	docs      []*source.Node
	account   *fieldSet
	contact   *fieldSet
	events    map[string]*fieldSet
	ofAll     map[string]bool // events about no account of their own
	objects   map[string]*object
	metrics   map[string]*metric
	scores    map[string]*score
	decisions map[string]*decision
	segments  map[string]*segment
	calendars map[string]*Calendar
	lanes     *lanes
	files     map[string]File       // that documents name
	mappings  []*mapping            // in file order
	takes     map[string][]*mapping // by event, and identify and group
	counts    map[string][]*metric  // by event, each by name
	derived   []derivation
	env       *cel.Env
	names     []string // of the events, sorted; set once all are declared
	memo      memo
	ranked    sync.Map // what percentiles rank -> *Expr
	zones     sync.Map // IANA name -> *time.Location
}

// Load compiles documents of the kinds in Kinds and passes over others. All
// findings are returned, sorted; the Set is usable for further compiling even
// when some are errors. A schema or event may be declared in several documents,
// whose fields add up.
func Load(docs []*source.Node) (*Set, []diag.Diagnostic) { return LoadFiles(docs, nil) }

// LoadFiles is Load of documents that name files, by their path in the project.
func LoadFiles(docs []*source.Node, files map[string]File) (*Set, []diag.Diagnostic) {
	ld := newLoader()
	ld.files, ld.set.files = files, files
	for _, doc := range docs {
		ld.declare(doc)
	}
	ld.set.names = ld.set.Events()
	ld.set.env = newEnv(ld.set)
	ld.compileAll()
	ld.index()
	slices.SortStableFunc(ld.diags.All, func(a, b diag.Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return ld.set, ld.diags.All
}

// Override is the documents of base and own, where one of own takes the place of
// one of base with the same kind and name. Schemas and events add up instead.
func Override(base, own []*source.Node) []*source.Node {
	mine := map[string]bool{}
	for _, d := range own {
		mine[ruleName(d)] = true
	}
	var out []*source.Node
	for _, d := range base {
		if kind := kindOf(d); kind == "schema" || kind == "event" || !mine[ruleName(d)] {
			out = append(out, d)
		}
	}
	return append(out, own...)
}

// With is s with the scores, decisions, segments and calendars of docs, and the
// files that those name, in place of its own: the schema, mappings, metrics and
// lanes stay the live ones.
func (s *Set) With(docs []*source.Node, files map[string]File) (*Set, []diag.Diagnostic) {
	var all []*source.Node
	for _, d := range s.docs {
		if !versioned(kindOf(d)) {
			all = append(all, d)
		}
	}
	for _, d := range docs {
		if versioned(kindOf(d)) {
			all = append(all, d)
		}
	}
	return LoadFiles(all, files)
}

// File is the text of a file that some document names, "" when there is none.
func (s *Set) File(name string) string { return s.files[name].Text }

// Doc is the document of a rule as Reads.Rules names it ("score:health"), or nil.
func (s *Set) Doc(rule string) *source.Node {
	for _, d := range s.docs {
		if versioned(kindOf(d)) && ruleName(d) == rule {
			return d
		}
	}
	return nil
}

// versioned reports whether documents of kind belong to a playbook's version.
func versioned(kind string) bool {
	switch kind {
	case "score", "decision", "segment", "calendar":
		return true
	}
	return false
}

// kindOf is the first key of a document, "" when it is no map.
func kindOf(doc *source.Node) string {
	if ps := doc.Pairs(); len(ps) > 0 {
		return ps[0].Key.Text()
	}
	return ""
}

func ruleName(doc *source.Node) string {
	kind := kindOf(doc)
	if kind == "lanes" {
		return kind // a project has one
	}
	return kind + ":" + doc.Get(kind).Text()
}
