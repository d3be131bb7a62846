package sources_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/internal/sources"
)

// mapping compiles the rules below `mapping:`, and returns what was found.
func mapping(t testing.TB, text string) (*sources.Mapping, []diag.Diagnostic) {
	t.Helper()
	docs, found := source.Parse("sources/app.yaml", []byte(text))
	if len(found) > 0 || len(docs) != 1 {
		t.Fatalf("%v", found)
	}
	var l diag.List
	m := sources.ReadMapping(docs[0].Get("mapping"), library(t), &l)
	return m, l.All
}

func mapped(t testing.TB, text string) sources.Adapter {
	t.Helper()
	m, found := mapping(t, text)
	for _, d := range found {
		t.Errorf("%s (%s)", d, d.Hint)
	}
	return open(t, "webhook", sources.Settings{Mapping: m, Signature: &sources.Signature{Scheme: "token"}})
}

const shop = `
mapping:
  - when: body.type == "plan.changed"
    event: Plan Changed
    account: body.account.id
    contact: body.user.id
    at: body.at
    id: body.id
    props:
      plan: body.plan.name
      seats: body.plan.seats * 2
      from: '"shop"'
      of: header["x-shop"]
      page: query.page
    fields: {plan: body.plan.name}
    contact_fields: body.user
  - when: has(body.orders)
    each: body.orders
    event: {cel: item.kind + " Placed"}
    account: item.account
    id: '"order-" + string(item.no)'
    at: item.placed
    props: item
`

func TestAMappingMakesMessages(t *testing.T) {
	t.Parallel()
	a := mapped(t, shop)
	r := post(`{"type":"plan.changed","id":"e1","at":"2026-10-01T10:00:00+02:00","account":{"id":42},"user":{"id":"u-1","email":"ada@acme.example"},"plan":{"name":"team","seats":7}}`)
	r.Header.Set("X-Shop", "north")
	r.URL += "?page=2"
	want := []string{
		`group "" of 42/u-1 at 2026-10-01T08:00:00Z {"plan":"team"}`,
		`identify "" of 42/u-1 at 2026-10-01T08:00:00Z {"email":"ada@acme.example","id":"u-1"}`,
		`track "Plan Changed" of 42/u-1 at 2026-10-01T08:00:00Z {"from":"shop","of":"north","page":"2","plan":"team","seats":14}`,
	}
	ms := said(t, a, r)
	if d := cmp.Diff(want, lines(ms)); d != "" {
		t.Error(d)
	}
	if ms[0].ID != "e1/fields" || ms[1].ID != "e1/contact" || ms[2].ID != "e1" {
		t.Errorf("ids are %q, %q, %q", ms[0].ID, ms[1].ID, ms[2].ID)
	}
	ms, refused, err := a.Messages(post(`{"orders":[{"kind":"Bread","no":1,"account":"a","placed":1790000000},{"kind":7,"no":2,"account":"a"},{"no":3},{"kind":"Milk","no":4,"account":"a","placed":1790000000123},9,{"kind":"Milk","no":5,"account":"a","placed":"soon"}]}`))
	want = []string{
		`track "Bread Placed" of a/ at 2026-09-21T14:13:20Z {"account":"a","kind":"Bread","no":1,"placed":1790000000}`,
		`track "Milk Placed" of a/ at 2026-09-21T14:13:20Z {"account":"a","kind":"Milk","no":4,"placed":1790000000123}`,
	}
	if d := cmp.Diff(want, lines(ms)); d != "" || err != nil {
		t.Error(err, d)
	}
	if len(refused) != 4 || refused[0].Place != "mapping[1], item 1" || !strings.Contains(refused[3].Reason, "at: found") {
		t.Errorf("refused %v", refused)
	}
}

// A sender learns that nothing of a call was taken, and who counts drops does, too.
func TestACallThatNoRuleIsForIsRefused(t *testing.T) {
	t.Parallel()
	a := mapped(t, shop)
	for _, body := range []string{`{"type":"x"}`, `[]`, `[1]`, `null`, `5`, `"x"`} {
		ms, refused, err := a.Messages(post(body))
		if err != nil || len(ms) != 0 || len(refused) != 1 || refused[0].Place != "body" || !strings.Contains(refused[0].Reason, "no rule of the mapping") {
			t.Errorf("%s: got %v, %v, %v", body, ms, refused, err)
		}
	}
	if ms := said(t, a, post(`{"orders":[]}`)); len(ms) != 0 {
		t.Errorf("an empty list: got %v", ms)
	}
	_, refused, err := a.Messages(post(`{"orders":[{"no":1,"account":"a"}]}`))
	if err != nil || len(refused) != 1 || refused[0].Place != "mapping[1], item 0" {
		t.Errorf("an item of which nothing is made: got %v, %v", refused, err)
	}
}

