package rules

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// typeErrors reports what the checker found, innermost and leftmost first; what
// follows from a reported mistake inside it is left out.
func (c *compiler) typeErrors(errs []*cel.Error) {
	nodes := c.nodes()
	slices.SortStableFunc(errs, func(a, b *cel.Error) int {
		return cmp.Compare(c.offset(a), c.offset(b))
	})
	var reported []place
	for _, err := range errs {
		at := place{c.offset(err), c.offset(err) + 1}
		e := nodes[err.ExprID]
		if e != nil {
			at = c.extent(e)
		}
		if slices.ContainsFunc(reported, func(p place) bool { return p.start < at.end && at.start < p.end }) {
			continue
		}
		reported = append(reported, at)
		c.typeError(at, e, err.Message)
	}
}

var (
	badBool     = regexp.MustCompile(`^expected type 'bool' but found '(.*)'$`)
	badField    = regexp.MustCompile(`^undefined field '(.*)'$`)
	noFields    = regexp.MustCompile(`^type '(.*)' does not support field selection$`)
	badRange    = regexp.MustCompile(`^expression of type '(.*)' cannot be range of a comprehension`)
	badUnknown  = regexp.MustCompile(`^undeclared reference to '(.*)' \(in container`)
	inContainer = regexp.MustCompile(` \(in container '.*'\)`)
	expecting   = regexp.MustCompile(` expecting .*$`)
)

func (c *compiler) typeError(at place, e ast.Expr, message string) {
	if name, args, ok := signature(message); ok {
		c.overloadError(at, e, name, args)
		return
	}
	if m := badBool.FindStringSubmatch(message); m != nil {
		c.report(at, "not-a-condition", "compare it with something", "this is %s, not a condition", typeWords(m[1]))
		return
	}
	if m := badField.FindStringSubmatch(message); m != nil {
		fields := c.objectFields()
		c.report(at, "unknown-field", suggest(m[1], fields, choices("declared: ", fields)), "unknown field %q", m[1])
		return
	}
	if m := noFields.FindStringSubmatch(message); m != nil {
		c.report(at, "unknown-field", "", "%s has no fields", typeWords(m[1]))
		return
	}
	if m := badRange.FindStringSubmatch(message); m != nil {
		c.report(at, "type-mismatch", "use it on a list, such as "+c.someList(), "%s is no list", typeWords(m[1]))
		return
	}
	if m := badUnknown.FindStringSubmatch(message); m != nil {
		c.report(at, "unknown-name", "", "unknown name %q", m[1])
		return
	}
	c.report(at, "bad-expression", "", "%s", cleaned(message))
}

// symbols are operators as authors write them.
var symbols = map[string]string{
	operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/", operators.Modulo: "%",
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=",
	operators.Greater: ">", operators.GreaterEquals: ">=", operators.In: "in", operators.Index: "[]",
	operators.LogicalNot: "!", operators.Negate: "-",
}

func (c *compiler) overloadError(at place, e ast.Expr, name string, args []string) {
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "facts" })
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = typeWords(a)
	}
	switch name {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if len(words) == 2 {
			c.comparisonError(at, e, args, words)
			return
		}
	case operators.In:
		if len(words) == 2 && words[1] != "a list" && words[1] != "a list of strings" {
			c.report(at, "type-mismatch", "write a list after in: [1, 2]", "in looks into a list, not into %s", words[1])
			return
		}
		c.report(at, "type-mismatch", "", "looks for %s in a list of something else", words[0])
		return
	case operators.Conditional:
		if len(args) == 3 && args[0] != "bool" {
			c.report(at, "not-a-condition", "compare it with something", "what stands before ? is %s, not a condition", words[0])
			return
		}
		c.report(at, "type-mismatch", "give both the same type", "one result is %s and the other %s", words[len(words)-2], words[len(words)-1])
		return
	case operators.LogicalNot:
		c.report(at, "not-a-condition", "compare it with something", "! turns a condition round, not %s", words[0])
		return
	}
	if sym, ok := symbols[name]; ok && len(words) == 2 {
		hint := ""
		if (words[0] == "a date" || words[0] == "a time") && words[1] == "a number" {
			hint = "write a length of time, such as days(30)"
		}
		c.report(at, "type-mismatch", hint, "%s does not work with %s and %s", sym, words[0], words[1])
		return
	} else if ok && len(words) == 1 {
		c.report(at, "type-mismatch", "", "%s does not work with %s", sym, words[0])
		return
	}
	c.argumentError(at, e, name, words)
}

