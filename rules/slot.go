package rules

import (
	"slices"
	"strings"

	"github.com/google/cel-go/common/types"

	"holdfast/internal/source"
)

// origin says where the value of a name comes from.
type origin int

const (
	fromNow origin = iota
	fromAccount
	fromContact
	fromEvent
	fromStep
	fromInput
	fromItem
	fromObjects
	fromMetric
	fromScore
	fromDecision
	fromSegment
	fromSeries // the metric itself, as an argument of trend and its like
	fromFacts  // what functions read beside their arguments
	fromHas
	fromLocal // what a loop binds
)

// slot is one name that an expression uses.
type slot struct {
	origin origin
	name   string // as CEL sees it: account.arr
	field  string // arr
	typ    Type
	cel    *types.Type
	enum   []string
	unset  *types.Unknown

	step     string
	object   *object
	metric   *metric
	score    *score
	decision *decision
	segment  *segment
	tested   *slot // fromHas: what is asked about
}

func newSlot(o origin, name, field string, t Type) *slot {
	return &slot{origin: o, name: name, field: field, typ: t, cel: celType(t), unset: unsetVal(name)}
}

// problem is why a name cannot be used.
type problem struct{ check, message, hint string }

// lookup finds the longest name that path begins with; used is how many parts
// of path it takes.
func (c *compiler) lookup(path []string) (s *slot, used int, p *problem) {
	root := path[0]
	if t, ok := c.scope.locals[root]; ok {
		s := newSlot(fromLocal, root, root, Any)
		s.cel = t
		return s, 1, nil
	}
	if fields, ok := c.scope.Steps[root]; ok {
		return c.stepSlot(root, fields, path)
	}
	if it, ok := c.scope.Items[root]; ok {
		return c.itemSlot(root, it, path)
	}
	if t, ok := c.scope.inputs[root]; ok {
		s := newSlot(fromInput, root, root, t)
		s.enum = c.scope.enums[root]
		return s, 1, nil
	}
	if o := c.set.listed(root); o != nil && c.scope.allows("objects") {
		s := newSlot(fromObjects, root, "", Any)
		s.object, s.cel = o, types.NewListType(o.cel)
		return s, 1, nil
	}
	if !slices.Contains(roots, root) {
		return nil, 0, c.unknownRoot(path)
	}
	if !c.scope.allows(root) {
		return nil, 0, c.outOfScope(root)
	}
	switch root {
	case "now":
		return newSlot(fromNow, "now", "", Timestamp), 1, nil
	case "account":
		return c.fieldSlot(fromAccount, c.set.account, path)
	case "contact":
		return c.fieldSlot(fromContact, c.set.contact, path)
	case "event":
		return c.eventSlot(path)
	}
	return c.ruleSlot(path)
}

// listed is the object kind whose list is called name, or nil.
func (s *Set) listed(name string) *object {
	kind, ok := strings.CutSuffix(name, "s")
	if !ok {
		return nil
	}
	return s.objects[kind]
}

func (c *compiler) fieldSlot(o origin, fs *fieldSet, path []string) (*slot, int, *problem) {
	for n := len(path); n > 1; n-- {
		name := strings.Join(path[1:n], ".")
		if f, ok := fs.byName[name]; ok {
			s := newSlot(o, path[0]+"."+name, name, f.Type)
			s.enum = f.Enum
			return s, n, nil
		}
	}
	return nil, 0, unknownField(path, fs.names())
}

func (c *compiler) eventSlot(path []string) (*slot, int, *problem) {
	if len(path) > 1 && path[1] == eventTime {
		return newSlot(fromEvent, "event.at", eventTime, Timestamp), 2, nil
	}
	fs := c.set.events[c.scope.Event]
	if c.scope.untyped && len(path) > 1 {
		name := strings.Join(path[1:], ".")
		return newSlot(fromEvent, "event."+name, name, Any), len(path), nil
	}
	if fs == nil {
		return nil, 0, &problem{check: "unknown-event", message: quoted("event %q is not declared", c.scope.Event),
			hint: suggest(c.scope.Event, c.set.Events(), "declare it: event: "+c.scope.Event)}
	}
	s, used, p := c.fieldSlot(fromEvent, fs, path)
	if p != nil {
		return nil, 0, p
	}
	for _, name := range c.scope.also {
		other := c.set.events[name]
		if other == nil || other.byName[s.field].Type != s.typ {
			return nil, 0, &problem{check: "unknown-field", message: quoted("event %q has no %s of the same type", name, s.field),
				hint: "write one for each event"}
		}
	}
	return s, used, nil
}

