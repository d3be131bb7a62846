package preferences_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestThePageShowsLittleAndLoadsNothing(t *testing.T) {
	t.Parallel()
	for locale, word := range map[string]string{
		"": "As suas preferências", "de-AT": "Ihre E-Mail", "es": "Sus preferencias", "fr_FR": "Vos préférences", "en": "Your e-mail", "id": "Preferensi email", "ja": "Your e-mail",
	} {
		w := newWorld(t, locale)
		res := w.call(http.MethodGet, w.token, "", "")
		body := res.Body.String()
		if res.Code != http.StatusOK || !strings.Contains(body, word) || !strings.Contains(body, "d•••@acme.example") || !strings.Contains(body, "Northwind &lt;b&gt;&amp; Co") {
			t.Errorf("%q: got %d\n%s", locale, res.Code, body)
		}
		for _, secret := range []string{"dana", w.token, "nudge", "e1", "http:", "https:", "src=", "<script", "<link"} {
			if strings.Contains(body, secret) {
				t.Errorf("%q: the page shows %q:\n%s", locale, secret, body)
			}
		}
		h := res.Header()
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		} {
			if h.Get(name) != want {
				t.Errorf("%s is %q", name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("policy %q", csp)
		}
		accessible(t, body)
	}
}

// accessible reads a page as the rules of WCAG that a machine can hold want it: a
// language, a title, one main with one heading, and buttons that say what they do.
func accessible(t *testing.T, page string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		switch n.Data {
		case "html":
			if len(n.Attr) != 1 || n.Attr[0].Key != "lang" || len(n.Attr[0].Val) != 2 {
				t.Errorf("html has %v, want a lang", n.Attr)
			}
		case "button", "title", "h1":
			if n.FirstChild == nil || strings.TrimSpace(n.FirstChild.Data) == "" {
				t.Errorf("an empty %s", n.Data)
			}
		}
	}
	if seen["main"] != 1 || seen["h1"] != 1 || seen["title"] != 1 || seen["button"] != 2 || seen["form"] != 1 {
		t.Errorf("the page has %v", seen)
	}
}