func (c *compiler) comparisonError(at place, e ast.Expr, args, words []string) {
	hint := ""
	switch {
	case args[0] == args[1]:
		c.report(at, "type-mismatch", "compare with == or !=", "%s has no order", words[0])
		return
	case slices.Contains(args, "date") && slices.Contains(args, "string"):
		hint = "write the day as \"2026-03-01\""
	case slices.Contains(args, "timestamp") && slices.Contains(args, "string"):
		hint = "write the time as \"2026-03-01T09:00:00Z\""
	case strings.HasPrefix(args[0], "list(") || strings.HasPrefix(args[1], "list("):
		hint = "use in to look for one value in a list"
	case e != nil && e.Kind() == ast.CallKind && slices.Contains(args, "string"):
		hint = c.literalHint(e.AsCall().Args(), args)
	}
	c.report(at, "type-mismatch", hint, "compares %s with %s", words[0], words[1])
}

// literalHint says how to write the literal beside a field.
func (c *compiler) literalHint(operands []ast.Expr, args []string) string {
	for i, o := range operands {
		if o.Kind() != ast.LiteralKind || len(args) <= i {
			continue
		}
		at := c.extent(o)
		text := string(c.runes[at.start:min(at.end, len(c.runes))])
		if args[i] != "string" {
			return quoted("write %q, with quotes", text)
		}
		if bare := strings.Trim(text, `"'`); bare == "true" || bare == "false" || isNumber(bare) {
			return "remove the quotes from " + text
		}
	}
	return ""
}

func isNumber(s string) bool {
	_, ok := number(s)
	return ok
}

// argumentError says what a function takes.
func (c *compiler) argumentError(at place, e ast.Expr, name string, words []string) {
	what := "nothing"
	if len(words) > 0 {
		what = strings.Join(words, ", ")
	}
	if e != nil && e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() && len(words) > 0 {
		on := words[0]
		if what = strings.Join(words[1:], ", "); what == "" {
			what = "nothing"
		}
		what += " on " + on
	}
	hint := ""
	if f := functionNamed(name); f != nil {
		hint = "write " + f.Signature
	}
	c.report(at, "type-mismatch", hint, "%s() does not take %s", strings.Trim(name, "@_"), what)
}

func (c *compiler) unknownFunction(e ast.Expr) {
	name := e.AsCall().FunctionName()
	if c.calledName(e) || c.calledMonths(e) {
		return
	}
	var known []string
	for f := range c.set.env.Functions() {
		if plainName.MatchString(f) {
			known = append(known, f)
		}
	}
	known = append(known, "has", "all", "exists", "exists_one", "map", "filter")
	slices.Sort(known)
	at := c.extent(e)
	if e.AsCall().IsMemberFunction() {
		if own, ok := c.tree.SourceInfo().GetOffsetRange(e.ID()); ok {
			start := max(0, int(own.Start)-len([]rune(name)))
			at = place{start, int(own.Start)}
		}
	} else {
		at.end = at.start + len([]rune(name))
	}
	hint := suggest(name, known, "")
	if slices.Contains(known, name) {
		hint = quoted("%s() is written with other arguments", name)
	}
	c.report(at, "unknown-function", hint, "unknown function %q", name)
}

// objectFields are the field names of all object kinds.
func (c *compiler) objectFields() []string {
	var out []string
	for _, o := range c.set.objects {
		out = append(out, o.fields.names()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (c *compiler) someList() string {
	for _, kind := range sortedKeys(c.set.objects) {
		return kind + "s"
	}
	return "[1, 2]"
}

// offset of an error in runes.
func (c *compiler) offset(err *cel.Error) int {
	line, col := err.Location.Line(), err.Location.Column()
	at := 0
	for ; line > 1 && at < len(c.runes); at++ {
		if c.runes[at] == '\n' {
			line--
		}
	}
	return min(at+max(col, 0), len(c.runes))
}

// cleaned is a message of the library without what only its makers understand.
func cleaned(message string) string {
	message, _, _ = strings.Cut(message, "\n")
	message = strings.TrimPrefix(message, "Syntax error: ")
	message = inContainer.ReplaceAllString(message, "")
	message = expecting.ReplaceAllString(message, "")
	message = strings.TrimPrefix(message, "ERROR: <input>:")
	return strings.TrimSuffix(strings.ReplaceAll(message, "'", "\""), ".")
}
