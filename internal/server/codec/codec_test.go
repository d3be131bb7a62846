package codec_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/server/codec"
)

const token = "a-token-of-twenty-four-or-more"

func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	asked := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("decoded")) })
	s, err := codec.New(codec.Server{Codec: asked, Token: token, Origins: []string{"https://temporal.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, path  string
		header        map[string]string
		code          int
		body          string
		allowed, asks string
	}{
		"the command line":        {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token}, 200, "decoded", "", ""},
		"without a token":         {"POST", "/decode", nil, 401, "no token", "", "Basic"},
		"a wrong token":           {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token + "x"}, 401, "no token", "", "Basic"},
		"an empty one":            {"POST", "/decode", map[string]string{"Authorization": "Bearer "}, 401, "no token", "", "Basic"},
		"a browser on the page":   {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token, "Origin": "https://temporal.example.com"}, 200, "decoded", "https://temporal.example.com", ""},
		"another page":            {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token, "Origin": "https://evil.example"}, 403, "not on the list", "", ""},
		"a page of the same name": {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token, "Origin": "http://temporal.example.com"}, 403, "not on the list", "", ""},
		"no page at all":          {"POST", "/decode", map[string]string{"Authorization": "Bearer " + token, "Origin": "null"}, 403, "not on the list", "", ""},
		"a browser that asks":     {"OPTIONS", "/decode", map[string]string{"Origin": "https://temporal.example.com"}, 204, "", "https://temporal.example.com", ""},
		"another that asks":       {"OPTIONS", "/decode", map[string]string{"Origin": "https://evil.example"}, 403, "", "", ""},
		"somebody signs in":       {"GET", "/", map[string]string{"Authorization": "Basic eDphLXRva2VuLW9mLXR3ZW50eS1mb3VyLW9yLW1vcmU="}, 200, "You are signed in", "", ""},
		"somebody who does not":   {"GET", "/", nil, 401, "", "", "Basic"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader("{}"))
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		h := w.Result().Header
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.body) || h.Get("Access-Control-Allow-Origin") != c.allowed || !strings.HasPrefix(h.Get("Www-Authenticate"), c.asks) {
			t.Errorf("%s: %d %q %v", name, w.Code, w.Body, h)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", name, h)
		}
	}
}

func TestABodyIsBounded(t *testing.T) {
	t.Parallel()
	var read error
	s, err := codec.New(codec.Server{Token: token, Codec: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for buf := make([]byte, 1<<20); read == nil; {
			_, read = r.Body.Read(buf)
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/decode", strings.NewReader(strings.Repeat("x", 17<<20)))
	r.SetBasicAuth("anybody", token)
	s.ServeHTTP(httptest.NewRecorder(), r)
	if read == nil || !strings.Contains(read.Error(), "too large") {
		t.Errorf("it read to %v", read)
	}
}

func TestWhatItIsGivenIsChecked(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]codec.Server{
		"no token":           {},
		"a short one":        {Token: "short"},
		"any page":           {Token: token, Origins: []string{"*"}},
		"a page with a path": {Token: token, Origins: []string{"https://temporal.example.com/"}},
		"no scheme":          {Token: token, Origins: []string{"temporal.example.com"}},
	} {
		if _, err := codec.New(s); holdfast.CodeOf(err) != holdfast.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
