package rules_test

import (
	"strings"
	"testing"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
)

// schema is what most tests speak of.
const schema = `
schema: account
fields:
  status:       {type: string, enum: [trial, active, paused, churned]}
  arr:          {type: money}
  plan:         string
  seats:        {type: int}
  nps:          {type: int}
  discount:     {type: percent}
  score:        {type: double}
  logo:         {type: bool}
  renewal_date: {type: date}
  churned_at:   {type: date}
  started_at:   {type: date}
  started:      {type: timestamp}
  topics:       {type: strings}
  churn.reason: {type: string}
---
schema: contact
fields:
  role: {type: string, enum: [champion, user]}
---
event: Feature Used
fields:
  feature: string
  count:   int
  amount:  money
---
event: login
---
object: subscription
of: account
key: subscription_id
fields:
  active: bool
  arr:    money
  ends:   date
derive:
  account.arr: subscriptions.filter(s, s.active).map(s, s.arr).sum()
---
metric: logins
count: login
window: 30d
`

// load compiles schema and more; findings fail the test.
func load(t testing.TB, more string) *rules.Set {
	t.Helper()
	set, found := loadAll(t, schema+"---\n"+more)
	for _, d := range found {
		t.Errorf("%s (%s)", d, d.Hint)
	}
	return set
}

func loadAll(t testing.TB, text string) (*rules.Set, []diag.Diagnostic) {
	t.Helper()
	return rules.Load(parse(t, text))
}

func parse(t testing.TB, text string) []*source.Node {
	t.Helper()
	docs, found := source.Parse("r.yaml", []byte(text))
	if len(found) > 0 {
		t.Fatalf("bad YAML in the test: %v", found)
	}
	return docs
}

// compile compiles src, which must have no findings.
func compile(t testing.TB, set *rules.Set, src string, sc rules.Scope, want rules.Type) *rules.Expr {
	t.Helper()
	e, found := set.Compile(src, nil, sc, want)
	for _, d := range found {
		t.Errorf("%s: %s (%s)", src, d, d.Hint)
	}
	if e == nil {
		t.FailNow()
	}
	return e
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func record(t testing.TB, set *rules.Set, of string, values map[string]any) rules.Record {
	t.Helper()
	r, err := set.Record(of, values)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// oneLine is a finding as one line with its hint.
func oneLine(d diag.Diagnostic) string {
	s := d.String()
	if d.Hint != "" {
		s += " | " + d.Hint
	}
	return strings.TrimSpace(s)
}
