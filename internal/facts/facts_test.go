package facts_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/facts"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/rules"
)

const schema = `
schema: account
fields:
  name: {type: string}
  arr: {type: money}
  seats: {type: int}
  renewal_date: {type: date}
---
schema: contact
fields:
  role: {type: string}
---
event: Ping
fields:
  count: {type: int}
---
object: subscription
of: account
key: subscription_id
fields:
  arr: {type: money}
  active: {type: bool}
derive:
  account.arr: subscriptions.filter(s, s.active).map(s, s.arr).sum()
---
metric: logins
count: Ping
window: 30d
`

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func project(t *testing.T, schema string) *rules.Set {
	t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(schema))
	if len(found) > 0 {
		t.Fatal(found)
	}
	set, found := rules.Load(docs)
	if len(found) > 0 {
		t.Fatal(found)
	}
	return set
}

// in runs fn in a transaction of an empty store.
func in(t *testing.T, fn func(tx store.Tx) error) {
	t.Helper()
	db, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func value(v any) store.Field { return store.Field{Value: v, At: noon} }

func TestFactsAreTypedAndDerived(t *testing.T) {
	t.Parallel()
	set := project(t, schema)
	in(t, func(tx store.Tx) error {
		for _, err := range []error{
			tx.PutAccount(store.Account{ID: "acme", Fields: map[string]store.Field{
				"name": value("Acme"), "arr": value("1.00"), "renewal_date": value("2026-06-30"),
				"seats": value("a dozen"), "forgotten": value("x"),
			}}),
			tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{"role": value("champion")}}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s1", Account: "acme", Fields: map[string]store.Field{"arr": value("120.50"), "active": value(true)}}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s2", Account: "acme", Fields: map[string]store.Field{"arr": value("10"), "active": value(false)}}),
			tx.AddToBucket("acme", "logins", "2026-03-01", 3, 0),
			tx.AddToBucket("acme", "logins", "2026-02-27", 2, 0),
		} {
			if err != nil {
				return err
			}
		}
		f, err := facts.Load(tx, set, "acme", "dana", noon)
		if err != nil {
			return err
		}
		want := rules.Record{"id": "acme", "name": "Acme", "arr": holdfast.Money(12050), "renewal_date": time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)}
		if diff := cmp.Diff(want, f.Account); diff != "" {
			t.Errorf("account: %s", diff)
		}
		if diff := cmp.Diff(rules.Record{"id": "dana", "role": "champion"}, f.Contact); diff != "" {
			t.Errorf("contact: %s", diff)
		}
		if got := f.Objects("subscription"); len(got) != 2 || got[0]["arr"] != holdfast.Money(12050) {
			t.Errorf("subscriptions: %v", got)
		}
		days := []rules.Day{
			{Day: time.Date(2026, 2, 27, 0, 0, 0, 0, time.UTC), Count: 2},
			{Day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Count: 3},
		}
		if diff := cmp.Diff(days, f.Series("logins")); diff != "" {
			t.Errorf("logins: %s", diff)
		}
		return nil
	})
}

func TestAFedFieldStandsWhereNothingIsDerived(t *testing.T) {
	t.Parallel()
	set := project(t, schema)
	in(t, func(tx store.Tx) error {
		if err := tx.PutAccount(store.Account{ID: "acme", Fields: map[string]store.Field{"arr": value("5")}}); err != nil {
			return err
		}
		f, err := facts.Load(tx, set, "acme", "", noon)
		if err != nil {
			return err
		}
		if f.Account["arr"] != holdfast.Money(500) || f.Contact != nil {
			t.Errorf("account %v, contact %v", f.Account, f.Contact)
		}
		return nil
	})
}

func TestStrangersHaveNoFieldsButTheirID(t *testing.T) {
	t.Parallel()
	set := project(t, schema)
	in(t, func(tx store.Tx) error {
		f, err := facts.Load(tx, set, "nobody", "no one", noon)
		if err != nil {
			return err
		}
		if len(f.Account) != 1 || len(f.Contact)+len(f.Objects("subscription"))+len(f.Series("logins")) != 0 {
			t.Errorf("facts of a stranger: %+v", f)
		}
		return nil
	})
}

func TestAnEventIsItsFieldsAndItsTime(t *testing.T) {
	t.Parallel()
	set := project(t, schema)
	got, err := facts.Event(set, store.Event{Message: holdfast.Message{Event: "Ping", At: noon, Props: map[string]any{"count": 3.0, "other": 1.0}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rules.Record{"count": int64(3), "at": noon}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := facts.Event(set, store.Event{Message: holdfast.Message{Event: "Gone"}}); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("an event that is not declared: %v", err)
	}
}
