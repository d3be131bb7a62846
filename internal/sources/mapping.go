package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"holdfast"
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

const (
	most        = 1000 // items of a list that one rule is tried for
	mostRefused = 100  // of them that may be wrong, before the rest is not tried
)

func (m *Mapping) messages(r Request) ([]holdfast.Message, []Refused, error) {
	body, err := decode(r.Body)
	if err != nil {
		return nil, nil, err
	}
	in := rules.Sent{Body: body, Header: map[string]string{}, Query: map[string]string{}}
	for name, values := range r.Header {
		if name = strings.ToLower(textproto.CanonicalMIMEHeaderKey(name)); len(values) > 0 {
			in.Header[name] = strings.ToValidUTF8(values[0], "\ufffd")
		}
	}
	if u, err := url.Parse(r.URL); err == nil {
		for name, values := range u.Query() {
			in.Query[strings.ToValidUTF8(name, "\ufffd")] = strings.ToValidUTF8(values[0], "\ufffd")
		}
	}
	mk := &making{request: r, seen: map[string]int{}, ofAll: m.ofAll}
	for i := range m.rules {
		mk.rule(&m.rules[i], i, in)
	}
	return mk.out, mk.refused, nil
}

// making is one request on its way to messages.
type making struct {
	request Request
	out     []holdfast.Message
	refused []Refused
	seen    map[string]int // how many rules an id has come from
	ofAll   func(event string) bool
}

func (mk *making) refuse(place string, err error) {
	mk.refused = append(mk.refused, Refused{place, err.Error()})
}

func (mk *making) rule(r *rule, i int, in rules.Sent) {
	place := fmt.Sprintf("mapping[%d]", i)
	if r.each == nil {
		if err := mk.message(r, place, in); err != nil {
			mk.refuse(place, err)
		}
		return
	}
	v, ok, err := r.each.Value(in)
	if err != nil {
		mk.refuse(place+".each", err)
		return
	}
	items, isList := v.([]any)
	if !isList && ok {
		mk.refuse(place+".each", errors.New("gave no list; name one"))
	}
	before := len(mk.refused)
	for n, item := range items {
		at := fmt.Sprintf("%s, item %d", place, n)
		if n == most {
			mk.refuse(at, fmt.Errorf("a request may hold %d items; send the rest in another", most))
			return
		}
		if len(mk.refused)-before == mostRefused {
			mk.refuse(at, errors.New("too many items before it could not be read"))
			return
		}
		in.Item = item
		if err := mk.message(r, at, in); err != nil {
			mk.refuse(at, err)
		}
	}
}

// message makes what r says of in, if it holds.
func (mk *making) message(r *rule, place string, in rules.Sent) error {
	if r.when != nil {
		if holds, err := r.when.Holds(in); err != nil || !holds {
			return wrap("when", err)
		}
	}
	m := holdfast.Message{At: mk.request.At}
	var err error
	if m.Account, err = word(r.account, in, "account"); err != nil {
		return err
	}
	if m.Contact, err = word(r.contact, in, "contact"); err != nil {
		return err
	}
	event := r.event
	if r.eventOf != nil {
		if event, err = word(r.eventOf, in, "event"); err != nil {
			return err
		}
	}
	if m.Account == "" && m.Contact == "" && !mk.ofAll(event) {
		return errors.New("account: gave nothing; the sender left out whose it is")
	}
	if m.At, err = r.time(in, mk.request.At); err != nil {
		return err
	}
	if m.ID, err = word(r.id, in, "id"); err != nil {
		return err
	}
	if m.ID == "" {
		m.ID = contentID(string(mk.request.Body), place)
	}
	if n := mk.seen[m.ID]; n > 0 { // two rules that hold make two messages
		mk.seen[m.ID]++
		m.ID += "/" + strconv.Itoa(n+1)
	} else {
		mk.seen[m.ID] = 1
	}
	return mk.emit(r, event, m, in)
}

// emit adds the messages: fields first, so that what the event starts sees them.
func (mk *making) emit(r *rule, event string, m holdfast.Message, in rules.Sent) error {
	var made []holdfast.Message
	for _, part := range []struct {
		kind, suffix, what string
		v                  *values
		is                 bool
	}{
		{holdfast.Group, "/fields", "fields", r.fields, r.fields != nil && m.Account != ""},
		{holdfast.Identify, "/contact", "contact_fields", r.contactFields, r.contactFields != nil && m.Contact != ""},
		{holdfast.Track, "", "props", r.props, event != ""},
	} {
		if !part.is {
			continue
		}
		one := m
		one.Kind, one.ID = part.kind, m.ID+part.suffix
		var err error
		if one.Props, err = part.v.of(in); err != nil {
			return wrap(part.what, err)
		}
		if part.kind == holdfast.Track {
			one.Event = event
		}
		made = append(made, one)
	}
	mk.out = append(mk.out, made...)
	return nil
}

func (v *values) of(in rules.Sent) (map[string]any, error) {
	out := map[string]any{}
	if v == nil {
		return out, nil
	}
	if v.all != nil {
		all, ok, err := v.all.Value(in)
		m, is := all.(map[string]any)
		if err == nil && ok && !is {
			err = errors.New("gave no map; write name: expression")
		}
		if m != nil {
			out = m
		}
		return out, err
	}
	for _, name := range v.names {
		value, ok, err := v.byName[name].Value(in)
		if err != nil {
			return nil, wrap(name, err)
		}
		if ok {
			out[name] = value
		}
	}
	return out, nil
}

// word is a text, or a number as it is written; "" when it is not there.
func word(e *rules.Outside, in rules.Sent, what string) (string, error) {
	if e == nil {
		return "", nil
	}
	v, ok, err := e.Value(in)
	if err != nil || !ok {
		return "", wrap(what, err)
	}
	switch v.(type) {
	case string, json.Number:
		return Text(v), nil
	}
	return "", fmt.Errorf("%s: gave something else than text or a number", what)
}

func (r *rule) time(in rules.Sent, now time.Time) (time.Time, error) {
	if r.at == nil {
		return now, nil
	}
	v, ok, err := r.at.Value(in)
	if err != nil || !ok {
		return now, wrap("at", err)
	}
	t, err := rules.Typed(rules.Timestamp, v)
	if err != nil {
		return now, wrap("at", err)
	}
	return t.(time.Time), nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
