package sources_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/sources"
)

// everyone is one adapter of each kind.
func everyone(t testing.TB) map[string]sources.Adapter {
	t.Helper()
	m, found := mapping(t, `
mapping:
  - {when: 'has(body.a)', event: {cel: body.event}, account: body.a, contact: body.c, at: body.at, id: body.id, props: body, fields: body.f}
  - {each: body.l, event: Item, account: item.a, props: {v: item, n: item.n * 2}}
`)
	if m == nil {
		t.Fatalf("%v", found)
	}
	out := map[string]sources.Adapter{}
	for _, kind := range sources.Names() {
		s := sources.Settings{Signature: &sources.Signature{Scheme: "token"}}
		if kind == "webhook" {
			s.Mapping = m
		}
		out[kind] = open(t, kind, s)
	}
	return out
}

// sound reports what is wrong with a message that an adapter made of whatever came.
func sound(m holdfast.Message) string {
	if m.ID == "" || m.Kind == "" || m.At.IsZero() || m.Kind == holdfast.Track && m.Event == "" {
		return "is no message"
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err.Error()
	}
	if !utf8.Valid(b) || strings.Contains(string(b), `\u0000`) && m.Props != nil && propsHave(m, `\u0000`) {
		return "has a NUL, or is no UTF-8"
	}
	if propsHave(m, `"__proto__"`) {
		return "has __proto__"
	}
	return ""
}

func propsHave(m holdfast.Message, what string) bool {
	b, err := json.Marshal(m.Props)
	return err != nil || strings.Contains(string(b), what)
}

func TestNoBodyBreaksAnAdapter(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	bodies := map[string]string{
		"nothing": "", "spaces": "  \n", "null": "null", "a number": "1", "text": `"x"`, "a list": "[]", "an object": "{}",
		"lists in lists":     strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"depth of 5,000":     deep(5000),
		"depth of 50,000":    deep(50_000),
		"cut":                `{"a":{"b":[1,2`,
		"invalid UTF-8":      "{\"a\":\"\xff\xfe\",\"event\":\"x\xc3\",\"l\":[{\"a\":\"\xed\xa0\x80\"}]}",
		"NUL":                `{"a":"x\u0000y","event":"e","\u0000":1,"l":[{"a":"\u0000"}],"f":{"x\u0000":"\u0000"}}`,
		"a raw NUL":          "{\"a\":\"\x00\"}",
		"__proto__":          `{"a":1,"event":"e","__proto__":{"x":1},"constructor":{"prototype":{}}}`,
		"huge numbers":       `{"a":1e400,"event":"e","created":1e999,"occurredAt":99999999999999999999,"at":1e308,"l":[{"a":1e400,"n":9223372036854775807}]}`,
		"the same key":       `{"a":1,"a":{"a":2},"event":"e","event":7}`,
		"wrong types":        `{"id":[],"object":{},"type":[1],"created":"x","data":[],"detail":7,"event":[],"a":{},"l":{"a":1},"topic":{},"time":1,"specversion":[]}`,
		"an id of 10 KB":     `{"a":"` + strings.Repeat("/", 10_000) + `","event":"e"}`,
		"a surrogate":        `{"a":"\ud800","event":"\udfff"}`,
		"a byte order mark":  "\xef\xbb\xbf{\"a\":1}",
		"times out of reach": `{"a":1,"event":"e","at":"0000-01-01T00:00:00Z","created":-1,"time":"9999-12-31T23:59:59Z","created_at":253402300800}`,
		"stripe":             event("customer.subscription.updated", `{"id":{},"customer":[],"metadata":7,"items":{"data":{"x":1}}}`),
		"stripe's list":      event("customer.subscription.updated", `{"id":"s","customer":"c","items":{"data":[null,7,[],{"price":null},{"price":{"unit_amount":{},"recurring":[]}},{"quantity":-5,"price":{"unit_amount":"-0.5","recurring":{"interval":"month","interval_count":0}}}]}}`),
		"hubspot":            `[null,7,"x",[],{},{"subscriptionType":7,"occurredAt":"1"},{"subscriptionType":"company.propertyChange","occurredAt":1789999998000,"objectId":{"a":1},"propertyName":[],"propertyValue":{"a":[{"b":"\u0000"}]}}]`,
		"hubspot, deep":      `[{"subscriptionType":"company.propertyChange","occurredAt":1789999998000,"objectId":1,"propertyName":"x","propertyValue":` + deep(100) + `}]`,
		"zendesk":            zen("zen:event-type:ticket.created", `[]`, `7`),
		"intercom":           inter("conversation.user.created", `{"contacts":{"contacts":[7]},"user":7,"source":{"author":[]}}`),
		"intercom's lists":   inter("contact.created", `{"id":{},"companies":{"data":7},"custom_attributes":[]}`),
		"cloudevents":        `{"specversion":"1.0","id":{},"source":[],"type":7,"data":` + deep(100) + `}`,
		"cloudevents, deep":  `{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":` + deep(100) + `}`,
	}
	all := everyone(t)
	for name, body := range bodies {
		for kind, a := range all {
			for _, media := range []string{"application/json", "application/cloudevents-batch+json", "\x00;;"} {
				r := sources.Request{Method: "POST", URL: "::%zz\x00?a=%zz", Header: http.Header{"Content-Type": {media}}, Body: []byte(body), At: now}
				ms, refused, err := a.Messages(r)
				for _, m := range ms {
					if why := sound(m.Message); why != "" {
						t.Errorf("%s, %s: %s %s", kind, name, line(m.Message), why)
					}
				}
				for _, f := range refused {
					if f.Reason == "" {
						t.Errorf("%s, %s: refused without a reason", kind, name)
					}
				}
				if err != nil && len(ms)+len(refused) > 0 {
					t.Errorf("%s, %s: an error and messages", kind, name)
				}
			}
		}
	}
}

