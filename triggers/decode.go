package triggers

import (
	"fmt"
	"regexp"
	"slices"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// Decode reads a playbook's `trigger:`: one trigger, or any: a list of them.
// when is what must hold whichever of the list starts; nil when nothing must.
func Decode(n *source.Node, set *rules.Set, l *diag.List) (ts []Trigger, when *rules.Expr) {
	if n == nil {
		return nil, nil
	}
	if n.Kind() != source.Map {
		l.Errorf(n.Span(), "wrong-type", "write on:, at: or when:", "a trigger must be a map")
		return nil, nil
	}
	nodes := []*source.Node{n}
	if any := n.Get("any"); any != nil {
		n.Strict(l, "the trigger", source.Keys(List, "")...)
		when = compile(n.Get("when"), set, rules.Scope{}, rules.Bool, l)
		nodes = any.Items()
		if len(nodes) == 0 {
			l.Errorf(any.Span(), "wrong-type", "list at least one trigger", "any must be a list of triggers")
		}
	}
	d := decoder{set: set, diags: l, ids: map[string]diag.Span{}, count: map[string]int{}}
	for _, node := range nodes {
		if t, ok := d.one(node); ok {
			ts = append(ts, t)
		}
	}
	return ts, when
}

type decoder struct {
	set   *rules.Set
	diags *diag.List
	ids   map[string]diag.Span
	count map[string]int // triggers of each kind so far
}

func (d *decoder) one(n *source.Node) (Trigger, bool) {
	if n.Kind() != source.Map {
		d.diags.Errorf(n.Span(), "wrong-type", "write {on: ...}, {at: ...} or {when: ...}", "a trigger must be a map")
		return Trigger{}, false
	}
	i := slices.IndexFunc(All, func(k Kind) bool { return n.Get(k.Key) != nil })
	if i < 0 && n.Get("becomes") != nil {
		i = len(All) - 1
	}
	if i < 0 {
		d.diags.Errorf(n.Span(), "missing-key", "add on: (an event), at: (a date) or when: (a condition)", "nothing says when this trigger starts")
		return Trigger{}, false
	}
	k := All[i]
	keys := append(source.Keys(Common, ""), source.Keys(k.Doc.Fields, "")...)
	n.Strict(d.diags, fmt.Sprintf("%s trigger", article(k.Doc.Name)), keys...)
	t := k.Decode(n, d.set, d.diags)
	t.Kind, t.Span = k.Doc.Name, n.Span()
	t.ID = d.id(n, t.Kind)
	return t, true
}

func article(kind string) string {
	if kind == Event {
		return "an event"
	}
	return "a " + kind
}

// names of triggers are entry keys for ever, and may be named in expressions later.
var names = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// id is the author's or, without one, the kind and its place among its kind.
func (d *decoder) id(n *source.Node, kind string) string {
	d.count[kind]++
	id, at := kind, n.Span()
	if d.count[kind] > 1 {
		id = fmt.Sprintf("%s_%d", kind, d.count[kind])
	}
	if given := n.Get("id"); given != nil {
		id, at = given.String(d.diags, "id"), given.Span()
		if id != "" && !names.MatchString(id) {
			d.diags.Errorf(at, "bad-name", "use small letters, digits and _", "%q cannot be the id of a trigger", id)
		}
	}
	if first, taken := d.ids[id]; taken {
		d.diags.Errorf(at, "duplicate-trigger", "give it an id of its own", "the trigger of line %d is called %q too", first.Line, id)
	}
	d.ids[id] = at
	return id
}

// compile is the expression of n, or nil when n is absent or wrong.
func compile(n *source.Node, set *rules.Set, sc rules.Scope, want rules.Type, l *diag.List) *rules.Expr {
	src := n.String(l, "an expression")
	if src == "" {
		return nil
	}
	e, found := set.Compile(src, n.Spans(), sc, want)
	l.Add(found...)
	if diag.Failed(found) {
		return nil
	}
	return e
}

// span is the length of time of n; the zero Span when n is absent or wrong.
func span(n *source.Node, what string, l *diag.List) calendar.Span {
	text := n.String(l, what)
	if text == "" {
		return calendar.Span{}
	}
	s, err := calendar.ParseSpan(text)
	if err != nil {
		l.Errorf(n.Span(), "bad-duration", "write a span such as 7d", "%v", err)
	}
	return s
}
