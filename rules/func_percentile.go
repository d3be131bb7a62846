package rules

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"holdfast"
)

const percentile = "percentile"

// The bottom quartile is a first warning beside a fixed limit (S1).
var funcPercentile = Function{
	Name:      percentile,
	Signature: "percentile(number) -> double",
	Summary:   "The share of all known accounts, from 0 to 100, whose number is lower than this account's: below 25 is the bottom quartile. The others are as they were last night; unknown while fewer than 20 accounts have the number.",
	Clock:     true,
	Daily:     true,
	Example: Example{
		Expr: `percentile(account.nps) < 25`, Fields: map[string]string{"account.nps": "4"}, Population: "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20", Result: "true",
	},
	facts:     true,
	overloads: []overload{percentileOf(types.DoubleType), percentileOf(types.IntType), percentileOf(moneyType), percentileOf(percentType)},
}

// FewestRanked is how many accounts must have a number before any is ranked.
const FewestRanked = 20

func percentileOf(t *types.Type) overload {
	return overload{
		args: []*types.Type{types.StringType, t}, result: types.DoubleType,
		with: func(ev *evaluation, args []ref.Val) ref.Val {
			name, _ := args[0].(types.String)
			ev.until(ev.facts.Now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1))
			var all []float64
			if ev.facts.Population != nil {
				all = ev.facts.Population(string(name))
			}
			v, err := goValue(args[1])
			n, ok := numeric(v)
			if len(all) < FewestRanked || err != nil || !ok {
				return unsetVal(percentile + "(" + string(name) + ")")
			}
			return types.Double(100 * float64(sort.SearchFloat64s(all, n)) / float64(len(all)))
		},
	}
}

// population makes the number that a percentile ranks the set's business: its text
// names it, and becomes the first argument. It may read what every account has.
func (c *compiler) population(e ast.Expr) {
	args := e.AsCall().Args()
	if len(args) != 1 {
		return // the checker says so
	}
	at := c.extent(args[0])
	if c.diags.Failed() {
		return
	}
	name := strings.Join(strings.Fields(string(c.runes[at.start:min(at.end, len(c.runes))])), " ")
	sub := &compiler{set: c.set, loader: c.loader, scope: &scope{}, src: name}
	of := sub.compile(Any)
	if of == nil || len(of.reads.Contact) > 0 || of.reads.Event {
		c.report(at, "bad-value", "rank something that every account has, such as account.arr or score.health.value", "percentile() takes a number of the account alone")
		return
	}
	c.set.ranked.Store(name, of)
	text := factory.NewLiteral(c.id(), types.String(name))
	c.places[text.ID()] = at
	e.SetKindCase(factory.NewCall(e.ID(), percentile, text, args[0]))
}

// Ranked are the numbers that percentiles of s rank, by name.
func (s *Set) Ranked() (names []string) {
	s.ranked.Range(func(name, _ any) bool {
		names = append(names, name.(string)) //nolint:forcetypeassert // the keys are names
		return true
	})
	slices.Sort(names)
	return names
}

// Rank is one of them for an account; ok is false while it is unset.
func (s *Set) Rank(name string, f *Facts) (n float64, ok bool, err error) {
	e, there := s.ranked.Load(name)
	if !there {
		return 0, false, nil
	}
	v, ok, err := e.(*Expr).Value(f) //nolint:forcetypeassert // see population
	if err != nil || !ok {
		return 0, false, err
	}
	n, ok = numeric(v)
	return n, ok, nil
}

// numeric is the number of a Go value; amounts are in minor units.
func numeric(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case holdfast.Money:
		return float64(v), true
	}
	return 0, false
}
