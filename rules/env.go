package rules

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// Limits of one expression.
const (
	maxSource = 8 << 10 // bytes
	maxCost   = 100_000 // CEL's cost units in one evaluation, counted when there is a loop
	maxDepth  = 100     // nesting
)

// newEnv is the environment that every expression of s extends with the names
// it uses: CEL, our types and functions, the fields of objects.
func newEnv(s *Set) *cel.Env {
	registry, err := types.NewRegistry()
	if err != nil {
		panic(err) //nolint:forbidigo // built from constants: only a broken build fails
	}
	opts := []cel.EnvOption{
		cel.CustomTypeAdapter(adapter{}),
		cel.CustomTypeProvider(provider{Provider: registry, objects: s.objects}),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(maxSource),
	}
	opts = append(opts, operatorsOfOurTypes()...)
	for i := range Functions {
		opts = append(opts, Functions[i].options())
	}
	opts = append(opts, startOfDay())
	env, err := cel.NewEnv(opts...)
	if err != nil {
		panic(err) //nolint:forbidigo // as above: a signature of ours clashes
	}
	if _, iss := env.Compile("true"); iss.Err() != nil { // builds the checker that extensions share
		panic(iss.Err()) //nolint:forbidigo // as above
	}
	return env
}

// operatorsOfOurTypes lets CEL's operators take money, percentages and dates;
// the values themselves compute.
func operatorsOfOurTypes() []cel.EnvOption {
	type sig struct {
		op           string
		a, b, result *types.Type
	}
	m, p, d, i, f := moneyType, percentType, dateType, types.IntType, types.DoubleType
	sigs := []sig{
		{op: operators.Add, a: m, b: m, result: m}, {op: operators.Add, a: p, b: p, result: p},
		{op: operators.Subtract, a: m, b: m, result: m}, {op: operators.Subtract, a: p, b: p, result: p},
		{op: operators.Subtract, a: d, b: d, result: types.DurationType},
		{op: operators.Multiply, a: m, b: i, result: m}, {op: operators.Multiply, a: m, b: f, result: m},
		{op: operators.Multiply, a: m, b: p, result: m}, {op: operators.Multiply, a: p, b: m, result: m},
		{op: operators.Multiply, a: p, b: i, result: p}, {op: operators.Multiply, a: p, b: f, result: p},
		{op: operators.Divide, a: m, b: m, result: f}, {op: operators.Divide, a: m, b: i, result: m}, {op: operators.Divide, a: m, b: f, result: m},
	}
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		for _, t := range []*types.Type{m, p, d} {
			sigs = append(sigs, sig{op: op, a: t, b: t, result: types.BoolType})
		}
	}
	var out []cel.EnvOption
	for _, s := range sigs {
		id := s.op + "_" + s.a.TypeName() + "_" + s.b.TypeName()
		out = append(out, cel.Function(s.op, cel.Overload(id, []*types.Type{s.a, s.b}, s.result)))
	}
	return append(out, cel.Function(operators.Negate, cel.Overload("negate_money", []*types.Type{m}, m)))
}
