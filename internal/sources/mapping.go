package sources

import (
	"fmt"
	"regexp"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// MappingKeys are the keys of a source's `mapping:`, a list of rules.
var MappingKeys = []source.KeyDoc{
	{Name: "mapping", Type: "list", Summary: "How what comes in becomes messages: for kind webhook, and in place of what a provider's kind does by itself. Each rule that holds makes its message. Expressions see body (the JSON), header (names in small letters) and query."},
	{Name: "mapping.each", Type: "cel", Summary: "A list in what was sent: the rule is tried for each of its items, which expressions name item.", Example: "body.items"},
	{Name: "mapping.when", Type: "cel", Summary: "Only then. What is not there makes it false.", Example: `body.type == "plan.changed"`},
	{Name: "mapping.event", Type: "literal", Summary: "The event that it is: a name, or {cel: an expression}. Unset, the rule writes fields alone.", Example: "Plan Changed"},
	{Name: "mapping.event.cel", Type: "cel", Summary: "An expression that gives the event's name."},
	{Name: "mapping.account", Type: "cel", Summary: "Whose it is: the id of an account. Unset, that of the contact. An event that is `of: all` and names neither reaches all accounts.", Example: "body.account.id"},
	{Name: "mapping.contact", Type: "cel", Summary: "The id of the contact whom it concerns.", Example: "body.user.id"},
	{Name: "mapping.at", Type: "cel", Summary: "When it happened: a time as text, or a number of seconds or milliseconds since 1970. Unset, when it came in.", Example: "body.created_at"},
	{Name: "mapping.id", Type: "cel", Summary: "What tells one message from another: the same again is not taken twice. Unset, made of the whole body.", Example: "body.id"},
	{Name: "mapping.props", Type: "cel", Summary: "What the event carries, by name: expressions; or one expression that gives them all."},
	{Name: "mapping.props.*", Type: "cel", Summary: "An expression; text stands in quotes of its own.", Example: "body.plan.name"},
	{Name: "mapping.fields", Type: "cel", Summary: "Fields of the account, by name: expressions; or one expression that gives them all."},
	{Name: "mapping.fields.*", Type: "cel", Summary: "An expression."},
	{Name: "mapping.contact_fields", Type: "cel", Summary: "Fields of the contact, by name: expressions; or one expression that gives them all."},
	{Name: "mapping.contact_fields.*", Type: "cel", Summary: "An expression."},
}

// Mapping makes messages of JSON by the rules of a document. It is safe for
// concurrent use.
type Mapping struct {
	Events []Named // that rules name as they are written
	rules  []rule
	ofAll  func(event string) bool // it is about all accounts, so that it need not name one
}

// Named is a name and where it stands.
type Named struct {
	Name string
	At   diag.Span
}

type rule struct {
	each, when, account, contact, at, id *rules.Outside
	event                                string
	eventOf                              *rules.Outside
	props, fields, contactFields         *values
}

// values are named expressions, or one that gives a map.
type values struct {
	all    *rules.Outside
	names  []string
	byName map[string]*rules.Outside
}

// ReadMapping compiles n; findings go to l. nil when n is absent or has errors.
func ReadMapping(n *source.Node, set *rules.Set, l *diag.List) *Mapping {
	if n.Kind() == source.Null {
		return nil
	}
	before := len(l.All)
	items := n.Items()
	if n.Kind() != source.List {
		l.Errorf(n.Span(), "wrong-type", "write a list of rules, each from a -", "mapping must be a list, not %s", n.Kind())
	}
	m := &Mapping{ofAll: set.OfAll}
	for _, it := range items {
		r := readRule(it, set, l)
		if r.event != "" {
			m.Events = append(m.Events, Named{r.event, it.Get("event").Span()})
		}
		m.rules = append(m.rules, r)
	}
	if diag.Failed(l.All[before:]) {
		return nil
	}
	return m
}

func readRule(n *source.Node, set *rules.Set, l *diag.List) (r rule) {
	n.Strict(l, "a rule of mapping", source.Keys(MappingKeys, "mapping")...)
	if n.Kind() != source.Map {
		return r
	}
	item := n.Get("each") != nil
	expr := func(n *source.Node, what string, want rules.Type, item bool) *rules.Outside {
		if n == nil {
			return nil
		}
		smallHeaders(n, l)
		return set.CompileOutside(n, l, what, want, item)
	}
	r.each = expr(n.Get("each"), "each", rules.Any, false)
	r.when = expr(n.Get("when"), "when", rules.Bool, item)
	r.account = expr(n.Get("account"), "account", rules.Any, item)
	r.contact = expr(n.Get("contact"), "contact", rules.Any, item)
	r.at = expr(n.Get("at"), "at", rules.Any, item)
	r.id = expr(n.Get("id"), "id", rules.Any, item)
	switch e := n.Get("event"); {
	case e.Kind() == source.Map:
		e.Strict(l, "event", "cel")
		r.eventOf = expr(e.Get("cel"), "event", rules.Any, item)
	case e != nil:
		r.event = e.String(l, "event")
		if strings.Contains(r.event, ".") {
			l.Errorf(e.Span(), "reserved-event", "give it a name without a dot, such as Plan Changed", "events with a dot, such as %s, come from holdfast alone", r.event)
		}
	}
	named := func(key string) *values {
		at := n.Get(key)
		if at.Kind() == source.Null {
			return nil
		}
		if at.Kind() != source.Map {
			return &values{all: expr(at, key, rules.Any, item)}
		}
		v := &values{byName: map[string]*rules.Outside{}}
		for _, p := range at.Pairs() {
			v.names = append(v.names, p.Key.Text())
			v.byName[p.Key.Text()] = expr(p.Value, p.Key.Text(), rules.Any, item)
		}
		return v
	}
	r.props, r.fields, r.contactFields = named("props"), named("fields"), named("contact_fields")
	at := n.Pairs()[0].Key.Span()
	switch {
	case n.Get("account") == nil && n.Get("contact") == nil && !set.OfAll(r.event):
		l.Errorf(at, "missing-key", "add account: or contact:; only an event that is declared of: all is nobody's", "the rule does not say whose it is")
	case n.Get("event") == nil && n.Get("fields") == nil && n.Get("contact_fields") == nil:
		l.Errorf(at, "missing-key", "add event:, fields: or contact_fields:", "the rule makes nothing")
	case n.Get("fields") != nil && n.Get("account") == nil:
		l.Errorf(n.Key("fields").Span(), "missing-key", "add account:, or write contact_fields:", "fields are those of an account, and the rule names none")
	case n.Get("contact_fields") != nil && n.Get("contact") == nil:
		l.Errorf(n.Key("contact_fields").Span(), "missing-key", "add contact:", "the rule names no contact")
	case n.Get("props") != nil && n.Get("event") == nil:
		l.Errorf(n.Key("props").Span(), "missing-key", "add event:, or write fields:", "props are those of an event, and the rule names none")
	}
	return r
}

var capitals = regexp.MustCompile(`header\[["']([^"']*[A-Z][^"']*)["']\]`)

// smallHeaders: names of headers are in small letters, whatever was sent.
func smallHeaders(n *source.Node, l *diag.List) {
	if m := capitals.FindStringSubmatchIndex(n.Text()); m != nil {
		at, spans := n.Span(), n.Spans()
		name := n.Text()[m[2]:m[3]]
		if runes := len([]rune(n.Text()[:m[2]])); runes < len(spans) {
			at = spans[runes]
			at.End = at.Col + len([]rune(name))
		}
		l.Errorf(at, "unknown-name", fmt.Sprintf("write header[%q]", strings.ToLower(name)), "names of headers are in small letters, so there is no %q", name)
	}
}