func (c *compiler) stepSlot(id string, fields map[string]Type, path []string) (*slot, int, *problem) {
	for n := len(path); n > 1; n-- {
		name := strings.Join(path[1:n], ".")
		if t, ok := fields[name]; ok {
			s := newSlot(fromStep, id+"."+name, name, t)
			s.step = id
			return s, n, nil
		}
	}
	return nil, 0, unknownField(path, sortedKeys(fields))
}

// itemSlot is a field of an open item, or the item itself when it is a value.
func (c *compiler) itemSlot(name string, it Item, path []string) (*slot, int, *problem) {
	if it.Object == "" {
		s := newSlot(fromItem, name, "", it.Type)
		s.step = name
		return s, 1, nil
	}
	o := c.set.objects[it.Object]
	if o == nil {
		return nil, 0, &problem{check: "unknown-name", message: quoted("there is no object %q", it.Object)}
	}
	s, used, p := c.fieldSlot(fromItem, o.fields, path)
	if p == nil {
		s.step, s.object = name, o
	}
	return s, used, p
}

// unknownField says that path begins with no declared field.
func unknownField(path, fields []string) *problem {
	root, name := path[0], join(path[1:])
	if len(path) == 1 {
		return &problem{check: "unknown-field", message: quoted("%s alone is no value", root),
			hint: choices("name one of its fields: ", prefixed(root+".", fields))}
	}
	p := &problem{check: "unknown-field", message: quoted("unknown field %q", root+"."+name)}
	var below []string
	for _, f := range fields {
		if strings.HasPrefix(f, name+".") {
			below = append(below, root+"."+f)
		}
	}
	switch near := source.Suggest(name, fields); {
	case len(below) > 0:
		p.hint = choices("name one of its fields: ", below)
	case near != "":
		p.hint = didYouMean(root + "." + near)
	default:
		p.hint = choices("declared: ", prefixed(root+".", fields))
	}
	return p
}

func (c *compiler) unknownRoot(path []string) *problem {
	root := path[0]
	p := &problem{check: "unknown-name", message: quoted("unknown name %q", root)}
	switch near := source.Suggest(root, c.names()); {
	case near != "" && c.set.listed(near) != nil:
		p.hint = didYouMean(near)
	case near != "":
		p.hint = didYouMean(join(append([]string{near}, path[1:]...)))
	case root == "and" || root == "or" || root == "not":
		p.hint = "write &&, || and !"
	default:
		p.hint = quoted("write %q in quotes if it is text", root)
	}
	return p
}

// names are the roots in scope.
func (c *compiler) names() []string {
	var out []string
	for _, r := range roots {
		if c.scope.allows(r) {
			out = append(out, r)
		}
	}
	out = append(out, sortedKeys(c.scope.Steps)...)
	out = append(out, sortedKeys(c.scope.inputs)...)
	out = append(out, sortedKeys(c.scope.locals)...)
	if c.scope.allows("objects") {
		for _, k := range sortedKeys(c.set.objects) {
			out = append(out, k+"s")
		}
	}
	return out
}

func (c *compiler) outOfScope(root string) *problem {
	p := &problem{check: "out-of-scope"}
	switch c.scope.only {
	case "event":
		p.message = quoted("%s sees the event alone, not %s", c.scope.what, root)
		p.hint = "use event. and its fields, so that late and repeated events end in the same state"
	case "objects":
		p.message = quoted("%s sees the objects of the account alone, not %s", c.scope.what, root)
		p.hint = choices("use one of ", c.names())
	case "outside":
		p.message = quoted("%s sees what was sent alone, not %s", c.scope.what, root)
		p.hint = choices("use one of ", c.names())
	default:
		p.message = "there is no event here"
		p.hint = "event exists inside the trigger or exit that names one with on:"
	}
	return p
}