// Two ids that are broken alike would be one.
func TestWhatIsNotUTF8IsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for kind, a := range everyone(t) {
		ms, refused, err := a.Messages(post("{\"é\":1,\n \"é\": \"ac\xff\xfeme\"}"))
		if err == nil || err.Error() != "2:10: not UTF-8; send UTF-8" || len(ms)+len(refused) > 0 {
			t.Errorf("%s: got %v, %v, %v", kind, ms, refused, err)
		}
	}
	r := post(`{}`)
	r.Header = http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Type": {"t"}, "Ce-Subject": {"ac%ffme"}}
	if _, _, err := everyone(t)["cloudevents"].Messages(r); err == nil || !strings.Contains(err.Error(), "the header Ce-Subject is not UTF-8") {
		t.Errorf("got %v", err)
	}
	a := mapped(t, "mapping:\n  - {event: A, account: 'header[\"x-account\"]'}\n  - {event: A, account: query.account}\n")
	r = post(`{}`)
	r.URL += "?account=ac%ffme"
	r.Header.Set("X-Account", "ac\xffme")
	if ms, refused, err := a.Messages(r); err != nil || len(ms) > 0 || len(refused) != 2 {
		t.Errorf("got %v, %v, %v", lines(ms), refused, err)
	}
}

// A place is where a message stands, however long its id, and no reason fills an answer.
func TestPlacesAreThoseOfTheRequest(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	var got []string
	for _, m := range said(t, open(t, "hubspot", sources.Settings{}), post(`[`+hub("company.creation", `"objectId":7`)+`,`+hub("company.creation", `"objectId":"`+long+`"`)+`]`)) {
		got = append(got, m.Place)
	}
	batch := post(`[{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"` + long + `"}]`)
	batch.Header.Set("Content-Type", "application/cloudevents-batch+json")
	got = append(got, said(t, open(t, "cloudevents", sources.Settings{}), batch)[0].Place)
	got = append(got, said(t, mapped(t, shop), post(`{"orders":[{"kind":"Bread","no":1,"account":"`+long+`"}]}`))[0].Place)
	got = append(got, said(t, open(t, "stripe", sources.Settings{}), post(event("invoice.paid", `{"id":"i","customer":"`+long+`"}`)))[0].Place)
	if s := strings.Join(got, "; "); s != "[0]; [1]; [0]; mapping[1], item 0; body" {
		t.Errorf("got %s", s)
	}
	_, refused, err := open(t, "zendesk", sources.Settings{}).Messages(post(zen("zen:event-type:ticket.created", `{"id":"`+long+`"}`, `{}`)))
	if err != nil || len(refused) != 1 || len(refused[0].Reason) > 300 {
		t.Errorf("got %v, %v", refused, err)
	}
}

