package triggers_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/triggers"
)

const schema = `
schema: account
fields:
  status: {type: string, enum: [active, churned]}
  arr: {type: money}
  renewal_date: {type: date}
---
schema: contact
fields:
  role: {type: string}
---
event: Login
fields:
  count: {type: int}
---
event: Shipped
of: all
---
metric: logins_30d
count: Login
window: 30d
---
object: subscription
of: account
key: id
fields:
  active: {type: bool}
---
segment: big
when: account.arr >= 1000
`

func set(t *testing.T) *rules.Set {
	t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(schema))
	s, more := rules.Load(docs)
	if found = append(found, more...); len(found) > 0 {
		t.Fatal(found)
	}
	return s
}

func decode(t *testing.T, src string) (ts []triggers.Trigger, when *rules.Expr, found []diag.Diagnostic) {
	t.Helper()
	docs, found := source.Parse("p.yaml", []byte(src))
	if len(found) > 0 {
		t.Fatal(found)
	}
	var l diag.List
	ts, when = triggers.Decode(docs[0].Get("trigger"), set(t), &l)
	return ts, when, diag.Sort(l.All)
}

func TestTriggersAreReadByTheirKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ src, want string }{
		{`trigger: {on: Login}`, `event event on Login`},
		{`trigger: {id: busy, on: Login, when: event.count > 3}`, `busy event on Login when event.count > 3`},
		{`trigger: {on: Shipped, when: account.arr > 5}`, `event event on Shipped when account.arr > 5 spread 1d`},
		{`trigger: {on: Shipped, spread: 0s}`, `event event on Shipped spread 0s`},
		{`trigger: {when: account.arr > 5, for: 7d}`, `condition condition when account.arr > 5 for 7d existing ignore`},
		{`trigger: {becomes: account.arr > 5, existing: enroll}`, `condition condition when account.arr > 5 existing enroll`},
		{`trigger: {at: account.renewal_date, before: 90d}`, `date date at account.renewal_date before 90d past skip`},
		{`trigger: {at: account.renewal_date, offset: -4bd, if_past: start}`, `date date at account.renewal_date before 4bd past start`},
		{`trigger: {at: account.renewal_date, after: 1mo}`, `date date at account.renewal_date after 1mo past skip`},
		{`trigger: {at: account.renewal_date, offset: 1mo, when: account.arr > 5}`, `date date when account.arr > 5 at account.renewal_date after 1mo past skip`},
	} {
		t.Run(tt.src, func(t *testing.T) {
			t.Parallel()
			ts, when, found := decode(t, tt.src)
			if len(found) > 0 || len(ts) != 1 || when != nil {
				t.Fatalf("got %v, %v and %v", ts, when, found)
			}
			if got := words(ts[0]); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func words(tr triggers.Trigger) string {
	s := tr.ID + " " + tr.Kind
	if tr.On != "" {
		s += " on " + tr.On
	}
	if tr.When != nil {
		s += " when " + tr.When.Source()
	}
	if tr.At != nil {
		s += " at " + tr.At.Source()
	}
	switch {
	case tr.Before:
		s += " before " + tr.Offset.Text
	case tr.Offset.Text != "":
		s += " after " + tr.Offset.Text
	}
	if tr.For.Text != "" {
		s += " for " + tr.For.Text
	}
	if tr.Spread.Text != "" {
		s += " spread " + tr.Spread.Text
	}
	if tr.Existing != "" {
		s += " existing " + tr.Existing
	}
	if tr.IfPast != "" {
		s += " past " + tr.IfPast
	}
	return s
}

func TestAnyHasOneConditionForAll(t *testing.T) {
	t.Parallel()
	ts, when, found := decode(t, `
trigger:
  when: account.status == "churned"
  any:
    - {on: Login}
    - {on: Login, when: event.count > 3}
    - {id: half, at: account.renewal_date.add_months(6)}
    - {at: account.renewal_date}
`)
	if len(found) > 0 {
		t.Fatal(found)
	}
	var ids []string
	for _, tr := range ts {
		ids = append(ids, tr.ID)
	}
	if d := cmp.Diff([]string{"event", "event_2", "half", "date_2"}, ids); d != "" {
		t.Error(d)
	}
	if when == nil || when.Source() != `account.status == "churned"` {
		t.Errorf("the condition for all is %v", when)
	}
}

func TestMistakesInTriggers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ src, want string }{
		{`trigger: now`, `1:10 a trigger must be a map`},
		{`trigger: {id: x}`, `1:10 nothing says when this trigger starts`},
		{`trigger: {any: []}`, `1:16 any must be a list of triggers`},
		{`trigger: {any: [x]}`, `1:17 a trigger must be a map`},
		{`trigger: {on: Logn}`, `1:15 unknown event "Logn"`},
		{`trigger: {on: Login, when: event.cnt > 3}`, `1:28 unknown field "event.cnt"`},
		{`trigger: {on: Login, for: 7d}`, `1:22 unknown key "for" in an event trigger`},
		{`trigger: {on: Login, spread: 5d}`, `1:30 Login is about one account: there is nothing to spread`},
		{`trigger: {on: Shipped, spread: soon}`, `1:32 `},
		{`trigger: {when: account.arr}`, `1:17 `},
		{`trigger: {when: account.arr > 5, becomes: account.arr > 6}`, `1:34 when and becomes say the same`},
		{`trigger: {when: account.arr > 5, existing: all}`, `1:44 existing cannot be "all"`},
		{`trigger: {at: account.arr}`, `1:15 at must be a date or a moment, not money`},
		{`trigger: {at: account.renewal_date, offset: -3x}`, `1:45 unknown unit "x" in "3x"`},
		{`trigger: {at: account.renewal_date, before: 3d, after: 4d}`, `1:49 before and after both move the date`},
		{`trigger: {id: No Name, on: Login}`, `1:15 "No Name" cannot be the id of a trigger`},
		{`trigger: {any: [{id: a, on: Login}, {id: a, at: account.renewal_date}]}`, `1:42 the trigger of line 1 is called "a" too`},
	} {
		t.Run(tt.src, func(t *testing.T) {
			t.Parallel()
			_, _, found := decode(t, tt.src)
			if len(found) != 1 {
				t.Fatalf("got %v, want one finding", found)
			}
			got := fmt.Sprintf("%d:%d %s", found[0].Line, found[0].Col, found[0].Message)
			if len(got) < len(tt.want) || got[:len(tt.want)] != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestTheExamplesOfTheReferenceAreRight(t *testing.T) {
	t.Parallel()
	for _, k := range triggers.All {
		if k.Doc.Name == "" || k.Doc.Summary == "" || k.Doc.Fields[0].Name != k.Key {
			t.Errorf("%s: the first field is %q, want its key %q", k.Doc.Name, k.Doc.Fields[0].Name, k.Key)
		}
		docs, found := source.Parse(k.Doc.Name, []byte(k.Doc.Example))
		if len(found) > 0 || docs[0].Get("trigger").Get(k.Key) == nil {
			t.Errorf("%s: the example is %q", k.Doc.Name, k.Doc.Example)
		}
	}
}

func TestTheIndexFindsWhatAChangeAffects(t *testing.T) {
	t.Parallel()
	ts, _, found := decode(t, `
trigger:
  any:
    - {id: login, on: Login}
    - {id: arr, when: account.arr > 5}
    - {id: segment, when: segment.big}
    - {id: metric, when: metric.logins_30d > 3}
    - {id: subs, when: "subscriptions.exists(s, s.active)"}
    - {id: role, when: contact.role == "admin" && account.arr > 5}
    - {id: date, at: account.renewal_date, when: account.arr > 5}
    - {id: soon, when: days_until(account.renewal_date) < 30}
`)
	if len(found) > 0 {
		t.Fatal(found)
	}
	var entries []triggers.Entry
	for i := range ts {
		entries = append(entries, triggers.Entry{Playbook: "p", Trigger: &ts[i]})
	}
	x := triggers.NewIndex(entries)
	for _, tt := range []struct {
		name string
		got  []triggers.Entry
		want []string
	}{
		{"event", x.ByEvent("Login"), []string{"login"}},
		{"another event", x.ByEvent("Logout"), nil},
		{"account field", x.ByChange(triggers.Changed{Account: []string{"arr"}}), []string{"arr", "segment", "role"}},
		{"date", x.ByChange(triggers.Changed{Account: []string{"renewal_date"}}), []string{"date", "soon"}},
		{"place", x.ByChange(triggers.Changed{Account: []string{"timezone", "country"}}), []string{"date", "soon"}},
		{"each once", x.ByChange(triggers.Changed{Account: []string{"arr"}, Contact: []string{"role"}}), []string{"arr", "segment", "role"}},
		{"metric", x.ByChange(triggers.Changed{Metrics: []string{"logins_30d"}}), []string{"metric"}},
		{"object", x.ByChange(triggers.Changed{Objects: []string{"subscription"}}), []string{"subs"}},
		{"nothing it knows", x.ByChange(triggers.Changed{Account: []string{"plan"}}), nil},
		{"clock", x.Clock(), []string{"metric", "soon"}},
	} {
		var got []string
		for _, e := range tt.got {
			got = append(got, e.Trigger.ID)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}
