package rules

import (
	"unicode/utf8"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"holdfast/internal/diag"
)

// Compile checks src in scope. want Any accepts every type; a number where
// money, a percentage or a double is wanted is one, and a moment where a date is
// wanted is its local day. Findings are in our words at the places that spans
// (one for each rune of src, and one for the end) name; e is nil when one of
// them is an error.
func (s *Set) Compile(src string, spans []diag.Span, sc Scope, want Type) (*Expr, []diag.Diagnostic) {
	key := memoKey{src, sc.Event, want}
	if e := s.memo.get(key, sc); e != nil {
		return e, nil
	}
	c := &compiler{set: s, scope: &scope{Scope: sc}, src: src, spans: spans}
	e := c.compile(want)
	if e != nil && len(c.diags.All) == 0 {
		s.memo.put(key, sc, e)
	}
	return e, c.diags.All
}

// compiler compiles one expression.
type compiler struct {
	set    *Set
	loader *loader // while the project is being loaded; rules are compiled on demand
	scope  *scope
	src    string
	spans  []diag.Span
	diags  diag.List

	runes  []rune
	parsed *cel.Ast
	tree   *ast.AST
	slots  map[string]*slot
	places map[int64]place // of nodes that were rewritten
	nextID int64
	loops  bool
	reads  Reads
}

func (c *compiler) compile(want Type) *Expr {
	if len(c.src) > maxSource {
		c.report(place{0, 1}, "bad-expression", "split it into a segment or a decision", "the expression is longer than %d KiB", maxSource>>10)
		return nil
	}
	if !utf8.ValidString(c.src) {
		c.report(place{0, 1}, "bad-expression", "save the file as UTF-8", "the expression is not UTF-8")
		return nil
	}
	c.runes = []rune(c.src)
	c.slots, c.places = map[string]*slot{}, map[int64]place{}
	parsed, iss := c.set.env.Parse(c.src)
	if iss.Err() != nil {
		c.syntaxError(iss)
		return nil
	}
	c.parsed, c.tree = parsed, parsed.NativeRep()
	c.nextID = ast.MaxID(c.tree) + 1
	c.resolve(c.tree.Expr(), nil)
	if c.diags.Failed() {
		return nil
	}
	checked := c.check()
	if checked == nil {
		return nil
	}
	if checked = c.wanted(checked, want); checked == nil {
		return nil
	}
	c.checkLiterals(c.tree.Expr())
	c.checkDivisions(checked.NativeRep())
	if c.diags.Failed() {
		return nil
	}
	if c.fold(c.tree.Expr()); c.diags.Failed() {
		return nil
	}
	return c.program(checked)
}

// check type-checks, with numbers promoted to the types they stand beside. nil
// was reported.
func (c *compiler) check() *cel.Ast {
	const rounds = 64 // a promotion can make the next one possible, outwards
	for range rounds {
		env, err := c.env()
		if err != nil {
			c.report(place{0, len(c.runes)}, "bad-expression", "", "the expression cannot be checked: %s", cleaned(err.Error()))
			return nil
		}
		checked, iss := env.Check(c.parsed)
		if iss.Err() == nil {
			return checked
		}
		if !c.promote(iss.Errors()) {
			c.typeErrors(iss.Errors())
			return nil
		}
	}
	c.report(place{0, len(c.runes)}, "bad-expression", "split it into a segment or a decision", "the expression mixes too many types")
	return nil
}

// env is the set's environment and the names that c uses.
func (c *compiler) env() (*cel.Env, error) {
	vars := make([]cel.EnvOption, 0, len(c.slots))
	for name, s := range c.slots {
		vars = append(vars, cel.Variable(name, s.cel))
	}
	return c.set.env.Extend(vars...)
}

// wanted holds the result to a type. nil was reported.
func (c *compiler) wanted(checked *cel.Ast, want Type) *cel.Ast {
	got := checked.OutputType()
	have := typeOf(got)
	if want == Any || have == want || got.Kind() == types.DynKind {
		return checked
	}
	root := c.tree.Expr()
	if c.convert(root, have, want) {
		return c.check()
	}
	at := c.extent(root)
	switch {
	case want == Bool && (have == Any || have == Strings):
		c.report(at, "not-a-condition", "compare it, or use .exists() or .all()", "this is %s, not a condition", typeWords(got.String()))
	case want == Bool:
		c.report(at, "not-a-condition", "compare it with something", "this is %s, not a condition", typeWords(got.String()))
	default:
		c.report(at, "type-mismatch", "", "this is %s, not %s", typeWords(got.String()), want.words())
	}
	return nil
}

// program plans the checked tree. Cost is counted only where there is a loop or
// a pattern: all else is bounded by the size of the source, and counting makes
// evaluation four times as slow.
func (c *compiler) program(checked *cel.Ast) *Expr {
	opts := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if c.loops {
		opts = append(opts, cel.CostLimit(maxCost))
	}
	prog, err := c.set.env.Program(checked, opts...)
	if err != nil {
		c.report(place{0, len(c.runes)}, "bad-expression", "", "%s", cleaned(err.Error()))
		return nil
	}
	for _, name := range sortedKeys(c.slots) {
		c.reads = c.reads.of(c.slots[name])
	}
	e := &Expr{set: c.set, src: c.src, typ: typeOf(checked.OutputType()), prog: prog, scope: c.scope, slots: c.slots, reads: c.reads, edges: edgesOf(checked.NativeRep().Expr())}
	if out := checked.OutputType(); out.Kind() == types.ListKind {
		e.elem = out.Parameters()[0]
	}
	if e.typ == Bool {
		native := checked.NativeRep()
		e.logic = c.shape(c.tree.Expr(), func(n ast.Expr) Type { return typeOf(native.GetType(n.ID())) })
	}
	return e
}
