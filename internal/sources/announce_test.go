package sources_test

import (
	"strings"
	"testing"

	"holdfast/internal/sources"
)

const shipped = `track "Feature Shipped" of / at 2026-11-02T09:00:00Z {"topics":["sso"]}`

// An event of all accounts need not name one; one that is about an account must,
// whoever sends it.
func TestAnEventOfAllAccountsMayNameNone(t *testing.T) {
	t.Parallel()
	s := sources.Settings{OfAll: library(t).OfAll, Signature: &sources.Signature{Scheme: "token"}}
	var found any
	s.Mapping, found = mapping(t, `
mapping:
  - when: has(body.shipped)
    event: Feature Shipped
    id: body.id
    props: {topics: body.shipped}
  - when: has(body.kind)
    event: {cel: body.kind}
    account: body.account
    id: body.id
    props: {topics: body.topics}
`)
	if s.Mapping == nil {
		t.Fatal(found)
	}
	for name, c := range map[string]struct{ kind, taken, refused string }{
		"cloudevents": {"cloudevents",
			`{"specversion":"1.0","id":"1","source":"s","type":"Feature.Shipped","data":{"topics":["sso"]}}`,
			`{"specversion":"1.0","id":"1","source":"s","type":"Feature.Used","data":{"topics":["sso"]}}`},
		"segment's webhook": {"segment",
			`{"type":"track","messageId":"m","event":"Feature Shipped","timestamp":"2026-11-02T09:00:00Z","properties":{"topics":["sso"]}}`,
			`{"type":"track","messageId":"m","event":"Feature Used","timestamp":"2026-11-02T09:00:00Z","properties":{"topics":["sso"]}}`},
		"a mapping":                       {"webhook", `{"id":"1","shipped":["sso"]}`, `{"id":"1","kind":"Feature Used","topics":["sso"]}`},
		"a mapping that names the event":  {"webhook", `{"id":"1","kind":"Feature Shipped","topics":["sso"]}`, `{"id":"1","kind":"Feature Used"}`},
		"a mapping of an empty account":   {"webhook", `{"id":"1","kind":"Feature Shipped","account":"","topics":["sso"]}`, `{"id":"1","kind":"Feature Used","account":""}`},
		"a mapping of a broken account":   {"webhook", `{"id":"1","shipped":["sso"]}`, `{"id":"1","kind":"Feature Shipped","account":{},"topics":["sso"]}`},
		"one that it cannot be, by shape": {"webhook", `{"id":"1","shipped":["sso"]}`, `{"id":"1","kind":["Feature Shipped"]}`},
	} {
		own := s
		if c.kind != "webhook" {
			own.Mapping = nil
		}
		a := open(t, c.kind, own)
		if got := strings.Join(lines(said(t, a, post(c.taken))), "; "); got != shipped {
			t.Errorf("%s: got %s", name, got)
		}
		if ms, refused, err := a.Messages(post(c.refused)); len(ms) != 0 || len(refused) == 0 && err == nil {
			t.Errorf("%s takes one that names nobody: %v", name, lines(ms))
		}
		if own.OfAll = nil; own.Mapping == nil {
			if ms, _, _ := open(t, c.kind, own).Messages(post(c.taken)); len(ms) != 0 {
				t.Errorf("%s takes it though no event is of all: %v", name, lines(ms))
			}
		}
	}
}

func TestARuleWithoutAnAccountNamesAnEventOfAll(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"mapping:\n  - {event: Feature Shipped}":                                      "",
		"mapping:\n  - {event: Feature Used}":                                         "the rule does not say whose it is",
		"mapping:\n  - {event: {cel: body.kind}}":                                     "the rule does not say whose it is",
		"mapping:\n  - {event: Feature Shipped, fields: {name: body.name}}":           "fields are those of an account, and the rule names none",
		"mapping:\n  - {event: Feature Shipped, contact_fields: {email: body.email}}": "the rule names no contact",
	} {
		m, found := mapping(t, text)
		said := ""
		for _, d := range found {
			said += d.String()
		}
		if (m != nil) != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%q: got %s, want %q", text, said, want)
		}
	}
}
