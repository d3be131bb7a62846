package rules_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/rules"
)

const unfolded = moreRules + `---
segment: dear
when: segment.big && score.health.band == "green"
`

// explained is src explained over f; account.arr was set by a group message.
func explained(t testing.TB, set *rules.Set, src string, sc rules.Scope, f *rules.Facts) rules.Node {
	t.Helper()
	e, found := set.Compile(src, nil, sc, rules.Any)
	if e == nil {
		t.Fatalf("%s: %v", src, found)
	}
	return e.Explain(f, rules.Explaining{Currency: "USD", Origin: origins})
}

func origins(name string) *rules.Origin {
	switch name {
	case "account.arr":
		return &rules.Origin{At: time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC), Message: "m-17", Kind: "group"}
	case "account.churned_at", "account.fragile":
		return &rules.Origin{Never: true}
	}
	return nil
}

func TestTheFalsePartIsNamedWithItsValue(t *testing.T) {
	t.Parallel()
	set := load(t, unfolded)
	f := acme(t, set)
	delete(f.Account, "nps")
	low := *f
	low.Account = record(t, set, "account", map[string]any{"id": "low", "arr": "8200", "nps": 3.0, "status": "churned", "plan": "x\x1b[31m\"y"})
	for _, tt := range []struct {
		name, src, want string
		on              *rules.Facts
	}{
		{"money and who set it", `account.status == "churned" && account.arr >= 10000`,
			"`account.arr >= 10000` is false: account.arr is 8,200 USD, set on 3 Mar 2026 by group message m-17", &low},
		{"the first false side of three", `account.arr > 1 && account.seats > 5 && account.seats > 9`,
			"`account.seats > 5` is false: account.seats is 3", f},
		{"brackets stay the author's", `(account.logo) && (account.seats > 5 || account.seats < 1)`,
			"`account.seats > 5` is false: account.seats is 3; and `account.seats < 1` is false: account.seats is 3", f},
		{"an enum", `account.status in ["churned", "paused"]`,
			"`account.status in [\"churned\", \"paused\"]` is false: account.status is \"active\"", f},
		{"never set", `account.churned_at < now`,
			"`account.churned_at < now` is unknown: account.churned_at was never set, now is 1 Mar 2026 23:30 UTC", f},
		{"has() of what is not set", `has(account.churned_at) && account.arr > 1`,
			"`has(account.churned_at)` is false: account.churned_at was never set", f},
		{"not", `!(account.logo)`, "`!(account.logo)` is false: account.logo is true", f},
		{"the branch that was taken", `account.logo ? account.seats > 10 : account.arr > 5`,
			"`account.seats > 10` is false: account.seats is 3", f},
		{"a segment in a segment", `segment.dear`,
			"`account.arr >= 50000` is false: account.arr is 8,200 USD, set on 3 Mar 2026 by group message m-17", &low},
		{"a score", `score.health.band == "green"`,
			"`score.health.band == \"green\"` is false: score.health.band is \"red\" (health is 30 of 100)", &low},
		{"a score without a signal", `score.health.value > 50`,
			"`score.health.value > 50` is unknown: score.health.value is unknown: account.nps not set", f},
		{"a decision's row", `decide.motion.kind == "none"`,
			"`decide.motion.kind == \"none\"` is false: decide.motion.kind is \"personal\" (row 1: account.arr > 5)", f},
		{"a call and what it read", `days_until(account.renewal_date) < 30`,
			"`days_until(account.renewal_date) < 30` is false: `days_until(account.renewal_date)` is 91, account.renewal_date is 1 Jun 2026", f},
		{"a metric over time", `trend(metric.logins, days(30), 1.0) < 0.5`,
			"`trend(metric.logins, days(30), 1.0) < 0.5` is false: `trend(metric.logins, days(30), 1.0)` is 1, metric.logins is 0", f},
		{"no element", `subscriptions.exists(s, s.active && s.arr > 100000)`,
			"`subscriptions.exists(s, s.active && s.arr > 100000)` is false: for subscription s1 `s.arr > 100000` is false: s.arr is 30,000.10 USD, " +
				"for subscription s2 `s.arr > 100000` is false: s.arr is 20,000.20 USD, for subscription s3 s.active is false", f},
		{"the element that spoils it", `subscriptions.all(s, s.active)`,
			"`subscriptions.all(s, s.active)` is false: for subscription s3 s.active is false", f},
		{"an empty list", `subscriptions.filter(s, !s.active).exists(s, s.arr > 10)`,
			"`subscriptions.filter(s, !s.active).exists(s, s.arr > 10)` is false: for subscription s3 `s.arr > 10` is false: s.arr is 5 USD", f},
		{"a sum over a loop", `subscriptions.filter(s, s.active).map(s, s.arr).sum() > 60000`,
			"`subscriptions.filter(s, s.active).map(s, s.arr).sum() > 60000` is false: `subscriptions.filter(s, s.active).map(s, s.arr).sum()` is 50,000.30 USD", f},
		{"a percentage", `account.discount > percent(10)`, "`account.discount > percent(10)` is false: account.discount is 5 %", f},
		{"over lines", "account.arr >= 1\n  &&\n  account.arr < 5",
			"`account.arr < 5` is false: account.arr is 50,000.30 USD, set on 3 Mar 2026 by group message m-17", f},
		{"a text that wants to write on the terminal", `account.plan == "pro"`,
			"`account.plan == \"pro\"` is false: account.plan is \"x\\x1b[31m\"y\"", &low},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := explained(t, set, tt.src, rules.Scope{}, tt.on)
			if got := n.Why(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s\ngot  %s\nwant %s", tt.src, got, tt.want)
			}
			consistent(t, n)
		})
	}
}

