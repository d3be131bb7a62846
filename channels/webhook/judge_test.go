package webhook

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"holdfast"
)

// TestReceiversOfStandardWebhooksVerifyACall has the specification's own library
// judge: a receiver with the new secret and one with the old take a call.
func TestReceiversOfStandardWebhooksVerifyACall(t *testing.T) {
	t.Parallel()
	old := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("o", 24)))
	stranger := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	type call struct {
		header http.Header
		body   []byte
	}
	calls := make(chan call, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls <- call{r.Header, body}
	}))
	t.Cleanup(server.Close)
	c, err := New(Config{Endpoints: map[string]Endpoint{"crm": {URL: server.URL, Secret: secret + ", " + old}}})
	if err != nil {
		t.Fatal(err)
	}
	m := holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "crm"}, Text: `{"name":"Zoë & <b>","n":1.50}`, At: time.Now()}
	if _, err := c.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := <-calls
	for name, s := range map[string]struct {
		secret string
		takes  bool
	}{"the new secret": {secret, true}, "the old secret": {old, true}, "another's": {stranger, false}} {
		judge, err := standardwebhooks.NewWebhook(s.secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := judge.Verify(got.body, got.header); (err == nil) != s.takes {
			t.Errorf("%s: %v, want it taken: %v", name, err, s.takes)
		}
		if judge.Verify(append([]byte(" "), got.body...), got.header) == nil {
			t.Errorf("%s: a changed body is taken", name)
		}
	}
	judge, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	m.At = time.Now().Add(-10 * time.Minute) // as one that was recorded and played again
	if _, err := c.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if again := <-calls; judge.Verify(again.body, again.header) == nil {
		t.Error("an old call is taken")
	}
}

func TestACallIsBounded(t *testing.T) {
	t.Parallel()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(slow.Close)
	c, err := New(Config{Endpoints: map[string]Endpoint{"crm": {URL: slow.URL, Secret: secret}}, Timeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m := holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "crm"}, Text: `{}`, At: time.Unix(1000, 0)}
	if _, err := c.Deliver(t.Context(), m); class(err) != "refused after 0s" || !strings.Contains(err.Error(), "timeout_after_send") {
		t.Errorf("a receiver that does not answer: %v, want to try again", err)
	}
	m.Text = `"` + strings.Repeat("x", maxBody) + `"`
	if _, err := c.Deliver(t.Context(), m); class(err) != "permanent" || !strings.Contains(err.Error(), "too_large") {
		t.Errorf("a body without end: %v", err)
	}
}

func TestSecretsAreChecked(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", ",", secret + ",short", strings.Repeat(secret+",", 4)} {
		if _, err := New(Config{Endpoints: map[string]Endpoint{"crm": {URL: "https://crm.example", Secret: s}}}); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%d letters: got %v, want an error that shows no secret", len(s), err)
		}
	}
}
