package webhook_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/webhook"
)

// TestSignaturesOfOthersAreVerified reads the Standard Webhooks of
// $HOLDFAST_CONFORMANCE/signatures/vectors.jsonl.
func TestSignaturesOfOthersAreVerified(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with vectors")
	}
	f, err := os.Open(filepath.Join(dir, "signatures", "vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	seen := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v struct {
			Scheme, Body, Secret string
			Headers              map[string]string
			Valid                bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Scheme != "standard-webhooks" {
			continue
		}
		seen++
		h := http.Header{}
		for name, value := range v.Headers {
			h.Set(name, value)
		}
		seconds, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(seconds, 0)
		if err := webhook.Verify([]string{v.Secret}, h, []byte(v.Body), at); (err == nil) != v.Valid {
			t.Errorf("got %v, want valid %v", err, v.Valid)
		}
		if !v.Valid {
			continue
		}
		changed := func(name, value string) http.Header {
			c := h.Clone()
			c.Set(name, value)
			return c
		}
		const other = "whsec_YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
		for name, c := range map[string]struct {
			secrets []string
			header  http.Header
			body    string
			now     time.Time
			ok      bool
		}{
			"within five minutes":         {[]string{v.Secret}, h, v.Body, at.Add(299 * time.Second), true},
			"behind another secret":       {[]string{other, v.Secret}, h, v.Body, at, true},
			"behind another signature":    {[]string{v.Secret}, changed("webhook-signature", "v1,AAAA v2,x "+h.Get("webhook-signature")), v.Body, at, true},
			"another body":                {[]string{v.Secret}, h, v.Body + " ", at, false},
			"another id":                  {[]string{v.Secret}, changed("webhook-id", "msg_2"), v.Body, at, false},
			"another time":                {[]string{v.Secret}, changed("webhook-timestamp", strconv.FormatInt(seconds+1, 10)), v.Body, at, false},
			"played again":                {[]string{v.Secret}, h, v.Body, at.Add(301 * time.Second), false},
			"from the future":             {[]string{v.Secret}, h, v.Body, at.Add(-301 * time.Second), false},
			"another secret":              {[]string{other}, h, v.Body, at, false},
			"no secret":                   {nil, h, v.Body, at, false},
			"a secret that is none":       {[]string{"x"}, h, v.Body, at, false},
			"no signature":                {[]string{v.Secret}, changed("webhook-signature", ""), v.Body, at, false},
			"a signature of no version":   {[]string{v.Secret}, changed("webhook-signature", h.Get("webhook-signature")[3:]), v.Body, at, false},
			"a signature of another kind": {[]string{v.Secret}, changed("webhook-signature", "v1a,"+h.Get("webhook-signature")[3:]), v.Body, at, false},
			"a time that is none":         {[]string{v.Secret}, changed("webhook-timestamp", "soon"), v.Body, at, false},
		} {
			if err := webhook.Verify(c.secrets, c.header, []byte(c.body), c.now); (err == nil) != c.ok {
				t.Errorf("%s: got %v, want it taken: %v", name, err, c.ok)
			}
		}
	}
	if seen == 0 {
		t.Error("no vector of this scheme")
	}
}

func TestWhatWeSignWeVerify(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	at := time.Unix(1_790_000_000, 0)
	var verified error
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if verified = webhook.Verify([]string{secret}, r.Header, body, at); err != nil {
			verified = err
		}
	}))
	t.Cleanup(s.Close)
	c, err := webhook.New(webhook.Config{Endpoints: map[string]webhook.Endpoint{"crm": {URL: s.URL, Secret: secret}}})
	if err != nil {
		t.Fatal(err)
	}
	m := holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "crm"}, Text: `{"a":1}`, At: at}
	if _, err := c.Deliver(t.Context(), m); err != nil || verified != nil {
		t.Errorf("got %v, %v", err, verified)
	}
}