func TestTheElementThatMadeItTrueIsMarked(t *testing.T) {
	t.Parallel()
	set := load(t, unfolded)
	n := explained(t, set, `subscriptions.exists(s, (s.arr > 25000))`, rules.Scope{}, acme(t, set))
	var decided []string
	for _, it := range n.Items {
		if !it.Node.Moot {
			decided = append(decided, it.Label)
		}
	}
	if n.State != "true" || !slices.Equal(decided, []string{"subscription s1"}) {
		t.Errorf("got %s by %v, want true by subscription s1", n.State, decided)
	}
}

func TestAPartThatWasNotNeededIsEvaluatedAndMarked(t *testing.T) {
	t.Parallel()
	set := load(t, unfolded)
	n := explained(t, set, `account.seats > 5 && account.arr > 10 && account.churned_at < now`, rules.Scope{}, acme(t, set))
	got := ""
	for _, p := range n.Parts {
		got += p.State
		if p.Moot {
			got += "·"
		}
		got += " "
	}
	if want := "false true· unknown· "; n.State != "false" || got != want {
		t.Errorf("got %s: %s, want false: %s", n.State, got, want)
	}
}

func TestScoresAndDecisionsAreUnfolded(t *testing.T) {
	t.Parallel()
	set := load(t, unfolded)
	n := explained(t, set, `score.health.value > 95.0 && decide.motion.kind == "personal"`, rules.Scope{}, acme(t, set))
	score, decision := n.Parts[0].Parts[0].Score, n.Parts[1].Parts[0].Decision
	if score == nil || score.Value != 90 || len(score.Signals) != 1 || score.Signals[0].Node.Text != "account.nps * 10" || score.Signals[0].Value != 90 {
		t.Errorf("the score is %+v, want 90 by its one signal, account.nps * 10", score)
	}
	if decision == nil || decision.Row != 1 || len(decision.Rows) != 1 || decision.Rows[0].State != "true" {
		t.Errorf("the decision is %+v, want row 1 with its condition", decision)
	}
}

func TestEventFieldsAreExplained(t *testing.T) {
	t.Parallel()
	set := load(t, unfolded)
	f := acme(t, set)
	f.Event = rules.Record{}
	fields, _ := set.EventFields("Feature Used")
	name := fields[0].Name
	n := explained(t, set, "has(event."+name+")", rules.Scope{Event: "Feature Used"}, f)
	if n.State != "false" || n.Name != "event."+name {
		t.Errorf("got %+v", n)
	}
}

// Our own names for what an expression reads (@facts, @has.x) and the literals
// that the compiler promoted are nobody's business.
func TestEveryFunctionIsExplainedInTheAuthorsText(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	for _, fn := range rules.Functions {
		n := explained(t, set, fn.Example.Expr, rules.Scope{}, exampleFacts(t, set, fn.Example))
		text, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		if n.State == "error" || n.State == "unknown" || strings.Contains(string(text), "@") {
			t.Errorf("%s: %s", fn.Example.Expr, text)
		}
		unset := explained(t, set, fn.Example.Expr, rules.Scope{}, &rules.Facts{Account: rules.Record{}})
		_ = unset.Why()
		consistent(t, n)
	}
}

// consistent holds what a part came to against what its sides came to.
func consistent(t testing.TB, n rules.Node) {
	t.Helper()
	count := map[string]int{}
	for _, p := range n.Parts {
		consistent(t, p)
		count[p.State]++
	}
	want := ""
	bools := count["true"]+count["false"]+count["unknown"] == len(n.Parts) && len(n.Parts) > 0
	switch {
	case !bools:
	case n.Is == "and" && count["false"] > 0:
		want = "false"
	case n.Is == "or" && count["true"] > 0:
		want = "true"
	case (n.Is == "and" || n.Is == "or" || n.Is == "not") && count["unknown"] > 0:
		want = "unknown"
	case n.Is == "and":
		want = "true"
	case n.Is == "or":
		want = "false"
	case n.Is == "not":
		want = map[string]string{"true": "false", "false": "true"}[n.Parts[0].State]
	}
	if want != "" && n.State != want {
		t.Errorf("`%s` is %s, and its parts make it %s", n.Text, n.State, want)
	}
	if n.State == "unread" {
		t.Errorf("`%s` could not be read alone", n.Text)
	}
}

// What an explanation says at its root is what the engine acts on.
func FuzzAnExplanationSaysWhatTheConditionIs(f *testing.F) {
	for _, src := range []string{
		`account.arr >= 10000 && account.status == "active"`, `!(account.logo || account.seats > 3) ? account.arr > 1 : has(account.nps)`,
		`subscriptions.exists(s, s.active && account.topics.exists(t, t == "x"))`, `account.topics.all(t, t in ["a", "b)"])`,
		`"(" + account.plan == '((' // odd`, `((account.arr) > (1)) == (true)`, `[1, 2].exists(x, x > account.seats)`,
	} {
		f.Add(src)
	}
	set := load(f, unfolded)
	facts := acme(f, set)
	f.Fuzz(func(t *testing.T, src string) {
		e, _ := set.Compile(src, nil, rules.Scope{}, rules.Bool)
		if e == nil {
			return
		}
		truth, _, err := e.Bool(facts)
		n := e.Explain(facts, rules.Explaining{})
		want := map[rules.Truth]string{rules.True: "true", rules.False: "false", rules.Unknown: "unknown"}[truth]
		if err != nil {
			want = "error"
		}
		if n.State != want {
			t.Errorf("%q: explained as %s, and it is %s", src, n.State, want)
		}
		if why := n.Why(); (why == "") != (want == "true") {
			t.Errorf("%q is %s, and why says %q", src, want, why)
		}
	})
}
