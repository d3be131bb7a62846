package steps

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Limits of a playbook, against mistakes and mischief.
const (
	maxSteps = 2000
	maxDepth = 16
)

// Common are the keys that every step takes, beside those of its verb.
var Common = []FieldDoc{
	{Name: "id", Type: "literal", Required: true, Summary: "Its name for ever, in letters, digits and underscores: running enrollments, expressions and reports know it by this.", Example: "opening"},
	{Name: "if", Type: "cel", Summary: "Skipped unless this is true. A condition that reads an unset field is not true.", Example: "account.arr >= 50000"},
	{Name: "was", Type: "literal", Summary: "Its former id, so that enrollments that began under that one go on."},
	{Name: "on_error", Type: "enum(next|exit)", Summary: "What to do when the step cannot be done: go on, end the enrollment, or a map of steps to take then.", Means: map[string]string{
		"next": "go on with the step after it", "exit": "end the enrollment",
	}},
	{Name: "on_error.steps", Type: "steps", Summary: "What is done instead."},
}

// generic are the names of Common.
var generic = source.Keys(Common, "")

// Compile reads a steps list into a Program. Mistakes go to l; the program is
// whole enough to check further even then. An absent or empty list is a mistake.
func Compile(n *source.Node, set *rules.Set, templates func(string) bool, l *diag.List) *Program {
	c := &compiler{
		set: set, templates: templates, l: l, words: map[string]bool{},
		scope: rules.Scope{Steps: map[string]map[string]rules.Type{}, Items: map[string]rules.Item{}},
		p: &Program{
			ByID: map[string]*Step{}, kept: map[string]bool{}, since: map[string]bool{}, renamed: map[string]string{},
		},
	}
	c.p.First = c.block(n, "")
	for _, s := range c.p.Steps {
		if c.words[s.ID] {
			c.p.kept[s.ID] = true
		}
	}
	return c.p
}

type compiler struct {
	p         *Program
	set       *rules.Set
	templates func(string) bool
	l         *diag.List
	scope     rules.Scope
	words     map[string]bool // every name that an expression or a text says
	depth     int
	full      bool // maxSteps was reported
}

// block compiles a list of steps below parent and answers its first id.
func (c *compiler) block(n *source.Node, parent string) string {
	if n.Kind() != source.List || len(n.Items()) == 0 {
		at := n.Span()
		if n == nil && parent != "" {
			at = c.p.ByID[parent].Span
		}
		where := "the playbook"
		if parent != "" {
			where = "a block of step " + strconv.Quote(parent)
		}
		c.l.Errorf(at, "no-steps", "write a list below steps:", "%s has no steps", where)
		return ""
	}
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		c.l.Errorf(n.Span(), "too-deep", "make a part of it a playbook of its own", "steps are nested more than %d deep", maxDepth)
		return ""
	}
	first := ""
	var last *Step
	for _, item := range n.Items() {
		s := c.step(item, parent)
		switch {
		case s == nil:
			continue
		case last == nil:
			first = s.ID
		default:
			last.Next = s.ID
		}
		last = s
	}
	return first
}

// step compiles one; nil when there is no telling what it is.
func (c *compiler) step(n *source.Node, parent string) *Step {
	if n.Kind() != source.Map {
		c.l.Errorf(n.Span(), "bad-step", "write a map such as {id: pause, wait: 7d}", "a step is a map of keys and values")
		return nil
	}
	if len(c.p.Steps) >= maxSteps {
		if !c.full {
			c.l.Errorf(n.Span(), "too-many-steps", "split the playbook", "a playbook has at most %d steps", maxSteps)
			c.full = true
		}
		return nil
	}
	verb, ok := c.verb(n)
	if !ok {
		return nil
	}
	id := c.id(n, verb.Doc.Name)
	s := &Step{ID: id, Verb: verb.Doc.Name, Span: n.Span(), Parent: parent}
	d := &Decoder{
		Node: n, ID: id, Rules: c.set, Scope: c.scope, Diags: c.l, Block: c.block, Templates: c.templates, c: c, generated: c.generated,
	}
	n.Strict(c.l, d.what(), keys(verb.Doc)...)
	s.If = d.condition(n.Get("if"))
	c.add(s, n)
	s.Spec = verb.Decode(d)
	if verb.result != nil {
		s.fields = verb.result(s.Spec)
	}
	c.texts(n, verb.Doc)
	c.scope.Steps[id] = s.Fields()
	s.OnError = d.onError()
	return s
}

