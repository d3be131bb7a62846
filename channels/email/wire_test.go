package email_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast"
)

func TestNothingIsSentToAHostThatCannotProveItself(t *testing.T) {
	t.Parallel()
	called := make(chan struct{}, 8)
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} })
	secure, bare := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	t.Cleanup(secure.Close)
	t.Cleanup(bare.Close)
	for name, c := range map[string]struct{ url, reason string }{
		"an unknown certificate": {secure.URL, "bad_certificate"},
		"no TLS at all":          {strings.Replace(bare.URL, "http:", "https:", 1), "connect_failed"},
		"no such name":           {"https://sendgrid.invalid", "connect_failed"},
	} {
		_, err := open(t, c.url, false).Deliver(t.Context(), message("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Refused || d.Reason != c.reason {
			t.Errorf("%s: got %v, want a refusal, %s", name, err, c.reason)
		}
	}
	if len(called) > 0 {
		t.Errorf("%d requests arrived", len(called))
	}
}

func TestGivingUpWhileWaitingLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see the client leave
		cancel()                           // the request is here: whatever comes now, it may have been accepted
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	_, err := open(t, s.URL, false).Deliver(ctx, message("t1"))
	var d *holdfast.DeliveryError
	if !errors.As(err, &d) || !d.Unknown() || d.Reason != "cancelled_after_send" {
		t.Errorf("got %v, want unknown, cancelled_after_send", err)
	}
}
