package rules_test

import (
	"fmt"
	"testing"

	"github.com/google/cel-go/cel"

	"holdfast"
	"holdfast/internal/paired"
	"holdfast/rules"
)

// typical is a condition such as triggers have.
const typical = `account.status == "active" && account.seats >= 10 && (account.arr >= 50000 || account.logo) && account.plan != "free"`

// plain is the same for CEL alone, over amounts in minor units.
const plain = `account_status == "active" && account_seats >= 10 && (account_arr >= 5000000 || account_logo) && account_plan != "free"`

func benchFacts() *rules.Facts {
	return &rules.Facts{Account: rules.Record{
		"status": "active", "seats": int64(40), "arr": holdfast.Money(1000000), "logo": true, "plan": "pro",
		"nps": int64(9), "timezone": "Europe/Berlin", "country": "DE", "owner": "ann", "name": "Acme",
	}}
}

// bare fills a plain map activation with what the condition needs of the decoded
// record, and evaluates.
func bare(b *testing.B) func(f *rules.Facts) bool {
	b.Helper()
	env, err := cel.NewEnv(cel.Variable("account_status", cel.StringType), cel.Variable("account_seats", cel.IntType),
		cel.Variable("account_arr", cel.IntType), cel.Variable("account_logo", cel.BoolType), cel.Variable("account_plan", cel.StringType))
	if err != nil {
		b.Fatal(err)
	}
	tree, iss := env.Compile(plain)
	if iss.Err() != nil {
		b.Fatal(iss.Err())
	}
	prog, err := env.Program(tree, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		b.Fatal(err)
	}
	return func(f *rules.Facts) bool {
		r := f.Account
		vars := map[string]any{"account_status": r["status"], "account_seats": r["seats"], "account_logo": r["logo"], "account_plan": r["plan"]}
		if m, ok := r["arr"].(holdfast.Money); ok {
			vars["account_arr"] = int64(m)
		}
		out, _, err := prog.Eval(vars)
		if err != nil {
			b.Fatal(err)
		}
		return out.Value() == true
	}
}

// BenchmarkCondition evaluates a condition with us and with CEL alone in
// interleaved blocks, and reports the median of the paired ratios.
func BenchmarkCondition(b *testing.B) {
	set := load(b, "")
	e := compile(b, set, typical, rules.Scope{}, rules.Bool)
	facts, theirs := benchFacts(), bare(b)
	ours := func(f *rules.Facts) bool {
		truth, _, err := e.Bool(f)
		return truth == rules.True && err == nil
	}
	if !ours(facts) || !theirs(facts) {
		b.Fatal("the conditions do not hold, or not both")
	}
	const blocks, size = 20, 20_000
	block := func(eval func(*rules.Facts) bool) func() float64 {
		return func() float64 {
			return paired.Measure(b, func() {
				for range size {
					eval(facts)
				}
			}).CPU
		}
	}
	row := paired.Row{Name: "condition", Size: 1, Note: fmt.Sprintf("of %d evaluations", size)}
	for b.Loop() {
		row.Run(blocks, block(ours), block(theirs))
	}
	b.ReportMetric(paired.Median(row.Ratios()), "ours/bare")
	b.ReportMetric(1e9*paired.Median(row.Ours)/size, "ns/ours")
	b.ReportMetric(1e9*paired.Median(row.Theirs)/size, "ns/bare")
	b.ReportMetric(0, "ns/op")
	row.Report(b, true)
}

// BenchmarkCompile is what lint pays for one expression.
func BenchmarkCompile(b *testing.B) {
	set := load(b, "")
	for b.Loop() {
		if e, _ := set.Compile(typical, nil, rules.Scope{}, rules.Bool); e == nil {
			b.Fatal("does not compile")
		}
	}
}
