package lsp

import (
	"maps"
	"slices"
	"strings"

	"holdfast/internal/schema"
	"holdfast/rules"
)

// scope is what an expression at a place may name.
type scope struct {
	a      *analysis
	events []string // of which event has the fields
	only   string   // event or objects: nothing else is in scope
	steps  []step
	tree   *tree
	book   *book
	inputs *node // a decision's
	items  []item
}

// item is the name of an open item of a list, and what the list begins with.
type item struct {
	name string
	over []string
}

// itemsAt are those of the steps around p that take each item of a list.
func itemsAt(p place) []item {
	var out []item
	for _, l := range p.levels {
		as, list := l.in.get("as"), l.in.get("each")
		if !isStep(l.m) || as == nil || list == nil || l.key == nil || l.key.Type != "steps" {
			continue
		}
		x := expressionAt(p.tree, list)
		out = append(out, item{p.tree.word(as), x.root(len(x.tokens) - 1)})
	}
	return out
}

// ruleItems are the items as the compiler takes them.
func (x *scope) ruleItems() map[string]rules.Item {
	out := map[string]rules.Item{}
	for _, it := range x.items {
		out[it.name] = rules.Item{Type: rules.String}
		if kind, ok := strings.CutSuffix(first(it.over), "s"); ok && len(x.objectFields(kind+"s")) > 0 {
			out[it.name] = rules.Item{Object: kind}
		}
	}
	return out
}

// member is a name, or the next part of one.
type member struct {
	name, detail, doc string
	kind              int
	def               string // key of its definition
	enum              []string
}

// scopeAt is the scope of the expressions at p.
func (a *analysis) scopeAt(p place) *scope {
	a.index()
	x := &scope{a: a, tree: p.tree}
	if p.kind == nil {
		return x
	}
	switch p.kind.Name {
	case "playbook":
		x.book = a.books[p.tree.word(p.root.get("playbook"))]
		x.items = itemsAt(p)
		if in := p.inStep(); in != nil {
			for _, s := range stepsOf(p.tree, p.root, p.kind) {
				if s.node.start <= in.start || s.node.start >= in.start && s.node.end <= in.end {
					x.steps = append(x.steps, s)
				}
			}
			x.unfold()
			return x
		}
		if len(p.levels) > 0 {
			x.events = p.tree.list(p.levels[len(p.levels)-1].in.get("on"))
		}
	case "mapping", "metric":
		x.only = "event"
		x.events = p.tree.list(p.root.get("on"))
		if x.events == nil && p.kind.Name == "metric" {
			x.events = p.tree.list(p.root.get("count"))
		}
	case "object":
		x.only = "objects"
	case "decision":
		x.inputs = p.root.get("inputs")
	}
	return x
}

// unfold adds the steps that one step stands for, such as the stages of an
// escalation: the playbook has them, the file does not.
func (x *scope) unfold() {
	if x.book == nil {
		return
	}
	written := slices.Clone(x.steps)
	for _, id := range sortedKeys(x.book.fields) {
		for _, s := range written {
			if s.id != "" && strings.HasPrefix(id, s.id+"_") && !slices.Contains(x.book.ids, id) {
				x.steps = append(x.steps, step{id: id, verb: s.verb, node: s.node, idNode: s.idNode, parent: -1, playbook: s.playbook})
				break
			}
		}
	}
}

// list of words at n, or the one there.
func (t *tree) list(n *node) []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, it := range n.items {
		out = append(out, t.word(it))
	}
	if w := t.word(n); w != "" {
		out = append(out, w)
	}
	return out
}

