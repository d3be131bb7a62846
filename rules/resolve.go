package rules

import (
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
)

// factory makes nodes of syntax trees; it has no state.
var factory = ast.NewExprFactory()

// resolve turns the names below e into the variables they mean, gives functions
// the facts they read, and reports what does not exist. locals are the names
// that loops around e bind.
func (c *compiler) resolve(e ast.Expr, locals []string) {
	switch e.Kind() {
	case ast.IdentKind, ast.SelectKind:
		c.resolvePath(e, locals)
	case ast.CallKind:
		c.resolveCall(e, locals)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			c.resolve(item, locals)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			c.resolve(entry.AsMapEntry().Key(), locals)
			c.resolve(entry.AsMapEntry().Value(), locals)
		}
	case ast.ComprehensionKind:
		c.loops = true
		l := e.AsComprehension()
		c.resolve(l.IterRange(), locals)
		c.resolve(l.AccuInit(), locals)
		inner := append(slices.Clone(locals), l.IterVar(), l.AccuVar())
		if l.HasIterVar2() {
			inner = append(inner, l.IterVar2())
		}
		c.resolve(l.LoopCondition(), inner)
		c.resolve(l.LoopStep(), inner)
		c.resolve(l.Result(), append(slices.Clone(locals), l.AccuVar()))
	case ast.StructKind:
		c.report(c.extent(e), "bad-expression", "", "an expression cannot make an object")
	case ast.LiteralKind:
		if e.AsLiteral() == types.NullValue {
			c.report(c.extent(e), "type-mismatch", "use has() to ask whether a field is set", "null is no value of a field")
		}
	case ast.UnspecifiedExprKind:
	}
}

// path is e as a dotted name; ok is false when something else is below it.
func path(e ast.Expr) (parts []string, ok bool) {
	for e.Kind() == ast.SelectKind {
		parts = append(parts, e.AsSelect().FieldName())
		e = e.AsSelect().Operand()
	}
	if e.Kind() != ast.IdentKind {
		return nil, false
	}
	parts = append(parts, e.AsIdent())
	slices.Reverse(parts)
	if parts[0] != "" && parts[0][0] == '.' { // .account: CEL's way to say the outermost
		parts[0] = parts[0][1:]
	}
	return parts, true
}

func (c *compiler) resolvePath(e ast.Expr, locals []string) {
	parts, ok := path(e)
	if !ok {
		c.resolve(e.AsSelect().Operand(), locals)
		return
	}
	if slices.Contains(locals, parts[0]) {
		return
	}
	s, used, p := c.lookup(parts)
	if p != nil {
		c.report(c.extent(e), p.check, p.hint, "%s", p.message)
		return
	}
	if used < len(parts) && s.typ != Any {
		c.report(c.extent(e), "unknown-field", quoted("%s is %s and has no fields", s.name, s.typ.words()),
			"unknown field %q", join(parts))
		return
	}
	asked := e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly()
	if asked && used == len(parts) {
		c.use(e, &slot{origin: fromHas, name: "@has." + s.name, typ: Bool, cel: celType(Bool), unset: s.unset, tested: s})
		return
	}
	node := e
	for n := len(parts); n > used; n-- {
		node = node.AsSelect().Operand()
	}
	c.use(node, s)
}

// use makes e the variable of s.
func (c *compiler) use(e ast.Expr, s *slot) {
	c.places[e.ID()] = c.extent(e)
	c.slots[s.name] = s
	e.SetKindCase(factory.NewIdent(e.ID(), s.name))
}

func (c *compiler) resolveCall(e ast.Expr, locals []string) {
	call := e.AsCall()
	name := call.FunctionName()
	if !c.set.env.HasFunction(name) || name[0] == '@' && name != "@in" && name != "@not_strictly_false" {
		c.unknownFunction(e)
		return
	}
	if name == overloads.Matches {
		c.loops = true // a pattern's cost is counted too
	}
	if call.IsMemberFunction() {
		c.resolve(call.Target(), locals)
	}
	f := functionNamed(name)
	args := call.Args()
	if f != nil && f.metric && len(args) > 0 {
		c.metricArg(f, args[0])
		args = args[1:]
	}
	for _, a := range args {
		c.resolve(a, locals)
	}
	if f == nil {
		return
	}
	c.checkAtLeast(f, e)
	if f.Name == percentile {
		c.population(e)
	}
	c.reads = c.reads.ofFunction(f)
	if f.calendar && len(args) > 1 {
		c.calendarArg(args[len(args)-1])
	}
	if f.facts {
		c.withFacts(e)
	}
}

// metricArg makes metric.name the metric itself, not its value.
func (c *compiler) metricArg(f *Function, arg ast.Expr) {
	parts, ok := path(arg)
	if !ok || len(parts) != 2 || parts[0] != "metric" {
		c.report(c.extent(arg), "type-mismatch", "write "+f.Signature, "%s takes the name of a metric first, such as metric.logins", f.Name)
		return
	}
	if !c.scope.allows("metric") {
		p := c.outOfScope("metric")
		c.report(c.extent(arg), p.check, p.hint, "%s", p.message)
		return
	}
	s, _, p := c.ruleSlot(parts)
	if p != nil {
		c.report(c.extent(arg), p.check, p.hint, "%s", p.message)
		return
	}
	c.use(arg, &slot{origin: fromSeries, name: "@metric." + s.field, field: s.field, cel: s.metric.argType(), metric: s.metric, unset: s.unset})
}

// calendarArg holds the last argument of a function to the declared calendars.
func (c *compiler) calendarArg(arg ast.Expr) {
	if !isText(arg) {
		c.report(c.extent(arg), "type-mismatch", "write the calendar's name in quotes", "a calendar is named by a literal text")
		return
	}
	name := string(arg.AsLiteral().(types.String))
	cal := c.set.Calendar(name)
	if cal == nil {
		names := c.set.Calendars()
		c.report(c.extent(arg), "unknown-calendar", suggest(name, names, choices("declared: ", names)), "unknown calendar %q", name)
		return
	}
	if p := c.reach(&cal.rule); p != nil {
		c.report(c.extent(arg), p.check, p.hint, "%s", p.message)
		return
	}
	c.reads = c.reads.with(cal.Reads())
}

// factsName is the variable behind the hidden argument.
const factsName = "@facts"

// withFacts puts the hidden argument before the written ones.
func (c *compiler) withFacts(e ast.Expr) {
	call := e.AsCall()
	c.places[e.ID()] = c.extent(e)
	args := append([]ast.Expr{c.factsArg(e)}, call.Args()...)
	if call.IsMemberFunction() {
		e.SetKindCase(factory.NewMemberCall(e.ID(), call.FunctionName(), call.Target(), args...))
		return
	}
	e.SetKindCase(factory.NewCall(e.ID(), call.FunctionName(), args...))
}

func (c *compiler) factsArg(near ast.Expr) ast.Expr {
	c.slots[factsName] = &slot{origin: fromFacts, name: factsName, cel: factsType}
	arg := factory.NewIdent(c.id(), factsName)
	c.places[arg.ID()] = c.extent(near)
	return arg
}

// id is one that no node has.
func (c *compiler) id() int64 {
	c.nextID++
	return c.nextID
}