// What is good goes in beside what is bad.
func TestDepthSpoilsOneMessageAlone(t *testing.T) {
	t.Parallel()
	a := open(t, "hubspot", sources.Settings{})
	ms, refused, err := a.Messages(post(`[` + hub("company.propertyChange", `"objectId":1,"propertyName":"x","propertyValue":`+strings.Repeat("[", 60)+strings.Repeat("]", 60)) + `,` +
		hub("company.propertyChange", `"objectId":2,"propertyName":"name","propertyValue":"x\u0000y"`) + `]`))
	if err != nil || len(refused) != 1 || len(ms) != 1 || ms[0].Props["name"] != "x\ufffdy" {
		t.Errorf("got %v, %v, %v", lines(ms), refused, err)
	}
}

// No adapter panics, makes half a message, or says another thing the second time,
// whatever comes in. The whole of it runs on every seed in go test.
func FuzzAdapters(f *testing.F) {
	kinds := sources.Names()
	for _, s := range []string{
		event("customer.subscription.updated", `{"id":"s","customer":"cus_1","items":{"data":[`+price("")+`]}}`), event("invoice.paid", `{"id":"i","customer":"c"}`),
		`[` + hub("company.propertyChange", `"objectId":7,"propertyName":"name","propertyValue":"Acme"`) + `]`,
		zen("zen:event-type:ticket.status_changed", `{"id":"1","organization_id":"2"}`, `{"previous":"open","current":"solved"}`),
		inter("contact.user.updated", `{"id":"5f","companies":{"data":[{"id":"c"}]}}`), inter("conversation.rating.added", `{"id":"9","contacts":{"contacts":[{"id":"5f"}]}}`),
		`{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a","data":{"x":1}}`,
		`{"type":"track","event":"x","userId":"u","messageId":"m","timestamp":"2026-01-01T00:00:00Z"}`,
		`{"a":1,"event":"e","l":[{"a":1,"n":2}]}`,
	} {
		for i := range kinds {
			f.Add(i, "t=1,v1=00", s)
		}
	}
	all := everyone(f)
	f.Fuzz(func(t *testing.T, kind int, header, body string) {
		name := kinds[uint(kind)%uint(len(kinds))]
		r := post(body)
		for _, h := range signers {
			r.Header.Set(h.header, header)
		}
		r.Header.Set("X-HubSpot-Request-Timestamp", header)
		r.Header.Set("Webhook-Id", header)
		r.Header.Set("Webhook-Timestamp", header)
		for scheme := range signers {
			if open(t, "webhook", sources.Settings{Signature: &sources.Signature{Scheme: scheme}}).Verify(r, []string{standardSecret}) == nil {
				t.Errorf("%s took what nobody signed", scheme)
			}
		}
		a := all[name]
		ms, refused, err := a.Messages(r)
		for _, m := range ms {
			if why := sound(m.Message); why != "" {
				t.Errorf("%s: %s %s", name, line(m.Message), why)
			}
		}
		again, refusedAgain, errAgain := a.Messages(r)
		if len(again) != len(ms) || len(refusedAgain) != len(refused) || (err == nil) != (errAgain == nil) {
			t.Errorf("%s: says %d messages, then %d", name, len(ms), len(again))
		}
		for i := range min(len(ms), len(again)) {
			if ms[i].ID != again[i].ID {
				t.Errorf("%s: the same message is %q, then %q", name, ms[i].ID, again[i].ID)
			}
		}
	})
}
