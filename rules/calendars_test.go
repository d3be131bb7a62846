package rules_test

import (
	"testing"

	"holdfast/rules"
)

const retail = `
calendar: retail
seasons: [{name: Stocktaking, from: 03-03, to: 03-04}]
when: account.plan == "shop"
---
calendar: half_days
ics: calendars/half.ics
`

const half = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Half day\nDTSTART:20260305T120000\nDTEND:20260305T180000\nEND:VEVENT\nEND:VCALENDAR\n"

func TestBusinessDaysOfADeclaredCalendar(t *testing.T) {
	t.Parallel()
	docs := parse(t, schema+"---"+retail)
	set, found := rules.LoadFiles(docs, map[string]rules.File{"calendars/half.ics": {Shown: "half.ics", Text: half}})
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, tt := range []struct{ account, expr, want string }{
		{`{plan: shop}`, `date("2026-03-02").add_business_days(2, "retail") == date("2026-03-06")`, "a shop"},
		{`{plan: bank}`, `date("2026-03-02").add_business_days(2, "retail") == date("2026-03-04")`, "another"},
		{`{}`, `date("2026-03-02").add_business_days(2, "retail") == date("2026-03-04")`, "an unknown one"},
		{`{plan: bank}`, `date("2026-03-04").add_business_days(1, "half_days") == date("2026-03-06")`, "a day with an event"},
	} {
		e := compile(t, set, tt.expr, rules.Scope{}, rules.Bool)
		got, unset, err := e.Bool(&rules.Facts{Account: accountOf(t, set, tt.account)})
		if got != rules.True || err != nil {
			t.Errorf("%s: %s is %v (%v, %v)", tt.want, tt.expr, got, unset, err)
		}
	}
	e := compile(t, set, `date("2026-03-02").add_business_days(2, "retail") == date("2026-03-06")`, rules.Scope{}, rules.Bool)
	if got := e.Reads(); len(got.Rules) != 1 || got.Rules[0] != "calendar:retail" || len(got.Account) != 3 {
		t.Errorf("it reads %+v; want the calendar and what its when reads", got)
	}
}

func TestLanesHaveAnOrder(t *testing.T) {
	t.Parallel()
	set := load(t, "lanes: [save, renewal, win-back]")
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"save", "win-back", true}, {"win-back", "save", false}, {"save", "save", false}, {"save", "other", false}, {"other", "save", false},
	} {
		if got := set.Stronger(tt.a, tt.b); got != tt.want {
			t.Errorf("%s before %s: %v", tt.a, tt.b, got)
		}
	}
	if load(t, "segment: s\nwhen: 1 > 2").Stronger("save", "win-back") {
		t.Error("lanes without an order have one")
	}
}
