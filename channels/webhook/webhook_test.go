package webhook

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast"
)

var secret = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))

// TestACallIsSigned holds the example of the specification's reference
// implementations: secret, id, timestamp and payload give this signature.
func TestACallIsSigned(t *testing.T) {
	t.Parallel()
	key, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", `{"test": 2432232314}`); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("the signature is %s", got)
	}
}

func TestAnAnswerDecidesWhetherACallIsRepeated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"taken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "sent"},
		{"busy", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "refused after 7s"},
		{"busy until a date", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Fri, 27 Nov 2026 10:00:00 GMT")
			w.Header().Set("Retry-After", "Fri, 27 Nov 2026 10:02:00 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, "refused after 2m0s"},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "refused after 0s"},
		{"gone", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, "permanent"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) }, "permanent"},
		{"cut off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "refused after 0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			type call struct{ id, signature, body string }
			calls := make(chan call, 1)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, _ := io.ReadAll(r.Body)
				calls <- call{r.Header.Get("webhook-id"), r.Header.Get("webhook-signature"), string(text)}
				tt.answer(w, r)
			}))
			t.Cleanup(server.Close)
			c, err := New(Config{Endpoints: map[string]Endpoint{"crm": {URL: server.URL, Secret: secret}}})
			if err != nil || !c.Loopback() {
				t.Fatalf("loopback %v, %v", c.Loopback(), err)
			}
			_, err = c.Deliver(t.Context(), holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "crm"}, Text: `{"a":1}`, At: time.Unix(1000, 0)})
			if got := class(err); got != tt.want {
				t.Errorf("got %s (%v), want %s", got, err, tt.want)
			}
			got := <-calls
			want := call{"t1", "v1," + sign([]byte(strings.Repeat("k", 32)), "t1", "1000", `{"a":1}`), `{"a":1}`}
			if got != want {
				t.Errorf("called with %+v, want %+v", got, want)
			}
		})
	}
}

func class(err error) string {
	d, ok := errors.AsType[*holdfast.DeliveryError](err)
	switch {
	case err == nil:
		return "sent"
	case ok && d.Permanent:
		return "permanent"
	case ok && d.Refused:
		return "refused after " + d.After.String()
	}
	return "unknown"
}

func TestNoNameLeadsIntoAPrivateNetwork(t *testing.T) {
	t.Parallel()
	c, err := New(Config{Endpoints: map[string]Endpoint{"inside": {URL: "https://10.1.2.3/x", Secret: secret}, "meta": {URL: "https://169.254.169.254/", Secret: secret}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Loopback() {
		t.Error("a channel that leaves this machine says it does not")
	}
	for _, to := range []string{"inside", "meta"} {
		_, err := c.Deliver(t.Context(), holdfast.Outbound{Touch: "t", To: holdfast.Address{ID: to}, At: time.Unix(1000, 0)})
		if err == nil || !strings.Contains(err.Error(), "may be called") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

func TestEndpointsAreChecked(t *testing.T) {
	t.Parallel()
	for _, e := range []Endpoint{{URL: "http://crm.example/x", Secret: secret}, {URL: "https://crm.example/x", Secret: "short"}, {URL: "ftp://x", Secret: secret}} {
		if _, err := New(Config{Endpoints: map[string]Endpoint{"crm": e}}); err == nil {
			t.Errorf("%+v was taken", e)
		}
	}
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Deliver(t.Context(), holdfast.Outbound{To: holdfast.Address{ID: "none"}}); class(err) != "permanent" {
		t.Errorf("an endpoint that is not there: %v", err)
	}
}