// add puts s on the list, unless its id is taken.
func (c *compiler) add(s *Step, n *source.Node) {
	if c.p.ByID[s.ID] != nil {
		c.l.Errorf(placeOf(n, "id"), "duplicate-step", "give one of them another id",
			"step %q is already there at line %d", s.ID, c.p.ByID[s.ID].Span.Line)
		s.ID = c.free(s.ID)
	}
	c.p.Steps = append(c.p.Steps, s)
	c.p.ByID[s.ID] = s
	was := n.Get("was")
	if was == nil {
		return
	}
	s.Was = was.Text()
	if c.p.renamed[s.Was] != "" || c.p.ByID[s.Was] != nil {
		c.l.Errorf(was.Span(), "duplicate-step", "name an id that no step has any more", "another step is, or was, called %q", s.Was)
		return
	}
	c.p.renamed[s.Was] = s.ID
}

// verb of n: the one key that names one.
func (c *compiler) verb(n *source.Node) (Verb, bool) {
	var found []Verb
	var other *source.Node
	for _, p := range n.Pairs() {
		if v, ok := verbNamed(p.Key.Text()); ok {
			found = append(found, v)
			continue
		}
		if other == nil && !slices.Contains(generic, p.Key.Text()) {
			other = p.Key
		}
	}
	found = leading(found)
	switch {
	case len(found) == 1:
		return found[0], true
	case len(found) > 1:
		c.l.Errorf(n.Span(), "two-verbs", "make it two steps", "a step does one thing, and this says %s and %s", found[0].Doc.Name, found[1].Doc.Name)
		return Verb{}, false
	case other == nil:
		c.l.Errorf(n.Span(), "unknown-verb", "add one of "+strings.Join(Names(), ", "), "a step says nothing to do")
		return Verb{}, false
	}
	hint := "use one of " + strings.Join(Names(), ", ")
	if s := source.Suggest(other.Text(), Names()); s != "" {
		hint = "did you mean " + strconv.Quote(s) + "?"
	}
	c.l.Errorf(other.Span(), "unknown-verb", hint, "unknown verb %q", other.Text())
	return Verb{}, false
}

// leading are the verbs that are no key of another one among them: `run` has a
// key wait, and with it wait is no verb.
func leading(found []Verb) []Verb {
	return slices.DeleteFunc(slices.Clone(found), func(v Verb) bool {
		return slices.ContainsFunc(found, func(o Verb) bool {
			return o.Doc.Name != v.Doc.Name && slices.Contains(keys(o.Doc), v.Doc.Name)
		})
	})
}

// keys that a step of this verb takes.
func keys(doc Doc) []string {
	all := slices.Clone(generic)
	for _, f := range doc.Fields {
		if !strings.Contains(f.Name, ".") {
			all = append(all, f.Name)
		}
	}
	return all
}

var words = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*`)

// reads marks every name that an expression says; more than it reads is harmless.
func (c *compiler) reads(src string) {
	for w := range source.Names(src) {
		c.words[w] = true
	}
}

// texts marks the names in the Liquid of a step.
func (c *compiler) texts(n *source.Node, doc Doc) {
	for _, f := range doc.Fields {
		if f.Type == "liquid" && strings.Contains(n.Get(f.Name).Text(), "{") {
			c.reads(n.Get(f.Name).Text())
		}
	}
}

// ids of the steps so far, of a verb or of all, sorted.
func (c *compiler) ids(verb string) []string {
	var ids []string
	for _, s := range c.p.Steps {
		if verb == "" || s.Verb == verb {
			ids = append(ids, s.ID)
		}
	}
	sort.Strings(ids)
	return ids
}