// roots of expressions.
func (x *scope) roots() []member {
	var out []member
	for _, s := range x.steps {
		if s.id != "" {
			out = append(out, member{name: s.id, detail: "step: " + s.verb, kind: kindReference, doc: x.stepDoc(s)})
		}
	}
	for _, it := range x.items {
		out = append(out, member{name: it.name, detail: "an item of " + strings.Join(it.over, "."), kind: kindVariable})
	}
	if x.only == "" {
		out = append(out,
			member{name: "account", detail: "the account", kind: kindVariable, doc: "Fields of the customer's account."},
			member{name: "contact", detail: "the contact", kind: kindVariable, doc: "Fields of the contact whom it is about."},
			member{name: "metric", detail: "metrics", kind: kindModule, doc: "Counts and sums of events in the last days."},
			member{name: "score", detail: "scores", kind: kindModule, doc: "0 to 100, explained signal by signal."},
			member{name: "decide", detail: "decisions", kind: kindModule, doc: "What decision tables say of the account."},
			member{name: "segment", detail: "segments", kind: kindModule, doc: "Named conditions of accounts."},
		)
		for _, e := range x.inputEntries() {
			out = append(out, member{name: e.key, detail: "input", kind: kindVariable})
		}
	}
	if len(x.events) > 0 {
		out = append(out, member{name: "event", detail: strings.Join(x.events, ", "), kind: kindVariable, doc: "The event that it is about."})
	}
	if x.only != "event" {
		out = append(out, member{name: "now", detail: "timestamp", kind: kindVariable, doc: "This moment."})
		for _, kind := range x.a.project.Rules.ObjectKinds() {
			out = append(out, member{name: kind + "s", detail: "list of " + kind, kind: kindVariable, doc: x.a.defs["object:"+kind].summary, def: "object:" + kind})
		}
	}
	return out
}

func (x *scope) inputEntries() []*entry {
	if x.inputs == nil {
		return nil
	}
	return x.inputs.entries
}

func (x *scope) stepDoc(s step) string {
	v := x.a.stepMap().Variant([]string{s.verb})
	if v == nil {
		return ""
	}
	return v.Summary
}

func (a *analysis) stepMap() *schema.Map {
	return schema.KindNamed(a.kinds, "playbook").Map.Key("steps", nil).Below
}

// fields below a root with the dots in their names, as members.
func (x *scope) fields(root string) []member {
	set := x.a.project.Rules
	of := func(fields []rules.Field, prefix string) []member {
		var out []member
		for _, f := range fields {
			detail := string(f.Type)
			if len(f.Enum) > 0 {
				detail += ": " + strings.Join(f.Enum, ", ")
			}
			out = append(out, member{name: f.Name, detail: detail, doc: f.Summary, kind: kindField, def: prefix + f.Name, enum: f.Enum})
		}
		return out
	}
	switch root {
	case "account":
		return of(set.AccountFields(), "account.")
	case "contact":
		return of(set.ContactFields(), "contact.")
	case "event":
		out := []member{{name: "at", detail: "timestamp", doc: "When it happened.", kind: kindField}}
		for _, name := range x.events[:min(len(x.events), 1)] {
			fields, _ := set.EventFields(name)
			out = append(out, of(fields, "event:"+name+".")...)
		}
		return out
	case "metric":
		var out []member
		for _, m := range set.Metrics() {
			out = append(out, member{name: m.Name, detail: string(m.Type) + ", of " + strings.Join(m.Events, ", "), doc: x.a.defs["metric:"+m.Name].summary, kind: kindField, def: "metric:" + m.Name})
		}
		return out
	case "segment":
		var out []member
		for _, name := range set.Segments() {
			out = append(out, member{name: name, detail: "bool", doc: x.a.defs["segment:"+name].summary, kind: kindField, def: "segment:" + name})
		}
		return out
	case "score":
		var out []member
		for _, name := range set.Scores() {
			d := x.a.defs["score:"+name]
			out = append(out, member{name: name + ".value", detail: "0 to 100", doc: d.summary, kind: kindField, def: "score:" + name})
			if bands := set.ScoreBands(name); bands != nil {
				out = append(out, member{name: name + ".band", detail: strings.Join(bands, ", "), doc: d.summary, kind: kindField, def: "score:" + name, enum: bands})
			}
		}
		return out
	case "decide":
		var out []member
		for _, name := range set.Decisions() {
			for _, m := range of(set.DecisionFields(name), "") {
				m.name, m.def, m.doc = name+"."+m.name, "decision:"+name, x.a.defs["decision:"+name].summary
				out = append(out, m)
			}
		}
		return out
	}
	for _, it := range x.items {
		if it.name == root {
			return x.objectFields(first(it.over))
		}
	}
	return x.results(root)
}

