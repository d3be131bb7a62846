package rules_test

import (
	"testing"

	"holdfast/rules"
)

func TestAnExpressionIsCompiledOnceButNotForAnotherMeaning(t *testing.T) {
	t.Parallel()
	set := load(t, moreRules)
	compile := func(src string, sc rules.Scope, want rules.Type) *rules.Expr {
		e, _ := set.Compile(src, nil, sc, want)
		return e
	}
	const src = "account.arr > 5"
	one := compile(src, rules.Scope{}, rules.Bool)
	if one == nil || compile(src, rules.Scope{Steps: map[string]map[string]rules.Type{"call": {}}}, rules.Bool) != one {
		t.Error("the same condition was compiled twice")
	}
	if compile("event.count > 5", rules.Scope{Event: "Feature Used"}, rules.Bool) == nil || compile("event.count > 5", rules.Scope{}, rules.Bool) != nil {
		t.Error("event was in scope where there is none")
	}
	list := "subscriptions.size() > 0"
	if compile(list, rules.Scope{}, rules.Bool) == nil || compile(list, rules.Scope{Steps: map[string]map[string]rules.Type{"subscriptions": {"outcome": rules.String}}}, rules.Bool) != nil {
		t.Error("a step's name meant the list of objects")
	}
	for range 2 { // what has a finding says it each time
		if _, found := set.Compile("account.seats / account.nps > 2", nil, rules.Scope{}, rules.Bool); len(found) != 1 {
			t.Errorf("got %v", found)
		}
	}
}