// Numbers of more digits than an expression can hold are ids of somebody's: two stay two.
func TestWholeNumbersKeepAllTheirDigits(t *testing.T) {
	t.Parallel()
	a := mapped(t, `
mapping:
  - each: body.orders
    event: Order Placed
    account: item.account
    id: '"order-" + string(item.number)'
    props: {n: item.number, all: item}
`)
	for _, n := range []string{"7", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "100000000000000000000001", "100000000000000000000002"} {
		ms := said(t, a, post(`{"orders":[{"account":`+n+`,"number":`+n+`}]}`))
		if len(ms) != 1 || ms[0].Account != n || ms[0].ID != "order-"+n || fmt.Sprint(ms[0].Props["n"]) != n || !strings.Contains(line(ms[0].Message), n) {
			t.Errorf("%s: got %q, %v", n, ms[0].ID, lines(ms))
		}
	}
}

// What an expression gives is tidied as what it was given.
func TestTextsInAListAreTidied(t *testing.T) {
	t.Parallel()
	a := mapped(t, "mapping:\n  - {event: A, account: body.a, props: body}\n")
	ms := said(t, a, post(`{"a":"acme","l":["x\u0000","y"]}`))
	if got := fmt.Sprint(ms[0].Props["l"]); got != "[x\ufffd y]" {
		t.Errorf("got %q", got)
	}
}

func TestMessagesWithoutAnIDAreToldApartByTheirBody(t *testing.T) {
	t.Parallel()
	a := mapped(t, "mapping:\n  - {event: A, account: body.a}\n  - {event: B, account: body.a}\n  - {each: body.l, event: C, account: body.a}\n  - {event: D, account: body.a, id: '\"x\"'}\n  - {event: E, account: body.a, id: '\"x\"'}\n")
	ids := map[string]bool{}
	for _, body := range []string{`{"a":1,"l":[1,1]}`, `{"a":1,"l":[1,1],"b":2}`} {
		for _, m := range said(t, a, post(body)) {
			ids[m.ID] = true
		}
	}
	again := said(t, a, post(`{"a":1,"l":[1,1]}`))
	if len(ids) != 10 || len(again) != 6 || !ids[again[3].ID] || again[5].ID != "x/2" {
		t.Errorf("ids are %v", ids)
	}
}

// The token is the secret: no expression sees it.
func TestAMappingDoesNotSeeTheToken(t *testing.T) {
	t.Parallel()
	m, _ := mapping(t, "mapping:\n  - {event: A, account: body.a, props: {all: header}}\n")
	for header, value := range map[string]string{"Authorization": "Bearer tok", "X-Gitlab-Token": "tok"} {
		a := open(t, "webhook", sources.Settings{Mapping: m, Signature: &sources.Signature{Scheme: "token", Header: header}})
		r := post(`{"a":1}`)
		r.Header.Set(header, value)
		r.Header.Set("X-Other", "seen")
		if err := a.Verify(r, []string{"tok"}); err != nil {
			t.Error(err)
		}
		for _, m := range said(t, a, r) {
			if all := fmt.Sprint(m.Props); strings.Contains(all, "tok") || !strings.Contains(all, "seen") {
				t.Errorf("%s: got %v", header, all)
			}
		}
	}
}

func TestMistakesInAMappingAreFoundWhereTheyStand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"mapping: {event: A}", `1:10: error: mapping must be a list, not a map [wrong-type]`},
		{"mapping:\n  - when: body.type = 1\n    event: A\n    account: body.a", `2:21: error`},
		{"mapping:\n  - {event: A, account: account.id}", `2:25: error: account sees what was sent alone, not account [out-of-scope]`},
		{"mapping:\n  - {event: A, account: bodi.id}", `2:25: error: unknown name "bodi" [unknown-name]`},
		{"mapping:\n  - {event: A, account: item.id}", `2:25: error: unknown name "item" [unknown-name]`},
		{"mapping:\n  - {event: a.b, account: body.id}", `2:13: error: events with a dot, such as a.b, come from holdfast alone [reserved-event]`},
		{"mapping:\n  - {event: A, accont: body.id}", `2:16: error: unknown key "accont" in a rule of mapping [unknown-key]`},
		{"mapping:\n  - {event: A}", `2:6: error: the rule does not say whose it is [missing-key]`},
		{"mapping:\n  - {account: body.a}", `2:6: error: the rule makes nothing [missing-key]`},
		{"mapping:\n  - {contact: body.a, fields: {a: 1}}", `2:23: error: fields are those of an account, and the rule names none [missing-key]`},
		{"mapping:\n  - {event: A, account: body.a, when: body.n + 1}", `2:39: error: this is a number, not a condition [not-a-condition]`},
		{"mapping:\n  - {event: A, account: body.a, when: '\"x\"'}", `2:40: error: this is a string, not a condition [not-a-condition]`},
		{"mapping:\n  - {event: A, account: body.a, props: {x: 'header[\"X-Shop\"]'}}", `2:53: error: names of headers are in small letters, so there is no "X-Shop" [unknown-name]`},
		{"mapping:\n  - {event: A, account: body.a, props: {x: shop}}", `2:44: error: unknown name "shop" [unknown-name]`},
		{"mapping:\n  - {event: A, account: body.a, props: {x: now}}", `2:44: error: x sees what was sent alone, not now [out-of-scope]`},
	} {
		m, found := mapping(t, c.text)
		if m != nil || len(found) == 0 || !strings.HasPrefix(found[0].String(), "sources/app.yaml:"+c.want) {
			t.Errorf("%s:\n got %v\nwant %s", c.text, found, c.want)
		}
		for _, d := range found {
			if d.Hint == "" && d.Check != "not-a-condition" && d.Check != "wrong-type" && d.Check != "syntax" {
				t.Errorf("%s: no way to mend %s", c.text, d)
			}
		}
	}
}

func TestAnExpressionThatDoesTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	a := mapped(t, "mapping:\n  - {event: A, account: 'string(body.l.map(a, body.l.map(b, body.l.map(c, 1))).size())'}\n  - {event: B, account: body.a}\n")
	body := `{"a":1,"l":[` + strings.TrimSuffix(strings.Repeat("1,", 200), ",") + `]}`
	ms, refused, err := a.Messages(post(body))
	if err != nil || len(ms) != 1 || len(refused) != 1 || refused[0].Reason != "account: the expression does too much work" {
		t.Errorf("got %v, %v, %v", lines(ms), refused, err)
	}
	a = mapped(t, "mapping:\n  - {each: body.l, event: A, account: item}\n")
	ms, refused, err = a.Messages(post(`{"l":[1,` + strings.Repeat("[],", 500) + `1]}`))
	if err != nil || len(ms) != 2 || len(refused) != 500 {
		t.Errorf("got %d, %d, %v", len(ms), len(refused), err)
	}
}

// A provider reads no more than the status: a list too long is no success.
func TestAListIsTakenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	a := mapped(t, "mapping:\n  - {event: B, account: '\"a\"'}\n  - {each: body.l, event: A, account: item}\n")
	if ms := said(t, a, post(`{"l":[`+strings.Repeat("1,", 2499)+`1]}`)); len(ms) != 2501 {
		t.Errorf("got %d", len(ms))
	}
	ms, refused, err := a.Messages(post(`{"l":[` + strings.Repeat("1,", 2500) + `1]}`))
	if holdfast.CodeOf(err) != holdfast.Invalid || len(ms)+len(refused) > 0 || !strings.Contains(err.Error(), "mapping[1].each gave 2501 items, and a request may hold 2500") {
		t.Errorf("got %d, %v, %v", len(ms), refused, err)
	}
}

func TestSignaturesOfADocument(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, found string
		want        *sources.Signature
	}{
		{"signature: standard-webhooks", "", &sources.Signature{Scheme: "standard-webhooks"}},
		{"signature: {token: {header: x-gitlab-token}}", "", &sources.Signature{Scheme: "token", Header: "X-Gitlab-Token"}},
		{"signature: {hmac: {header: X-Acme}}", "", &sources.Signature{Scheme: "hmac", Header: "X-Acme", Algorithm: "sha256", Encoding: "hex"}},
		{"signature: {hmac: {header: X-Acme, algorithm: sha1, encoding: base64, prefix: 's='}}", "", &sources.Signature{Scheme: "hmac", Header: "X-Acme", Algorithm: "sha1", Encoding: "base64", Prefix: "s="}},
		{"signature: strype", `1:12: error: signature cannot be "strype" [unknown-choice]`, nil},
		{"signature: hmac", `1:12: error: hmac needs the name of the header [missing-key]`, nil},
		{"signature: {}", `1:12: error: signature says nothing [missing-key]`, nil},
		{"signature: {hmac: {}}", `1:19: error: hmac needs header [missing-key]`, nil},
		{"signature: {hmac: {header: 'a b'}}", `1:28: error: "a b" cannot be the name of a header`, nil},
		{"signature: {hmac: {header: a, algorithm: md5}}", `1:42: error: algorithm cannot be "md5" [unknown-choice]`, nil},
		{"signature: {hmac: {header: a}, token: {header: b}}", `1:32: error: a signature is an hmac or a token [conflicting-keys]`, nil},
		{"signature: [a]", `1:12: error: signature must be text, not a list [wrong-type]`, nil},
	} {
		docs, _ := source.Parse("sources/app.yaml", []byte(c.text))
		var l diag.List
		got := sources.ReadSignature(docs[0].Get("signature"), &l)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
		said := ""
		if len(l.All) > 0 {
			said = strings.TrimPrefix(l.All[0].String(), "sources/app.yaml:")
		}
		if c.found == "" && said != "" || !strings.HasPrefix(said, c.found) {
			t.Errorf("%s: found %q", c.text, said)
		}
	}
}
