package sources_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/source"
	"holdfast/internal/sources"
	"holdfast/rules"
)

// library is the rules that ship with the product: what providers say is read by them.
func library(t testing.TB) *rules.Set {
	t.Helper()
	files, err := filepath.Glob("../../rules/library/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no shipped rules: %v", err)
	}
	var docs []*source.Node
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		ds, _ := source.Parse(f, b)
		docs = append(docs, ds...)
	}
	set, found := rules.Load(docs)
	for _, d := range found {
		t.Errorf("%s", d)
	}
	return set
}

// post is a request with a body of JSON.
func post(body string) sources.Request {
	return sources.Request{Method: "POST", URL: "https://in.northwind.example/in/x", Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), At: now}
}

// said is what an adapter makes of a body; nothing may be refused.
func said(t *testing.T, a sources.Adapter, r sources.Request) []sources.Said {
	t.Helper()
	ms, refused, err := a.Messages(r)
	if err != nil || len(refused) > 0 {
		t.Errorf("refused %v, %v: %s", refused, err, r.Body)
	}
	return ms
}

// subscription is what the shipped rules make of m: its one object, JSON-shaped.
func subscription(t *testing.T, set *rules.Set, m holdfast.Message) map[string]any {
	t.Helper()
	ch, err := set.Apply(m)
	if err != nil || len(ch.Objects) != 1 || ch.Objects[0].Kind != "subscription" {
		t.Errorf("%s: %v, objects %v", m.ID, err, ch.Objects)
		return nil
	}
	if undeclared := ch.Undeclared; len(undeclared) > 0 {
		t.Errorf("%s: nobody declares %v", m.ID, undeclared)
	}
	out := map[string]any{}
	for name, v := range ch.Objects[0].Fields {
		out[name] = rules.Untyped(v)
	}
	return out
}

