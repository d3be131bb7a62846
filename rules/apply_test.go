package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/rules"
)

// feed is what the messages of the tests below mean.
const feed = `
event: Subscription Started
fields:
  subscription_id: string
  arr: money
  plan: {type: string, enum: [pro, basic]}
---
event: Account Churned
fields:
  reason: string
---
event: Report Made
fields:
  by: string
  by.name: string
---
mapping: subscriptions
on: Subscription Started
upsert: subscription
set:
  active: true
  arr: {cel: event.arr}
---
mapping: churned
on: Account Churned
when: event.reason != "test"
set:
  status: churned
  churned_at: {cel: event.at}
  churn.reason: {cel: event.reason}
---
metric: usage
on: Feature Used
sum: event.count
when: event.feature == "export"
---
metric: revenue
on: Feature Used
sum: {cel: event.amount * 2}
`

func TestAMessageChangesWhatItsMappingSays(t *testing.T) {
	t.Parallel()
	set := load(t, feed)
	at := at(t, "2026-03-01T23:30:00Z")
	day := at.Truncate(24 * 60 * 60 * 1e9)
	for name, tt := range map[string]struct {
		message string
		want    rules.Changes
		err     string
	}{
		"an event upserts an object": {
			message: `{"kind": "track", "event": "Subscription Started", "props": {"subscription_id": "s1", "arr": 1200.5, "x": 1}}`,
			want: rules.Changes{
				Objects:    []rules.ObjectChange{{Kind: "subscription", Key: "s1", Fields: rules.Record{"subscription_id": "s1", "active": true, "arr": holdfast.Money(120050)}}},
				Undeclared: []string{"x"},
			},
		},
		"what the event does not say is not set": {
			message: `{"kind": "track", "event": "Account Churned", "props": {"reason": "gap"}}`,
			want:    rules.Changes{Account: rules.Record{"status": "churned", "churned_at": day, "churn.reason": "gap"}},
		},
		"an unknown condition does not apply": {
			message: `{"kind": "track", "event": "Account Churned", "props": {"reason": null}}`,
			want:    rules.Changes{},
		},
		"events count in metrics": {
			message: `{"kind": "track", "event": "Feature Used", "props": {"feature": "export", "count": 3, "amount": "0.25"}}`,
			want:    rules.Changes{Buckets: []rules.BucketChange{{Metric: "revenue", Count: 1, Sum: 50}, {Metric: "usage", Count: 1, Sum: 3}}},
		},
		"a group message without a mapping sets fields of the same name": {
			message: `{"kind": "group", "account": "acme", "props": {"id": "acme", "plan": "pro", "arr": "5", "churn": {"reason": "gap"}, "colour": "red"}}`,
			want: rules.Changes{Known: true, Account: rules.Record{"plan": "pro", "arr": holdfast.Money(500), "churn.reason": "gap"},
				Undeclared: []string{"colour"}},
		},
		"an identify message without a mapping sets the contact": {
			message: `{"kind": "identify", "account": "acme", "contact": "dana", "props": {"email": "dana@acme.example", "role": "champion"}}`,
			want:    rules.Changes{Contact: rules.Record{"email": "dana@acme.example", "role": "champion"}},
		},
		"an event that nobody declared changes nothing": {
			message: `{"kind": "track", "event": "Something", "props": {"a": 1}}`,
			want:    rules.Changes{Undeclared: []string{"a"}},
		},
		"every bad value is named and nothing applies": {
			message: `{"kind": "track", "event": "Subscription Started", "props": {"subscription_id": "s1", "arr": "lots", "plan": "gold"}}`,
			err:     `arr: found "lots", expected an amount of money; plan: found "gold", expected one of pro, basic`,
		},
		"a map where a field is declared is a bad value": {
			message: `{"kind": "group", "account": "acme", "props": {"plan": {"a": 1}, "seats": {}, "churn": {"reason": {"code": 7}}, "colour": {"a": 1}}}`,
			err:     `churn.reason: found a map, expected a string; plan: found a map, expected a string; seats: found a map, expected a whole number`,
		},
		"so it is in an event": {
			message: `{"kind": "track", "event": "Account Churned", "props": {"reason": {"code": 7}}}`,
			err:     `reason: found a map, expected a string`,
		},
		"but where a field within it is declared": {
			message: `{"kind": "track", "event": "Report Made", "props": {"by": {"name": "Dana", "x": 1}}}`,
			want:    rules.Changes{Undeclared: []string{"by.x"}},
		},
		"an object without its key is an error": {
			message: `{"kind": "track", "event": "Subscription Started", "props": {"arr": 5}}`,
			err:     `subscription_id: found nothing, expected the key of the subscription`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m holdfast.Message
			d := json.NewDecoder(strings.NewReader(tt.message))
			d.UseNumber()
			if err := d.Decode(&m); err != nil {
				t.Fatal(err)
			}
			m.At = at
			got, err := set.Apply(m)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err || holdfast.CodeOf(err) != holdfast.Invalid {
					t.Errorf("got error %v, want %s", err, tt.err)
				}
				tt.want = rules.Changes{}
			} else if err != nil {
				t.Fatal(err)
			}
			if seen, err := set.EventOf(m); err == nil && tt.err == "" { // declared
				if diff := cmp.Diff(seen, got.Event); diff != "" {
					t.Errorf("conditions see another event (-want +got):\n%s", diff)
				}
				got.Event = nil
			}
			if diff := cmp.Diff(tt.want, got, cmp.Transformer("nil", func(r rules.Record) map[string]any { return map[string]any(r) }), emptyIsNil()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// emptyIsNil compares an empty record as an absent one.
func emptyIsNil() cmp.Option {
	return cmp.FilterValues(func(a, b map[string]any) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())
}

func TestTraitsNeedNoDeclarationInTheirMapping(t *testing.T) {
	t.Parallel()
	set := load(t, `
mapping: company
on: group
account:
  name: {cel: event.company_name}
  seats: {cel: event.license.seats}
  arr: {cel: event.mrr * 12}
  logo: {cel: event.tier == "gold"}
contact:
  role: champion
`)
	got, err := set.Apply(holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{
		"company_name": "Acme", "license": map[string]any{"seats": json.Number("12")}, "mrr": json.Number("100"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := rules.Changes{Known: true, Account: rules.Record{"name": "Acme", "seats": int64(12), "arr": holdfast.Money(120000)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	_, err = set.Apply(holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"company_name": true, "mrr": "many"}})
	if err == nil || !strings.Contains(err.Error(), "mapping company") {
		t.Errorf("got %v, want an error that names the mapping", err)
	}
	_, err = set.Apply(holdfast.Message{Kind: holdfast.Group, Account: "acme", Props: map[string]any{"company_name": map[string]any{"a": true}}})
	if err == nil || err.Error() != "name: found a map, expected a string" {
		t.Errorf("got %v, want the map named", err)
	}
}

func TestFieldsAreDerivedWhereThereAreObjects(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	facts := acme(t, set)
	got, derived, err := set.Derive(facts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rules.Record{"arr": holdfast.Money(5000030)}, got); diff != "" {
		t.Errorf("derived (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"arr"}, derived); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	facts.Objects = func(string) []rules.Record { return nil }
	if got, derived, err = set.Derive(facts); err != nil || len(got)+len(derived) > 0 {
		t.Errorf("without objects: got %v, %v, %v; want the field left alone", got, derived, err)
	}
	facts.Objects = func(string) []rules.Record { return []rules.Record{{"subscription_id": "s1", "active": true}} }
	if got, derived, err = set.Derive(facts); err != nil || len(got) != 0 || len(derived) != 1 {
		t.Errorf("with an amount missing: got %v, %v, %v; want arr unset", got, derived, err)
	}
}

func TestRecordsDropWhatNobodyDeclared(t *testing.T) {
	t.Parallel()
	set := load(t, "")
	got, err := set.Record("account", map[string]any{"plan": "pro", "seats": "many", "colour": "red", "nps": nil})
	if diff := cmp.Diff(rules.Record{"plan": "pro"}, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if err == nil || err.Error() != `seats: found "many", expected a whole number` {
		t.Errorf("got %v, want seats named", err)
	}
	if _, err := set.Record("contract", nil); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("an unknown kind: got %v, want not_found", err)
	}
	ev, err := set.EventOf(holdfast.Message{Event: "task.completed", Props: map[string]any{"step": "call", "answers": map[string]any{}}, At: at(t, "2026-03-01T23:30:00Z")})
	if diff := cmp.Diff(rules.Record{"step": "call", "at": at(t, "2026-03-01T23:30:00Z")}, ev); diff != "" || err != nil {
		t.Errorf("event, %v (-want +got):\n%s", err, diff)
	}
}
