package rules

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/overloads"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// checkLiterals reports literals that can never be right: a text compared with
// an enum that does not have it, a day or span that is none.
func (c *compiler) checkLiterals(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case operators.Equals, operators.NotEquals, operators.In:
			if len(args) == 2 {
				c.checkEnum(args[0], args[1])
				c.checkEnum(args[1], args[0])
			}
			return
		}
		judge := literalOf(call.FunctionName())
		for _, a := range args {
			if judge == nil || !isText(a) {
				continue
			}
			if bad := judge(string(a.AsLiteral().(types.String))); bad != "" {
				c.report(c.extent(a), "bad-literal", "", "%s", bad)
			}
		}
	}))
}

// literalOf says what is wrong with a text argument of a function, ours or
// CEL's; nil when any text will do.
func literalOf(function string) func(text string) string {
	switch function {
	case overloads.Matches:
		return func(text string) string {
			if _, err := regexp.Compile(text); err != nil {
				return fmt.Sprintf("%q is no pattern", text)
			}
			return ""
		}
	case overloads.TypeConvertTimestamp:
		return func(text string) string {
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				return fmt.Sprintf("%q is not %s", text, Timestamp.words())
			}
			return ""
		}
	case overloads.TypeConvertDuration:
		return func(text string) string {
			if _, err := time.ParseDuration(text); err != nil {
				return fmt.Sprintf("%q is no duration; write hours(72) or days(3)", text)
			}
			return ""
		}
	}
	if f := functionNamed(function); f != nil {
		return f.literal
	}
	return nil
}

// checkEnum holds literal, a text or a list of texts, to the enum of the name beside it.
func (c *compiler) checkEnum(name, literal ast.Expr) {
	if name.Kind() != ast.IdentKind {
		return
	}
	s := c.slots[name.AsIdent()]
	if s == nil || len(s.enum) == 0 {
		return
	}
	items := []ast.Expr{literal}
	if literal.Kind() == ast.ListKind {
		items = literal.AsList().Elements()
	}
	for _, item := range items {
		if !isText(item) {
			continue
		}
		text := string(item.AsLiteral().(types.String))
		if !slices.Contains(s.enum, text) {
			c.report(c.extent(item), "unknown-choice", suggest(text, s.enum, choices("use one of ", s.enum)),
				"%s is never %q", s.name, text)
		}
	}
}

// checkDivisions warns where a whole number is divided by another, whose fraction
// CEL cuts as nobody expects, and where an index may be beyond the end of its list.
func (c *compiler) checkDivisions(checked *ast.AST) {
	ast.PostOrderVisit(checked.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		if args := e.AsCall().Args(); e.AsCall().FunctionName() == operators.Index && len(args) == 2 {
			if t := checked.GetType(args[0].ID()); t != nil && t.Kind() == types.ListKind {
				c.diags.Warnf(c.span(c.extent(e)), "short-list", "write .first(1), which takes what there is, and .exists(), .all() or .map() on it",
					"this fails where the list is shorter than the index")
			}
			return
		}
		if e.AsCall().FunctionName() != operators.Divide {
			return
		}
		if t := checked.GetType(e.ID()); t != nil && t.Kind() == types.IntKind {
			c.diags.Warnf(c.span(c.extent(e)), "cut-division", "write ratio(a, b, if_zero), or one of them with a point: 2.0",
				"a whole number divided by another loses its fraction")
		}
	}))
}

// fold computes calls of our functions whose arguments are all literals:
// days(30), percent(5), money(50000).
func (c *compiler) fold(root ast.Expr) {
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind || e.AsCall().IsMemberFunction() {
			return
		}
		call := e.AsCall()
		f := functionNamed(call.FunctionName())
		if f == nil || f.metric {
			return
		}
		args := call.Args()
		if f.facts {
			args = args[1:]
		}
		vals := make([]ref.Val, len(args))
		for i, a := range args {
			if a.Kind() != ast.LiteralKind {
				return
			}
			vals[i] = a.AsLiteral()
		}
		switch v := f.constant(vals); {
		case v == nil || types.IsUnknown(v):
		case types.IsError(v):
			c.report(c.extent(e), "bad-literal", "", "%s", v)
		default:
			e.SetKindCase(factory.NewLiteral(e.ID(), v))
		}
	}))
}

// constant is f of literals, or nil when it needs facts to say. date("…") is
// the one function of facts that, of a text, reads none.
func (f *Function) constant(args []ref.Val) ref.Val {
	for _, o := range f.overloads {
		if o.member || len(o.args) != len(args) {
			continue
		}
		fits := true
		for i, a := range args {
			fits = fits && o.args[i].IsAssignableRuntimeType(a)
		}
		switch {
		case fits && o.call != nil:
			return o.call(args)
		case fits && f.Name == "date" && o.args[0] == types.StringType:
			return o.with(nil, args)
		}
	}
	return nil
}