func TestStripesOwnEventsSayWhatTheyShould(t *testing.T) {
	t.Parallel()
	set, a := library(t), open(t, "stripe", sources.Settings{})
	renewal := time.Unix(1_792_592_000, 0).UTC()
	want := map[string]struct {
		event string
		props map[string]any // some of them
		rank  time.Duration
	}{
		"evt_upd": {"Subscription Changed", map[string]any{
			"subscription_id": "sub_1", "status": "active", "active": true, "cancel_at_period_end": true, "auto_renew": false,
			"next_renewal": "2026-10-21", "current_period_end": renewal.Format(time.RFC3339), "currency": "usd", "customer_id": "cus_acct1",
			// 20.00 a package of 1,592,560,163 seats, rounded down: one seat costs nothing.
			"mrr": json.Number("0"), "arr": json.Number("0"), "seats": json.Number("1"), "billing": "monthly",
		}, time.Millisecond},
		"evt_pastdue": {"Subscription Changed", map[string]any{"status": "past_due", "active": true, "next_renewal": "2026-10-21"}, time.Millisecond},
		"evt_del":     {"Subscription Cancelled", map[string]any{"status": "canceled", "active": false, "auto_renew": false, "reason": "too_expensive", "ended_at": "2026-09-21T14:13:19Z"}, 2 * time.Millisecond},
		"evt_trial":   {"Trial Ending", map[string]any{"status": "trialing", "active": false, "trial_ends": "2026-09-24"}, 0},
		"evt_fail": {"Invoice Payment Failed", map[string]any{"invoice_id": "in_1", "subscription_id": "sub_1", "status": "open",
			"amount_due": json.Number("120"), "attempts": json.Number("2"), "next_attempt": "2026-09-25T01:33:20Z"}, 0},
		"evt_upcoming": {"Invoice Upcoming", map[string]any{"status": "draft", "amount_due": json.Number("120")}, 0},
		"evt_paid":     {"Invoice Paid", map[string]any{"status": "paid", "amount_remaining": json.Number("10"), "customer_id": "cus_acct1"}, 0},
	}
	seen := map[string]bool{}
	for _, line := range conformance(t, "stripe", "events.signed.jsonl") {
		var e struct {
			Name, Secret, Body string
			Timestamp          int64
			Headers            map[string]string
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		r := post(e.Body)
		for name, v := range e.Headers {
			r.Header.Set(name, v)
		}
		r.At = time.Unix(e.Timestamp, 0).Add(4 * time.Minute)
		if err := a.Verify(r, []string{e.Secret}); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		r.At = time.Unix(e.Timestamp, 0).Add(6 * time.Minute)
		if err := a.Verify(r, []string{e.Secret}); err == nil {
			t.Errorf("%s: taken after six minutes", e.Name)
		}
		ms := said(t, a, r)
		if len(ms) != 1 {
			t.Fatalf("%s: got %d messages, want one", e.Name, len(ms))
		}
		m, w := ms[0], want[ms[0].ID]
		if m.Event != w.event || m.Account != "acct-1" || m.Kind != holdfast.Track || !m.At.Equal(time.Unix(1_790_000_000, 0).Add(w.rank)) {
			t.Errorf("%s: got %s %s of %s at %s, want %s", e.Name, m.Kind, m.Event, m.Account, m.At, w.event)
		}
		for name, v := range w.props {
			if d := cmp.Diff(v, m.Props[name]); d != "" {
				t.Errorf("%s: %s: %s", e.Name, name, d)
			}
		}
		if strings.HasPrefix(e.Name, "customer.subscription.") {
			if s := subscription(t, set, m.Message); s["next_renewal"] != "2026-10-21" || s["status"] != w.props["status"] || s["active"] != w.props["active"] {
				t.Errorf("%s: the subscription is %v", e.Name, s)
			}
		} else if _, err := set.Apply(m.Message); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
		seen[m.ID] = true
	}
	if len(seen) != len(want) {
		t.Errorf("saw %v, want all of %d", seen, len(want))
	}
}

// event wraps an object of Stripe's.
func event(kind, object string) string {
	return `{"id":"evt_1","object":"event","created":1790000000,"type":"` + kind + `","data":{"object":` + object + `}}`
}

func price(rest string) string {
	return `{"quantity":3,"price":{"currency":"usd","product":"prod_1","nickname":"Team","unit_amount":2000,"recurring":{"interval":"month","interval_count":1,"usage_type":"licensed"}` + rest + `}}`
}

func TestTheRenewalDateAndTheRevenueOfASubscription(t *testing.T) {
	t.Parallel()
	set, a := library(t), open(t, "stripe", sources.Settings{})
	for name, c := range map[string]struct {
		o    string
		want map[string]any
	}{
		"before API 2025-03-31, the date on top": {
			`{"id":"s","customer":"cus_1","status":"active","currency":"usd","current_period_end":1792592000,"items":{"data":[` + price("") + `]}}`,
			map[string]any{"next_renewal": "2026-10-21", "mrr": json.Number("60"), "arr": json.Number("720"), "seats": json.Number("3"), "plan": "Team", "billing": "monthly", "auto_renew": true, "active": true, "cancel_at_period_end": false},
		},
		"since, on the items: the first to end": {
			`{"id":"s","customer":"cus_1","status":"trialing","currency":"usd","items":{"data":[` +
				`{"current_period_end":1792592000,"quantity":1,"price":{"unit_amount_decimal":"999.5","recurring":{"interval":"month"}}},` +
				`{"current_period_end":1791000000,"quantity":2,"price":{"unit_amount_decimal":"120000","recurring":{"interval":"year","interval_count":1}}}]}}`,
			map[string]any{"next_renewal": "2026-10-03", "mrr": json.Number("210"), "arr": json.Number("2519.94"), "seats": json.Number("3"), "auto_renew": true, "active": false, "cancel_at_period_end": false},
		},
		"by the old plans, in yen": {
			`{"id":"s","customer":"cus_1","status":"active","currency":"jpy","items":{"data":[{"plan":{"nickname":"Pro","amount":5000,"interval":"month","interval_count":6},"quantity":12}]}}`,
			map[string]any{"mrr": json.Number("10000"), "arr": json.Number("120000"), "seats": json.Number("12"), "plan": "Pro", "billing": "monthly", "auto_renew": true, "active": true, "cancel_at_period_end": false},
		},
		"in dinars, by packages of five, rounded up": {
			`{"id":"s","customer":"cus_1","status":"active","currency":"kwd","items":{"data":[{"quantity":11,"price":{"unit_amount":1500,"recurring":{"interval":"week"},"transform_quantity":{"divide_by":5,"round":"up"}}}]}}`,
			map[string]any{"mrr": json.Number("19.50"), "arr": json.Number("234"), "seats": json.Number("11"), "auto_renew": true, "active": true, "cancel_at_period_end": false},
		},
		"by use: the revenue is not known": {
			`{"id":"s","customer":"cus_1","status":"active","currency":"usd","items":{"data":[` + price("") + `,{"price":{"unit_amount":1,"recurring":{"interval":"month","usage_type":"metered"}}}]}}`,
			map[string]any{"seats": json.Number("3"), "plan": "Team", "billing": "monthly", "auto_renew": true, "active": true, "cancel_at_period_end": false},
		},
		"ends on a day": {
			`{"id":"s","customer":"cus_1","status":"active","cancel_at":1800000000,"cancel_at_period_end":false}`,
			map[string]any{"ends_at": "2027-01-15T08:00:00Z", "auto_renew": false, "active": true, "cancel_at_period_end": false},
		},
		"of the wrong types": {
			`{"id":"s","customer":"cus_1","status":7,"currency":[],"cancel_at":"soon","cancel_at_period_end":"yes","current_period_end":1e400,"items":{"data":[7,{"price":[],"quantity":{}},{"quantity":"9e9","price":{"unit_amount":1e999}}]}}`,
			map[string]any{"status": "7", "auto_renew": true, "active": false, "cancel_at_period_end": false},
		},
	} {
		ms := said(t, a, post(event("customer.subscription.updated", c.o)))
		if len(ms) != 1 || ms[0].Account != "cus_1" {
			t.Fatalf("%s: got %v", name, ms)
		}
		got := subscription(t, set, ms[0].Message)
		delete(got, "subscription_id")
		if status := c.want["status"]; status == nil {
			delete(got, "status")
		}
		delete(got, "currency")
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhoseStripesEventIs(t *testing.T) {
	t.Parallel()
	a := open(t, "stripe", sources.Settings{})
	for name, c := range map[string]struct{ kind, o, account string }{
		"metadata first":             {"customer.subscription.updated", `{"id":"s","customer":"cus_1","metadata":{"account_id":"acme"}}`, "acme"},
		"then the customer":          {"customer.subscription.updated", `{"id":"s","customer":"cus_1","metadata":{}}`, "cus_1"},
		"the customer whole":         {"customer.subscription.updated", `{"id":"s","customer":{"id":"cus_1","metadata":{"account_id":7}}}`, "7"},
		"an invoice, as of 2025":     {"invoice.paid", `{"id":"i","customer":"cus_1","parent":{"subscription_details":{"metadata":{"account_id":"acme"}}}}`, "acme"},
		"an invoice, before":         {"invoice.paid", `{"id":"i","customer":"cus_1","subscription":"s","subscription_details":{"metadata":{"account_id":"acme"}}}`, "acme"},
		"an invoice of no agreement": {"invoice.paid", `{"id":"i","customer":"cus_1","parent":null}`, "cus_1"},
		"a customer":                 {"customer.updated", `{"id":"cus_1","name":"Acme","metadata":{"account_id":"acme"}}`, "acme"},
	} {
		ms := said(t, a, post(event(c.kind, c.o)))
		if len(ms) != 1 || ms[0].Account != c.account {
			t.Errorf("%s: got %v, want %s", name, ms, c.account)
		}
	}
	for name, body := range map[string]string{
		"a type that says nothing": event("charge.succeeded", `{"customer":"cus_1"}`),
		"no object":                `{"id":"evt_1","object":"event","created":1790000000,"type":"payout.paid"}`,
	} {
		if ms := said(t, a, post(body)); len(ms) != 0 {
			t.Errorf("%s: got %v", name, ms)
		}
	}
	for name, body := range map[string]string{
		"no customer":     event("invoice.paid", `{"id":"i"}`),
		"no subscription": event("customer.subscription.updated", `{"customer":"cus_1"}`),
		"no time":         `{"id":"evt_1","object":"event","type":"invoice.paid","data":{"object":{"customer":"cus_1"}}}`,
		"a huge time":     `{"id":"evt_1","object":"event","created":1e400,"type":"invoice.paid","data":{"object":{"customer":"cus_1"}}}`,
	} {
		ms, refused, err := a.Messages(post(body))
		if len(ms) != 0 || len(refused) != 1 || err != nil || refused[0].Place == "" {
			t.Errorf("%s: got %v, %v, %v", name, ms, refused, err)
		}
	}
	for name, body := range map[string]string{"no event": `{"object":"v2.core.event","id":"evt_1"}`, "a list": `[]`, "nothing": ``, "two": `{} {}`, "cut": `{"id":`} {
		if _, _, err := a.Messages(post(body)); holdfast.CodeOf(err) != holdfast.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What comes in twice, or in another order, ends in the same.
func TestOfOneSecondTheEndOfASubscriptionIsLast(t *testing.T) {
	t.Parallel()
	a := open(t, "stripe", sources.Settings{})
	at := map[string]time.Time{}
	for _, kind := range []string{"created", "updated", "deleted"} {
		ms := said(t, a, post(event("customer.subscription."+kind, `{"id":"s","customer":"cus_1","status":"active"}`)))
		at[kind] = ms[0].At
	}
	if !at["created"].Before(at["updated"]) || !at["updated"].Before(at["deleted"]) {
		t.Errorf("got %v", at)
	}
}
