package email_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/channeltest"
	"holdfast/channels/email"
	"holdfast/channels/standin"
)

const key = "SG.secret-key"

func now() time.Time { return time.Unix(1_790_000_000, 0).UTC() }

func message(touch string) holdfast.Outbound {
	return holdfast.Outbound{
		Touch: touch, Channel: "email", Account: "acme", Enrollment: "e1", Contact: "dana", Playbook: "win-back", Step: "hello",
		To:      holdfast.Address{ID: "dana", Name: "Dana Doe", Email: "dana@acme.example"},
		From:    holdfast.Address{Name: "Robin", Email: "robin@northwind.example"},
		ReplyTo: "reply+tok@in.northwind.example",
		Subject: "Hello", Text: "Hi Dana", HTML: "<p>Hi Dana</p>",
		Headers: map[string]string{"List-Unsubscribe": "<https://northwind.example/u/abc>", "In-Reply-To": "<x@y>"},
		At:      now(),
	}
}

func open(t *testing.T, base string, sandbox bool) *email.Channel {
	t.Helper()
	c, err := email.New(email.Config{Key: key, URL: base, Timeout: time.Second, Sandbox: sandbox})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmailKeepsTheSuite(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Rig {
		p, err := standin.Start(t.Context(), standin.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return channeltest.Rig{
			Channel: open(t, p.SendGridURL, false), Message: message,
			Accepted: func(touch string) int { return p.Counts()[touch] },
			Queue:    p.SendGrid.Plan.Queue,
			Dead:     open(t, "http://127.0.0.1:1", false),
			Secrets:  []string{key, "dana@acme.example", "Dana Doe"},
		}
	})
}

// answering is a server with one answer; it keeps the last request's body.
func answering(t *testing.T, status int, header http.Header, body string) (base string, last func() string) {
	t.Helper()
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(b)
		got = string(b)
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() string { return got }
}

func TestTheRequestCarriesIDsAndUnsubscribeHeaders(t *testing.T) {
	t.Parallel()
	base, last := answering(t, http.StatusAccepted, http.Header{"X-Message-Id": {"m1"}}, "")
	receipt, err := open(t, base, false).Deliver(t.Context(), message("t1"))
	if err != nil || receipt.ProviderID != "m1" {
		t.Fatalf("got %+v, %v, want m1", receipt, err)
	}
	var got, want map[string]any
	if err := json.Unmarshal([]byte(last()), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
	  "from": {"name": "Robin", "email": "robin@northwind.example"},
	  "reply_to": {"email": "reply+tok@in.northwind.example"},
	  "subject": "Hello",
	  "categories": ["win-back", "win-back/hello"],
	  "personalizations": [{
	    "to": [{"name": "Dana Doe", "email": "dana@acme.example"}],
	    "custom_args": {"touch": "t1", "enrollment": "e1", "account": "acme"},
	    "headers": {
	      "In-Reply-To": "<x@y>",
	      "List-Unsubscribe": "<https://northwind.example/u/abc>",
	      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"
	    }
	  }],
	  "content": [{"type": "text/plain", "value": "Hi Dana"}, {"type": "text/html", "value": "<p>Hi Dana</p>"}]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestEveryAnswerIsClassed(t *testing.T) {
	t.Parallel()
	date := now().Format(http.TimeFormat)
	reset := strconv.FormatInt(now().Add(20*time.Second).Unix(), 10)
	for _, c := range []struct {
		status             int
		header             http.Header
		reason             string
		refused, permanent bool
		atLeast            time.Duration
	}{
		{status: 429, header: http.Header{"Date": {date}, "X-Ratelimit-Reset": {reset}}, reason: "rate_limited", refused: true, atLeast: 20 * time.Second},
		{status: 429, header: http.Header{"Date": {"soon"}, "X-Ratelimit-Reset": {reset}}, reason: "rate_limited", refused: true, atLeast: 20 * time.Second},
		{status: 429, reason: "rate_limited", refused: true},
		{status: 429, header: http.Header{"X-Ratelimit-Reset": {"1"}}, reason: "rate_limited", refused: true, atLeast: time.Second},
		{status: 503, header: http.Header{"Retry-After": {"7"}}, reason: "unavailable", refused: true, atLeast: 7 * time.Second},
		{status: 400, reason: "rejected", permanent: true},
		{status: 401, reason: "bad_credentials", permanent: true},
		{status: 403, reason: "bad_credentials", permanent: true},
		{status: 404, reason: "rejected", permanent: true},
		{status: 405, reason: "rejected", permanent: true},
		{status: 413, reason: "too_large", permanent: true},
		{status: 307, header: http.Header{"Location": {"/elsewhere"}}, reason: "redirected", permanent: true},
		{status: 500, reason: "server_error"},
		{status: 502, reason: "server_error"},
		{status: 504, reason: "server_error"},
		{status: 200, reason: "unexpected_answer"},
	} {
		base, _ := answering(t, c.status, c.header, "")
		_, err := open(t, base, false).Deliver(t.Context(), message("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) {
			t.Errorf("%d: got %v, want a DeliveryError", c.status, err)
			continue
		}
		if d.Reason != c.reason || d.Refused != c.refused || d.Permanent != c.permanent || d.After < c.atLeast || d.After > time.Hour {
			t.Errorf("%d %v: got %s refused=%v permanent=%v after=%s, want %+v", c.status, c.header, d.Reason, d.Refused, d.Permanent, d.After, c)
		}
	}
}

func TestABadKeyIsNamedAsSettings(t *testing.T) {
	t.Parallel()
	base, _ := answering(t, http.StatusUnauthorized, nil, `{"errors":[{"message":"bad grant for dana@acme.example","field":null}]}`)
	_, err := open(t, base, false).Deliver(t.Context(), message("t1"))
	if err == nil || !strings.Contains(err.Error(), "check the SendGrid API key") || strings.Contains(err.Error(), "dana@") {
		t.Errorf("got %v, want advice about the key and no address", err)
	}
}

func TestABadMessageIsRefusedWithoutACall(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*holdfast.Outbound){
		"no address":             func(m *holdfast.Outbound) { m.To.Email = "" },
		"two addresses":          func(m *holdfast.Outbound) { m.To.Email = "a@b.example, c@d.example" },
		"a named address":        func(m *holdfast.Outbound) { m.To.Email = "Dana <a@b.example>" },
		"no sender":              func(m *holdfast.Outbound) { m.From.Email = "" },
		"no subject":             func(m *holdfast.Outbound) { m.Subject = "" },
		"no text":                func(m *holdfast.Outbound) { m.Text = "" },
		"no touch":               func(m *holdfast.Outbound) { m.Touch = "" },
		"a reserved header":      func(m *holdfast.Outbound) { m.Headers = map[string]string{"BCC": "a@b.example"} },
		"a header with a break":  func(m *holdfast.Outbound) { m.Headers = map[string]string{"X-A": "b\r\nBcc: a@b.example"} },
		"a subject with a break": func(m *holdfast.Outbound) { m.Subject = "a\nBcc: x" },
	} {
		m := message("t1")
		spoil(&m)
		_, err := open(t, "http://127.0.0.1:1", false).Deliver(t.Context(), m)
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Permanent || d.Reason != "bad_message" || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: got %v, want a permanent bad_message without addresses", name, err)
		}
	}
}

func TestTheKeyIsNeverSentInTheClear(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"": true, "https://api.eu.sendgrid.com": true, "http://127.0.0.1:9": true, "http://localhost:9": true, "http://[::1]:9": true,
		"http://api.sendgrid.com": false, "ftp://127.0.0.1": false, "127.0.0.1": false, "http://127.0.0.1.evil.example": false,
	} {
		c, err := email.New(email.Config{Key: key, URL: base})
		if (err == nil) != ok {
			t.Errorf("%q: got error %v, want one: %v", base, err, !ok)
		}
		if err == nil && c.Loopback() != strings.HasPrefix(base, "http://") {
			t.Errorf("%q: loopback %v", base, c.Loopback())
		}
	}
	if _, err := email.New(email.Config{}); err == nil {
		t.Error("no key: got no error")
	}
}

// An opt-out binds outreach; SendGrid's global list, which learns of it, binds all.
func TestOnlyOutreachIsBoundByTheProvidersListOfOptOuts(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]bool{"transactional": true, "service": true, "outreach": false, "": false} {
		base, last := answering(t, http.StatusAccepted, nil, "")
		m := message("t1")
		m.Class = class
		if _, err := open(t, base, false).Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Settings map[string]struct{ Enable bool } `json:"mail_settings"`
		}
		if err := json.Unmarshal([]byte(last()), &got); err != nil {
			t.Fatal(err)
		}
		if on := got.Settings["bypass_unsubscribe_management"].Enable; on != want || (len(got.Settings) > 0) != want {
			t.Errorf("%q: %+v, want only the bypass of opt-outs: %v", class, got.Settings, want)
		}
	}
}
