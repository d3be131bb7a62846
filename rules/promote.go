package rules

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// noOverload reads the one message of the checker that says which types met.
var noOverload = regexp.MustCompile(`^found no matching overload for '(.+)' applied to '(.*)'$`)

// signature is the function and argument types of such a message, the target
// of a method first.
func signature(message string) (name string, args []string, ok bool) {
	m := noOverload.FindStringSubmatch(message)
	if m == nil {
		return "", nil, false
	}
	text := m[2]
	if i := strings.Index(text, ".("); i > 0 && !strings.HasPrefix(text, "(") {
		args = append(args, text[:i])
		text = text[i+1:]
	}
	return m[1], append(args, split(strings.TrimSuffix(strings.TrimPrefix(text, "("), ")"))...), true
}

// split cuts at commas that no bracket holds.
func split(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	if last := strings.TrimSpace(s[from:]); last != "" {
		out = append(out, last)
	}
	return out
}

// promote gives operands the type of what they stand beside, where the checker
// found none that fits: a plain number beside money is money, a whole number
// beside a fraction is one too, text beside a date is a date, a date beside a
// moment is its beginning. It reports whether anything changed.
func (c *compiler) promote(errs []*cel.Error) bool {
	nodes := c.nodes()
	changed := false
	for _, err := range errs {
		name, args, ok := signature(err.Message)
		e := nodes[err.ExprID]
		if !ok || e == nil || e.Kind() != ast.CallKind {
			continue
		}
		if c.promoteCall(e, name, args) {
			changed = true
		}
	}
	return changed
}

// nodes are all nodes of the tree by id.
func (c *compiler) nodes() map[int64]ast.Expr {
	out := map[int64]ast.Expr{}
	ast.PostOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) { out[e.ID()] = e }))
	return out
}

func (c *compiler) promoteCall(e ast.Expr, name string, args []string) bool {
	call := e.AsCall()
	operands := call.Args()
	if call.IsMemberFunction() {
		operands = append([]ast.Expr{call.Target()}, operands...)
	}
	if len(operands) != len(args) {
		return false
	}
	switch name {
	case operators.Multiply:
		if len(args) == 2 && args[1] == "money" && (args[0] == "int" || args[0] == "double") {
			e.SetKindCase(factory.NewCall(e.ID(), name, operands[1], operands[0]))
			return true
		}
		if len(args) == 2 && args[1] == "percent" && (args[0] == "int" || args[0] == "double") {
			e.SetKindCase(factory.NewCall(e.ID(), name, operands[1], operands[0]))
			return true
		}
		return c.alike(operands, args, "double")
	case operators.Divide:
		return c.alike(operands, args, "double")
	case operators.Conditional:
		return c.alike(operands[1:], args[1:], "money", "percent", "double", "date", "timestamp")
	case operators.Add, operators.Subtract, operators.Equals, operators.NotEquals,
		operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if c.shiftedDate(operands, args) {
			return true
		}
		return c.alike(operands, args, "money", "percent", "double", "timestamp", "date")
	}
	if f := functionNamed(name); f != nil && slices.Contains(args, "int") {
		return c.doubles(operands, args)
	}
	return false
}

// alike converts the operands to the first of types that one of them has.
func (c *compiler) alike(operands []ast.Expr, args []string, ts ...string) bool {
	for _, t := range ts {
		if !slices.Contains(args, t) {
			continue
		}
		changed := false
		for i, have := range args {
			if have != t && c.convert(operands[i], Type(have), Type(t)) {
				changed = true
			}
		}
		return changed
	}
	return false
}

// doubles converts the whole numbers among a function's arguments.
func (c *compiler) doubles(operands []ast.Expr, args []string) bool {
	changed := false
	for i, have := range args {
		if have == "int" && c.convert(operands[i], Int, Double) {
			changed = true
		}
	}
	return changed
}

// shiftedDate makes a date that a duration moves its first moment.
func (c *compiler) shiftedDate(operands []ast.Expr, args []string) bool {
	at := slices.Index(args, "date")
	return len(args) == 2 && at >= 0 && args[1-at] == "duration" && c.convert(operands[at], Date, Timestamp)
}

// convert makes e of type have an e of type want, if there is a way.
func (c *compiler) convert(e ast.Expr, have, want Type) bool {
	number := have == Int || have == Double
	switch {
	case want == Double && have == Int:
		if n, ok := intLiteral(e); ok {
			e.SetKindCase(factory.NewLiteral(e.ID(), types.Double(n)))
			return true
		}
		c.wrap(e, "double", false)
	case want == Money && number:
		c.wrap(e, "money", false)
	case want == Percent && number:
		c.wrap(e, "percent", false)
	case want == Date && have == Timestamp:
		c.wrap(e, "date", true)
		c.reads = c.reads.ofFunction(&funcDate)
	case want == Timestamp && have == Date:
		c.wrap(e, startOf, true)
		c.reads = c.reads.ofFunction(&funcDate)
	case want == Date && have == String && isText(e):
		c.wrap(e, "date", true)
	case want == Timestamp && have == String && isText(e):
		return c.momentLiteral(e)
	default:
		return false
	}
	return true
}

// wrap makes e the argument of a function.
func (c *compiler) wrap(e ast.Expr, function string, facts bool) {
	at := c.extent(e)
	inner := factory.NewUnspecifiedExpr(c.id())
	inner.SetKindCase(e)
	c.places[inner.ID()], c.places[e.ID()] = at, at
	args := []ast.Expr{inner}
	if facts {
		args = []ast.Expr{c.factsArg(inner), inner}
	}
	e.SetKindCase(factory.NewCall(e.ID(), function, args...))
}

// momentLiteral turns a text such as "2026-03-01" beside a moment into one; a
// day is its local beginning.
func (c *compiler) momentLiteral(e ast.Expr) bool {
	text := string(e.AsLiteral().(types.String))
	if badDate(text) != "" {
		return false
	}
	if len(text) == len("2006-01-02") {
		c.wrap(e, "date", true)
		c.wrap(e, startOf, true)
		c.reads = c.reads.ofFunction(&funcDate)
		return true
	}
	t, err := Typed(Timestamp, text)
	if err != nil {
		return false
	}
	at := c.extent(e)
	e.SetKindCase(factory.NewLiteral(e.ID(), types.String(t.(time.Time).Format(time.RFC3339Nano))))
	c.wrap(e, "timestamp", false)
	c.places[e.ID()] = at
	return true
}

func intLiteral(e ast.Expr) (int64, bool) {
	if e.Kind() != ast.LiteralKind {
		return 0, false
	}
	n, ok := e.AsLiteral().(types.Int)
	return int64(n), ok
}

func isText(e ast.Expr) bool {
	if e.Kind() != ast.LiteralKind {
		return false
	}
	_, ok := e.AsLiteral().(types.String)
	return ok
}
