package app_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store"
)

const everySource = `
-- holdfast.yaml --
project: northwind
rules: library
sender: {name: CS, email: success@ours.example}
-- sources/all.yaml --
source: billing
kind: stripe
secret: stripe_live
allow: {events: [Subscription *, Invoice *]}
---
source: crm
kind: hubspot
secret: hub
ids: shared
allow: {events: [Deal *], merges: true}
---
source: support
kind: zendesk
secret: zen
ids: shared
allow: {events: ["Support *"]}
---
source: chat
kind: intercom
secret: inter
allow: {events: ["*"]}
---
source: bus
kind: cloudevents
secret: bus
allow: {events: ["*"]}
---
source: news
kind: cloudevents
secret: bus
allow: {events: [Feature Shipped]}
---
source: shop
kind: webhook
secret: shop
signature: github
allow: {events: [Plan Changed, Feature Shipped]}
mapping:
  - when: body.type == "plan"
    event: Plan Changed
    account: body.account
    id: body.id
    at: body.at
    fields: {plan: body.plan, seats: body.seats}
  - when: body.type == "release"
    event: Feature Shipped
    id: body.id
    props: {topics: body.topics}
`

// outside is an app whose doors anybody may call over a real connection.
type outside struct {
	*app.App
	t   *testing.T
	url string
}