// results of a step.
func (x *scope) results(id string) []member {
	i := slices.IndexFunc(x.steps, func(s step) bool { return s.id == id })
	if i < 0 {
		return nil
	}
	s := x.steps[i]
	types := map[string]rules.Type{"outcome": rules.String, "at": rules.Timestamp}
	if x.book != nil && x.book.fields[id] != nil {
		types = x.book.fields[id]
	}
	if form := s.node.get("form"); form != nil {
		types = maps.Clone(types)
		for _, e := range form.entries { // asked since the project was read
			if _, known := types[e.key]; !known && x.tree.word(e.val.get("text")) == "" {
				types[e.key] = rules.String
			}
		}
	}
	var out []member
	for _, name := range sortedKeys(types) {
		m := member{name: name, detail: string(types[name]), kind: kindField, doc: "Of the step " + id + "."}
		if choose := s.node.get("form").get(name).get("choose"); choose != nil {
			m.enum = x.tree.list(choose)
			m.detail += ": " + strings.Join(m.enum, ", ")
		}
		out = append(out, m)
	}
	return out
}

// objectFields of the kind whose list is called list.
func (x *scope) objectFields(list string) []member {
	kind, ok := strings.CutSuffix(list, "s")
	if !ok {
		return nil
	}
	var out []member
	for _, f := range x.a.project.Rules.ObjectFields(kind) {
		out = append(out, member{name: f.Name, detail: string(f.Type), doc: f.Summary, kind: kindField, def: "object:" + kind + "." + f.Name, enum: f.Enum})
	}
	return out
}

// resolve finds the longest name that path begins with; used is how many parts
// of path it takes.
func (x *scope) resolve(path []string) (m member, used int, ok bool) {
	fields := x.fields(path[0])
	for n := len(path); n > 1; n-- {
		name := strings.Join(path[1:n], ".")
		for _, f := range fields {
			if f.name == name {
				return f, n, true
			}
		}
	}
	for _, r := range x.roots() {
		if r.name == path[0] {
			return r, 1, true
		}
	}
	return member{}, 0, false
}

// next are the parts that may follow path and a dot.
func (x *scope) next(path []string) []member {
	fields := x.fields(path[0])
	prefix := strings.Join(path[1:], ".")
	if prefix != "" {
		prefix += "."
	}
	var out []member
	for _, f := range fields {
		rest, ok := strings.CutPrefix(f.name, prefix)
		if !ok || rest == "" {
			continue
		}
		part, more, grouped := strings.Cut(rest, ".")
		if grouped {
			if slices.ContainsFunc(out, func(m member) bool { return m.name == part }) {
				continue
			}
			f = member{detail: more + " …", doc: f.doc, kind: kindModule, def: f.def}
		}
		f.name = part
		out = append(out, f)
	}
	return out
}

// typeOf an expression that could stand here; "" when it is wrong or no single type.
func (x *scope) typeOf(src string) rules.Type {
	sc := rules.Scope{Steps: map[string]map[string]rules.Type{}, Items: x.ruleItems()}
	if len(x.events) > 0 {
		sc.Event = x.events[0]
	}
	if x.book != nil {
		sc.Steps = x.book.fields
	}
	e, _ := x.a.project.Rules.Compile(src, nil, sc, rules.Any)
	if e == nil {
		return ""
	}
	return e.Type()
}
