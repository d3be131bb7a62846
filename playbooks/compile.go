package playbooks

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// keys that stand below a key of the playbook, or at its top ("").
func keys(below string) []string { return source.Keys(Doc.Keys, below) }

// Compile reads one `playbook:` document. templates is rooted where
// templates/ lies; nil has none. Findings are returned whole; the playbook is
// nil when any is an error.
func Compile(doc *source.Node, set *rules.Set, templates fs.FS) (*Playbook, []diag.Diagnostic) {
	return compile(doc, set, templates, toRun)
}

// Lint is Compile, and says of what would run too what the Checks find.
func Lint(doc *source.Node, set *rules.Set, templates fs.FS) (*Playbook, []diag.Diagnostic) {
	return compile(doc, set, templates, toLint)
}

// purpose of compiling.
type purpose int

const (
	toRun     purpose = iota
	toLint            // and the Checks are run
	published         // it is not held to lanes, which are live
)

func compile(doc *source.Node, set *rules.Set, templates fs.FS, why purpose) (*Playbook, []diag.Diagnostic) {
	c := &compiler{set: set, templates: templates, published: why == published, files: map[string]string{}, rules: map[string]bool{}}
	p := c.playbook(doc)
	c.keep(p.Program)
	p.Bundle = c.bundle(doc, p)
	if why == toLint {
		runChecks(doc, p, set, &c.diags)
	}
	p.Digest = p.Bundle.Digest()
	p.encoded = sync.OnceValue(p.Bundle.Encode)
	found := diag.Sort(c.diags.All)
	if diag.Failed(found) {
		return nil, found
	}
	return p, found
}

type compiler struct {
	set       *rules.Set
	templates fs.FS
	published bool
	diags     diag.List
	files     map[string]string // what the steps asked for, by path
	rules     map[string]bool   // what the expressions reach
}

// names of playbooks and lanes are file names, entry keys and labels for ever.
var names = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (c *compiler) playbook(doc *source.Node) *Playbook {
	l := &c.diags
	p := &Playbook{File: doc.File(), Rules: c.set}
	p.Name = c.name(doc.Require(l, "the playbook", "playbook"), "playbook")
	doc.Strict(l, c.what(p), keys("")...)
	if p.Title = doc.Get("title").String(l, "title"); p.Title == "" {
		p.Title = p.Name
	}
	p.Class = c.word(doc.Get("class"), "class", Outreach, Transactional, Service)
	p.Lane = c.lane(doc.Get("lane"))
	p.WhenPreempted = c.preempted(doc.Get("when_preempted"), p)
	p.Shadow = c.word(doc.Get("mode"), "mode", "live", "shadow") == "shadow"
	p.Owner = c.owner(doc.Get("owner"))
	p.Unknown = c.word(doc.Get("unknown_send"), "unknown_send", "at_most_once", "ask", "at_least_once")
	p.UnknownWait = c.span(doc.Get("unknown_wait"), "unknown_wait")
	p.Triggers, p.When = triggers.Decode(doc.Require(l, c.what(p), "trigger"), c.set, l)
	p.Enroll = c.enroll(doc.Get("enroll"))
	p.Goal = c.goal(doc.Get("goal"))
	p.Exits = c.exits(doc.Get("exit"))
	p.Rails, p.Calendars = c.rails(doc.Get("guardrails"), p.Class)
	if s := doc.Require(l, c.what(p), "steps"); s != nil {
		p.Program = steps.Compile(s, c.set, c.template, l)
	} else {
		p.Program = &steps.Program{ByID: map[string]*steps.Step{}}
	}
	p.Rollout = c.rollout(doc.Get("rollout"))
	p.Holdout = c.holdout(doc, p)
	c.scopes(doc, p)
	c.reached(p)
	return p
}

func (c *compiler) what(p *Playbook) string {
	if p.Name == "" {
		return "the playbook"
	}
	return `playbook "` + p.Name + `"`
}

func (c *compiler) name(n *source.Node, what string) string {
	name := n.String(&c.diags, what)
	if name != "" && !names.MatchString(name) {
		c.diags.Errorf(n.Span(), "bad-name", "use small letters, digits and hyphens", "%q cannot be the name of a %s", name, what)
	}
	return name
}

// word is one of the choices; the first when n is absent or wrong.
func (c *compiler) word(n *source.Node, what string, choices ...string) string {
	if w := n.Word(&c.diags, what, choices...); w != "" {
		return w
	}
	return choices[0]
}

// owner is a field of the account; account.owner when n is absent.
func (c *compiler) owner(n *source.Node) string {
	ref := n.String(&c.diags, "owner")
	if ref == "" {
		return "account.owner"
	}
	field, ok := strings.CutPrefix(ref, "account.")
	if !ok {
		c.diags.Errorf(n.Span(), "bad-reference", "write account.owner, or another field of the account", "%q is no field of the account", ref)
		return ref
	}
	var known []string
	for _, f := range c.set.AccountFields() {
		known = append(known, f.Name)
	}
	if !slices.Contains(known, field) {
		hint := "declare it in schema: account"
		if s := source.Suggest(field, known); s != "" {
			hint = `did you mean "account.` + s + `"?`
		}
		c.diags.Errorf(n.Span(), "unknown-field", hint, "unknown account field %q", field)
	}
	return ref
}

func (c *compiler) enroll(n *source.Node) Enroll {
	n.Strict(&c.diags, "enroll", keys("enroll")...)
	e := Enroll{
		OncePer:   n.Get("once_per").Words(&c.diags, "once_per", "account", "trigger", "occurrence"),
		NotWithin: c.span(n.Get("not_within"), "not_within"),
		AtMost:    n.Get("at_most").Int(&c.diags, "at_most", 1, 10_000),
	}
	if len(e.OncePer) == 0 {
		e.OncePer = []string{"trigger", "occurrence"}
	}
	return e
}

// expr compiles the condition of n; nil when it is absent or wrong.
func (c *compiler) expr(n *source.Node, what string, sc rules.Scope) *rules.Expr {
	src := n.String(&c.diags, what)
	if src == "" {
		return nil
	}
	e, found := c.set.Compile(src, n.Spans(), sc, rules.Bool)
	c.diags.Add(found...)
	if diag.Failed(found) {
		return nil
	}
	c.reads(e)
	return e
}

// span reads a length of time; zero when n is absent or wrong.
func (c *compiler) span(n *source.Node, what string) calendar.Span {
	text := n.String(&c.diags, what)
	if text == "" {
		return calendar.Span{}
	}
	s, err := calendar.ParseSpan(text)
	switch {
	case err != nil:
		c.diags.Errorf(n.Span(), "bad-duration", "write a span such as 7d", "%v", err)
	case s.Zero():
		c.diags.Errorf(n.Span(), "bad-duration", "write a span such as 7d", "%s is no time at all", what)
	}
	return s
}