func openOutside(t *testing.T) *outside {
	t.Helper()
	w := newWorld(t, everySource)
	a, err := app.Open(t.Context(), app.Config{Dir: t.TempDir(), Project: w.project, Log: slog.New(slog.DiscardHandler), Env: config.Environment{
		SourceSecrets: map[string][]string{"stripe_live": {"whsec_new", "whsec_old"}, "hub": {"hub"}, "zen": {"zen"}, "inter": {"inter"}, "bus": {"bus"}, "shop": {"shop"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if _, err := a.Republish(t.Context(), w.project); err != nil {
		t.Fatal(err)
	}
	handler, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return &outside{a, t, "http://" + l.Addr().String()}
}

// post sends a body with headers, in pairs, and returns what is answered.
func (o *outside) post(source, body string, headers ...string) (status int, answer string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), http.MethodPost, o.url+"/in/"+source, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is only read
	var b bytes.Buffer
	if _, err := io.Copy(&b, res.Body); err != nil {
		o.t.Fatal(err)
	}
	return res.StatusCode, b.String()
}

func sum256(secret string, parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	_, _ = io.WriteString(h, strings.Join(parts, ""))
	return h.Sum(nil)
}

func signStripe(secret, body string, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%x", at.Unix(), sum256(secret, fmt.Sprint(at.Unix()), ".", body))
}

// events of an account, by name; nil for one that nobody has spoken of.
func (o *outside) events(account string) (names []string) {
	o.t.Helper()
	err := o.Store.View(context.WithoutCancel(o.t.Context()), func(tx store.Tx) error {
		es, err := tx.Events(account, nil, time.Time{}, time.Time{}, 0)
		for _, e := range es {
			names = append(names, e.Source+": "+e.Kind+" "+e.Event)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return names
}

func (o *outside) object(kind, key string) (account string, fields map[string]any) {
	o.t.Helper()
	fields = map[string]any{}
	err := o.Store.View(o.t.Context(), func(tx store.Tx) error {
		ob, err := tx.Object(kind, key)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		account = ob.Account
		for name, f := range ob.Fields {
			fields[name] = fmt.Sprint(f.Value)
		}
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return account, fields
}

func (o *outside) field(account, name string) string {
	o.t.Helper()
	var v any
	err := o.Store.View(o.t.Context(), func(tx store.Tx) error {
		a, err := tx.Account(account)
		v = a.Fields[name].Value
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return fmt.Sprint(v)
}

// stripeEvent is a subscription's event, created seconds before now.
func stripeEvent(id, kind string, age int, rest string) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","created":%d,"type":%q,"data":{"object":{"id":"sub_1","customer":"cus_1","metadata":{"account_id":"acme"},"currency":"usd",%s}}}`,
		id, time.Now().Unix()-int64(age), kind, rest)
}

func TestStripesRenewalDateLandsOnTheAccountsSubscription(t *testing.T) {
	t.Parallel()
	o := openOutside(t)
	const seat = `"quantity":5,"price":{"unit_amount":2000,"lookup_key":"team","recurring":{"interval":"month"}}`
	newer := stripeEvent("evt_2", "customer.subscription.updated", 10, `"status":"active","items":{"data":[{"current_period_end":1822592000,`+seat+`}]}`)
	older := stripeEvent("evt_1", "customer.subscription.created", 60, `"status":"trialing","current_period_end":1792592000,"items":{"data":[{`+seat+`}]}`)
	post := func(body, secret string, at time.Time) int {
		status, _ := o.post("billing", body, "Stripe-Signature", signStripe(secret, body, at))
		return status
	}
	for what, status := range map[string]int{
		"another secret": post(newer, "whsec_other", time.Now()),
		"an hour old":    post(newer, "whsec_new", time.Now().Add(-time.Hour)),
		"from tomorrow":  post(newer, "whsec_new", time.Now().Add(24*time.Hour)),
	} {
		if status != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401", what, status)
		}
	}
	if status, answer := o.post("billing", newer); status != http.StatusUnauthorized || !strings.Contains(answer, "Stripe-Signature") {
		t.Errorf("unsigned: got %d %s", status, answer)
	}
	if status, _ := o.post("billing", strings.Replace(newer, "team", "free", 1), "Stripe-Signature", signStripe("whsec_new", newer, time.Now())); status != http.StatusUnauthorized {
		t.Errorf("altered: got %d", status)
	}
	if es := o.events("acme"); len(es) > 0 {
		t.Fatalf("a call without a signature wrote %v", es)
	}
	for i, body := range []string{newer, older, newer, newer} { // out of order, and tried again
		secret := []string{"whsec_new", "whsec_old"}[i%2]
		if status := post(body, secret, time.Now().Add(-time.Duration(i)*time.Second)); status != http.StatusOK {
			t.Fatalf("%d: got %d", i, status)
		}
	}
	account, sub := o.object("subscription", "sub_1")
	if account != "acme" || sub["next_renewal"] != "2027-10-03" || sub["status"] != "active" || sub["plan"] != "team" || sub["arr"] != "1200" || sub["mrr"] != "100" {
		t.Errorf("the subscription of %q is %v", account, sub)
	}
	if es := o.events("acme"); len(es) != 2 {
		t.Errorf("got %v, want each of two once", es)
	}
	customer := fmt.Sprintf(`{"id":"evt_3","object":"event","created":%d,"type":"customer.updated","data":{"object":{"id":"cus_1","name":"Acme","metadata":{"account_id":"acme"}}}}`, time.Now().Unix())
	if status := post(customer, "whsec_new", time.Now()); status != http.StatusOK || o.field("acme", "name") != "Acme" || o.field("acme", "arr") != "1200" {
		t.Errorf("the account: %d, %s, %s", status, o.field("acme", "name"), o.field("acme", "arr"))
	}
	end := stripeEvent("evt_4", "customer.subscription.deleted", 0, `"status":"canceled","items":{"data":[{"current_period_end":1822592000,`+seat+`}]}`)
	if status := post(end, "whsec_new", time.Now()); status != http.StatusOK || o.field("acme", "arr") != "0" {
		t.Errorf("after its end: %d, arr %s", status, o.field("acme", "arr"))
	}
	trial := stripeEvent("evt_5", "customer.subscription.trial_will_end", 0, `"status":"trialing"`)
	if status, answer := o.post("billing", trial, "Stripe-Signature", signStripe("whsec_new", trial, time.Now())); status != http.StatusOK || !strings.Contains(answer, "not_allowed") || len(o.events("acme")) != 4 {
		t.Errorf("an event that is not allowed: %d %s %v", status, answer, o.events("acme"))
	}
}

func TestEveryKindOfSourceHasItsDoor(t *testing.T) {
	t.Parallel()
	o := openOutside(t)
	stamp := time.Now().UTC().Format(time.RFC3339)
	sha := func(secret, body string) string {
		h := hmac.New(sha1.New, []byte(secret))
		_, _ = io.WriteString(h, body)
		return "sha1=" + hex.EncodeToString(h.Sum(nil))
	}
	for name, c := range map[string]struct {
		body, account, want string
		sign                func(secret, body string) []string
	}{
		"support": {fmt.Sprintf(`{"id":"z1","type":"zen:event-type:ticket.created","time":%q,"detail":{"id":"35","organization_id":"8","priority":"urgent"}}`, stamp), "8", "support: track Support Ticket Opened",
			func(secret, body string) []string {
				return []string{"X-Zendesk-Webhook-Signature-Timestamp", stamp, "X-Zendesk-Webhook-Signature", base64.StdEncoding.EncodeToString(sum256(secret, stamp, body))}
			}},
		"chat": {fmt.Sprintf(`{"id":"i1","topic":"company.created","created_at":%d,"data":{"item":{"company_id":"globex","name":"Globex"}}}`, time.Now().Unix()), "globex", "chat: group ",
			func(secret, body string) []string { return []string{"X-Hub-Signature", sha(secret, body)} }},
		"bus": {`{"specversion":"1.0","id":"1","source":"urn:x","type":"com.acme.renewed","subject":"initech","data":{}}`, "initech", "bus: track com acme renewed",
			func(secret, _ string) []string {
				return []string{"Authorization", "Bearer " + secret, "Content-Type", "application/cloudevents+json"}
			}},
		"shop": {`{"type":"plan","id":"s1","account":"umbrella","plan":"team","seats":4}`, "umbrella", "shop: group ",
			func(secret, body string) []string {
				return []string{"X-Hub-Signature-256", "sha256=" + hex.EncodeToString(sum256(secret, body))}
			}},
	} {
		secret := map[string]string{"support": "zen", "chat": "inter"}[name]
		if secret == "" {
			secret = name
		}
		if status, _ := o.post(name, c.body, c.sign("other", c.body)...); status != http.StatusUnauthorized {
			t.Errorf("%s: another secret: got %d", name, status)
		}
		if status, _ := o.post(name, c.body); status != http.StatusUnauthorized {
			t.Errorf("%s: unsigned: got %d", name, status)
		}
		if es := o.events(c.account); len(es) > 0 {
			t.Errorf("%s: wrote %v", name, es)
		}
		for range 2 {
			if status, answer := o.post(name, c.body, c.sign(secret, c.body)...); status != http.StatusOK || strings.Contains(answer, "dropped") {
				t.Errorf("%s: got %d %s", name, status, answer)
			}
		}
		if es := o.events(c.account); len(es) == 0 || es[0] != c.want {
			t.Errorf("%s: got %v, want %s", name, es, c.want)
		}
		for what, bad := range map[string]string{"no JSON": `{`, "a list of nothing": `[[[[`} {
			if status, answer := o.post(name, bad, c.sign(secret, bad)...); status != http.StatusBadRequest || !json.Valid([]byte(answer)) {
				t.Errorf("%s, %s: got %d %s", name, what, status, answer)
			}
		}
	}
	if o.field("umbrella", "plan") != "team" || o.field("umbrella", "seats") != "4" {
		t.Error("the webhook's fields are not on the account")
	}
	for _, d := range o.Doors() {
		if strings.HasPrefix(d.Name, "source ") && d.Shut != "" {
			t.Errorf("%s is shut: %s", d.Name, d.Shut)
		}
	}
}

func TestADoorWithoutItsSecretSaysWhatToSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, everySource)
	a, err := app.Open(t.Context(), app.Config{Dir: t.TempDir(), Project: w.project, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if _, err := a.Public(); err != nil {
		t.Fatal(err)
	}
	for _, d := range a.Doors() {
		if d.Name == "source billing" && strings.Contains(d.Shut, "HOLDFAST_SECRET_STRIPE_LIVE") {
			return
		}
	}
	t.Errorf("got %v", a.Doors())
}
