package rules

import (
	"maps"
	"slices"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// loader fills a Set: first every document is declared, then rules are
// compiled, each when another first names it.
type loader struct {
	set   *Set
	files map[string]File
	diags diag.List
}

func newLoader() *loader {
	return &loader{set: &Set{
		account:   newFieldSet(accountFields()...),
		contact:   newFieldSet(contactFields()...),
		events:    systemEvents(),
		ofAll:     map[string]bool{},
		objects:   map[string]*object{},
		metrics:   map[string]*metric{},
		scores:    map[string]*score{},
		decisions: map[string]*decision{},
		segments:  map[string]*segment{},
		calendars: map[string]*Calendar{},
	}}
}

// declare reads what others may name of doc.
func (ld *loader) declare(doc *source.Node) {
	kind := kindOf(doc)
	if !slices.Contains(Kinds, kind) {
		return
	}
	ld.set.docs = append(ld.set.docs, doc)
	switch kind {
	case "schema":
		ld.schemaDoc(doc)
	case "event":
		ld.eventDoc(doc)
	case "object":
		ld.objectDoc(doc)
	case "mapping":
		ld.mappingDoc(doc)
	case "metric":
		ld.metricDoc(doc)
	case "score":
		ld.scoreDoc(doc)
	case "decision":
		ld.decisionDoc(doc)
	case "segment":
		ld.segmentDoc(doc)
	case "calendar":
		ld.calendarDoc(doc)
	case "lanes":
		ld.lanesDoc(doc)
	}
}

// name reads the document's own name: a CEL name, once for each kind. "" was reported.
func (ld *loader) name(doc *source.Node, taken func(string) bool) string {
	kind := kindOf(doc)
	at := doc.Get(kind)
	name := at.String(&ld.diags, kind)
	switch {
	case at.Kind() == source.Null:
		ld.diags.Errorf(doc.Pairs()[0].Key.Span(), "missing-key", "write "+kind+": name", "a %s needs a name", kind)
		return ""
	case name == "":
		return ""
	case !plainName.MatchString(name) || celWords[name] || slices.Contains(roots, name):
		ld.diags.Errorf(at.Span(), "bad-name", "use letters, digits and _", "%q cannot be the name of a %s", name, kind)
		return ""
	case taken(name):
		ld.diags.Errorf(at.Span(), "duplicate-name", "rename one of them", "there is another %s %q", kind, name)
		return ""
	}
	return name
}

// compileAll compiles what declare left, in an order that does not matter to
// the result and is the same each time.
func (ld *loader) compileAll() {
	s := ld.set
	for _, name := range sortedKeys(s.objects) {
		ld.compileObject(s.objects[name])
	}
	for _, m := range s.mappings {
		ld.compileMapping(m)
	}
	for _, name := range sortedKeys(s.metrics) {
		ld.compileMetric(s.metrics[name])
	}
	for _, name := range sortedKeys(s.calendars) {
		ld.compileRule(&s.calendars[name].rule)
	}
	for _, name := range sortedKeys(s.segments) {
		ld.compileRule(&s.segments[name].rule)
	}
	for _, name := range sortedKeys(s.decisions) {
		ld.compileRule(&s.decisions[name].rule)
	}
	for _, name := range sortedKeys(s.scores) {
		ld.compileRule(&s.scores[name].rule)
	}
}

// index finds what one event concerns; broken rules are left out.
func (ld *loader) index() {
	s := ld.set
	s.takes, s.counts = map[string][]*mapping{}, map[string][]*metric{}
	for _, m := range s.mappings {
		for _, on := range m.on {
			if !m.broken {
				s.takes[on] = append(s.takes[on], m)
			}
		}
	}
	for _, name := range sortedKeys(s.metrics) {
		m := s.metrics[name]
		for _, on := range m.events {
			if !m.broken {
				s.counts[on] = append(s.counts[on], m)
			}
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// expr compiles the CEL text of n. nil was reported.
func (ld *loader) expr(n *source.Node, sc *scope, want Type, what string) *Expr {
	if n.Kind() == source.Map && len(n.Pairs()) == 1 && n.Get("cel") != nil {
		n = n.Get("cel")
	}
	if n.Kind() != source.Scalar {
		at := n.Span()
		ld.diags.Errorf(at, "wrong-type", "write an expression", "%s must be an expression, not %s", what, n.Kind())
		return nil
	}
	c := &compiler{set: ld.set, loader: ld, scope: sc, src: n.Text(), spans: n.Spans()}
	e := c.compile(want)
	ld.diags.Add(c.diags.All...)
	return e
}

// rule is what scores, decisions and segments share while they are compiled:
// where each stands, so that a circle is found.
type rule struct {
	name   string // score:health
	doc    *source.Node
	state  ruleState
	body   func(ld *loader)
	reads  Reads
	broken bool // a finding was reported; it never evaluates
}

type ruleState int

const (
	ruleDeclared ruleState = iota
	ruleCompiling
	ruleCompiled
)

// compileRule compiles r unless it is compiled; ok is false when it is being
// compiled right now: r reaches itself.
func (ld *loader) compileRule(r *rule) (ok bool) {
	switch r.state {
	case ruleDeclared:
	case ruleCompiled:
		return true
	case ruleCompiling:
		return false
	}
	r.state = ruleCompiling
	before := len(ld.diags.All)
	r.body(ld)
	r.broken = diag.Failed(ld.diags.All[before:])
	r.state = ruleCompiled
	return true
}
