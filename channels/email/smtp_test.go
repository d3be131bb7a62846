package email_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jhillyerd/enmime/v2"

	"holdfast"
	"holdfast/channels/channeltest"
	"holdfast/channels/email"
	"holdfast/channels/standin"
)

func smtpAt(t *testing.T, at string, roots *x509.CertPool) *email.SMTP {
	t.Helper()
	c, err := email.NewSMTP(email.SMTPConfig{URL: at, Timeout: time.Second, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func login(scheme, host string) string {
	return (&url.URL{Scheme: scheme, Host: host, User: url.UserPassword(smtpUser, smtpPassword)}).String()
}

func TestSMTPKeepsTheSuite(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Rig {
		s := serveSMTP(t, clear)
		return channeltest.Rig{
			Channel: smtpAt(t, login("smtp", s.addr), nil), Message: message, Accepted: s.accepted,
			Queue: s.queue, NoWish: true, Dead: smtpAt(t, login("smtp", "127.0.0.1:1"), nil),
			Secrets: []string{smtpUser, smtpPassword, url.QueryEscape(smtpPassword), "dana@acme.example", "Dana Doe"},
			Mishaps: []channeltest.Mishap{
				{Fault: busyAtMail, Class: channeltest.Refused},
				{Fault: limitedAtMail, Class: channeltest.Refused},
				{Fault: greyAtRcpt, Class: channeltest.Refused},
				{Fault: cutAtRcpt, Class: channeltest.Refused},
				{Fault: fullAfterBody, Class: channeltest.Refused},
				{Fault: nobodyAtRcpt, Class: channeltest.Permanent},
				{Fault: policyAtRcpt, Class: channeltest.Permanent},
				{Fault: spamAfterBody, Class: channeltest.Permanent},
				{Fault: hugeAfterBody, Class: channeltest.Permanent},
				{Fault: cutAfterBody, Class: channeltest.Unknown, Accepted: 1},
				{Fault: lostAfterBody, Class: channeltest.Unknown},
				{Fault: silentAfterBody, Class: channeltest.Unknown, Accepted: 1},
				{Fault: halfAfterBody, Class: channeltest.Unknown, Accepted: 1},
			},
		}
	})
}

// longMessage is a message that no buffer between us and a server holds, so that a server
// that leaves in the middle of it is seen to leave.
func longMessage(touch string) holdfast.Outbound {
	m := message(touch)
	m.Text = strings.Repeat("a line of text that is about as long as lines are\n", 10_000)
	return m
}

func TestABodyThatBreaksOffWasNotAccepted(t *testing.T) {
	t.Parallel()
	for _, kind := range []smtpKind{clear, starttls, implicit} {
		s := serveSMTP(t, kind)
		c := reach(t, s, kind)
		s.queue(cutInBody)
		_, err := c.Deliver(t.Context(), longMessage("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Refused || d.Reason != "connection_lost" {
			t.Errorf("%d: got %v, want a refusal, connection_lost", kind, err)
		}
		if n := len(s.messages()); n != 0 {
			t.Errorf("%d: %d messages were accepted", kind, n)
		}
	}
}

// reach opens a channel to s as one would to a server on the internet.
func reach(t *testing.T, s *smtpServer, kind smtpKind) *email.SMTP {
	t.Helper()
	scheme, host := "smtp", "mx.test"
	switch kind {
	case clear:
		host = s.addr // in the clear to this machine alone
	case implicit:
		scheme = "smtps"
	case starttls:
	}
	c := smtpAt(t, login(scheme, host), s.roots)
	c.DialTo(s.addr)
	return c
}

func TestAMailArrivesAsItWasMeant(t *testing.T) {
	t.Parallel()
	for _, kind := range []smtpKind{clear, starttls, implicit} {
		s := serveSMTP(t, kind)
		m := message("t1")
		m.Subject = "Grüße aus Zürich — " + strings.Repeat("eine lange Zeile ohne Ende, ", 20) + "日本語"
		m.To.Name, m.From.Name = `Dana "D" Döe, Jr.`, "Robin <the> Owner"
		m.Text = "Hi Dana\n.\n..two dots\nFrom here on\n" + strings.Repeat("x", 3000)
		m.HTML = "<p>Hi Dana – grüezi</p>" + strings.Repeat("y", 3000)
		m.Headers = map[string]string{
			"List-Unsubscribe": "<https://northwind.example/u/" + strings.Repeat("k", 600) + ">", "Message-ID": "<t1@northwind.example>", "In-Reply-To": "<x@y.example>",
		}
		receipt, err := reach(t, s, kind).Deliver(t.Context(), m)
		if err != nil || receipt.ProviderID != "<t1@northwind.example>" || !receipt.At.Equal(m.At) {
			t.Fatalf("%d: got %+v, %v", kind, receipt, err)
		}
		got := s.messages()[0]
		if got.tls != (kind != clear) || got.user != smtpUser || got.from != m.From.Email || !cmp.Equal(got.to, []string{m.To.Email}) {
			t.Errorf("%d: arrived by %+v", kind, got)
		}
		readBack(t, got.raw, m)
	}
}

// readBack reads a mail by another's eyes.
func readBack(t *testing.T, raw []byte, m holdfast.Outbound) {
	t.Helper()
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 998 || strings.ContainsAny(line, "\r\n") || (strings.Contains(line, "=") && len(line) > 78 && !strings.Contains(line, "northwind")) {
			t.Errorf("a line of %d: %.60q", len(line), line)
		}
	}
	e, err := enmime.ReadEnvelope(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Errors) > 0 {
		t.Errorf("its reader complains: %v", e.Errors)
	}
	want := map[string]string{
		"Subject": m.Subject, "Message-Id": m.Headers["Message-ID"], "In-Reply-To": "<x@y.example>", "X-Holdfast-Touch": m.Touch,
		"List-Unsubscribe": m.Headers["List-Unsubscribe"], "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Date": "Mon, 21 Sep 2026 14:13:20 +0000", "Bcc": "", "X-Mailer": "", "User-Agent": "",
	}
	for header, value := range want {
		if got := e.GetHeader(header); got != value {
			t.Errorf("%s: got %q, want %q", header, got, value)
		}
	}
	to, err := e.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != m.To.Email || to[0].Name != m.To.Name {
		t.Errorf("to %v, %v\n%s", to, err, raw)
	}
	from, err := e.AddressList("From")
	if err != nil || len(from) != 1 || from[0].Address != m.From.Email || from[0].Name != m.From.Name {
		t.Errorf("from %v, %v", from, err)
	}
	if text := strings.ReplaceAll(e.Text, "\r\n", "\n"); strings.TrimRight(text, "\n") != m.Text || strings.TrimSpace(e.HTML) != m.HTML {
		t.Errorf("text %.200q, html %.200q", text, e.HTML)
	}
	if e.Root.FirstChild == nil || e.Root.FirstChild.ContentType != "text/plain" || e.Root.FirstChild.NextSibling.ContentType != "text/html" {
		t.Error("the text part does not come first")
	}
}

func TestAMailWithoutAMessageIDGetsTheTouchs(t *testing.T) {
	t.Parallel()
	s := serveSMTP(t, clear)
	c := reach(t, s, clear)
	for range 2 {
		if receipt, err := c.Deliver(t.Context(), message("t9")); err != nil || receipt.ProviderID != "<t9@northwind.example>" {
			t.Errorf("got %+v, %v", receipt, err)
		}
	}
}

func TestNothingForgesAHeader(t *testing.T) {
	t.Parallel()
	s := serveSMTP(t, clear)
	c := reach(t, s, clear)
	for name, spoil := range map[string]func(*holdfast.Outbound){
		"a subject with a break":    func(m *holdfast.Outbound) { m.Subject = "a\r\nBcc: eve@evil.example" },
		"a name with a break":       func(m *holdfast.Outbound) { m.To.Name = "Dana\r\nBcc: eve@evil.example" },
		"a header with a break":     func(m *holdfast.Outbound) { m.Headers = map[string]string{"X-A": "b\r\nBcc: eve@evil.example"} },
		"a header that is Bcc":      func(m *holdfast.Outbound) { m.Headers = map[string]string{"Bcc": "eve@evil.example"} },
		"a header too long":         func(m *holdfast.Outbound) { m.Headers = map[string]string{"X-A": strings.Repeat("x", 1200)} },
		"two addresses":             func(m *holdfast.Outbound) { m.To.Email = "dana@acme.example, eve@evil.example" },
		"a command in an address":   func(m *holdfast.Outbound) { m.To.Email = "dana@acme.example>\r\nRCPT TO:<eve@evil.example" },
		"a reply address that lies": func(m *holdfast.Outbound) { m.ReplyTo = "a@b.example\r\nBcc: eve@evil.example" },
	} {
		m := message("t1")
		spoil(&m)
		_, err := c.Deliver(t.Context(), m)
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Permanent || d.Reason != "bad_message" || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: got %v, want a permanent bad_message without addresses", name, err)
		}
	}
	if n := len(s.messages()); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

func TestWhatAServerSaysIsToldWithoutAddresses(t *testing.T) {
	t.Parallel()
	s := serveSMTP(t, clear)
	for fault, want := range map[string][2]string{
		string(busyAtMail): {"unavailable", "421"}, string(greyAtRcpt): {"deferred", "[address] greylisted"}, string(nobodyAtRcpt): {"bad_address", "550"},
		string(policyAtRcpt): {"rejected", "not from you"}, string(spamAfterBody): {"rejected", "554"}, string(hugeAfterBody): {"too_large", "552"},
	} {
		one := serveSMTP(t, clear)
		one.queue(standin.Fault(fault))
		_, err := reach(t, one, clear).Deliver(t.Context(), message("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || d.Reason != want[0] || !strings.Contains(err.Error(), want[1]) || strings.Contains(err.Error(), "dana") {
			t.Errorf("%s: got %v, want %v without the address", fault, err, want)
		}
	}
	c := smtpAt(t, fmt.Sprintf("smtp://%s:wrong@%s", smtpUser, s.addr), nil)
	_, err := c.Deliver(t.Context(), message("t1"))
	var d *holdfast.DeliveryError
	if !errors.As(err, &d) || !d.Permanent || d.Reason != "bad_credentials" || strings.Contains(err.Error(), smtpUser) {
		t.Errorf("a wrong password: got %v, want a permanent bad_credentials that shows no user", err)
	}
}

func TestNothingIsSentToAServerThatCannotProveItself(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		kind   smtpKind
		scheme string
		trust  bool
		reason string
	}{
		{"no STARTTLS, as behind who strips it", clear, "smtp", true, "no_encryption"},
		{"an unknown certificate by STARTTLS", starttls, "smtp", false, "bad_certificate"},
		{"an unknown certificate", implicit, "smtps", false, "bad_certificate"},
		{"no TLS where TLS was meant", clear, "smtps", true, "connection_lost"},
	}
	for _, tt := range tests {
		s := serveSMTP(t, tt.kind)
		roots := s.roots
		if !tt.trust {
			roots = x509.NewCertPool()
		}
		c := smtpAt(t, login(tt.scheme, "mx.test"), roots)
		c.DialTo(s.addr)
		_, err := c.Deliver(t.Context(), message("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Refused || d.Reason != tt.reason || len(s.messages()) != 0 {
			t.Errorf("%s: got %v, want a refusal, %s", tt.name, err, tt.reason)
		}
	}
}

func TestGivingUpOnASilentServerLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	s := serveSMTP(t, clear)
	s.queue(silentAfterBody)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.taken
		cancel()
	}()
	_, err := reach(t, s, clear).Deliver(ctx, message("t1"))
	var d *holdfast.DeliveryError
	if !errors.As(err, &d) || !d.Unknown() || d.Reason != "cancelled_after_send" {
		t.Errorf("got %v, want unknown, cancelled_after_send", err)
	}
}

func TestAnSMTPAddressIsChecked(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"smtps://u:p@mail.example.com": "far", "smtp://mail.example.com:2525?helo=us.example.com": "far", "smtp://127.0.0.1:1025": "here", "smtp://localhost": "here", "smtp://[::1]:25/": "here",
		"": "bad", "mail.example.com:587": "bad", "https://mail.example.com": "bad", "smtp://": "bad", "smtp://h:99999": "bad", "smtp://u:se%cret@h": "bad", "smtp://h/path": "bad",
	} {
		c, err := email.NewSMTP(email.SMTPConfig{URL: at})
		got := "bad"
		if err == nil {
			got = map[bool]string{true: "here", false: "far"}[c.Loopback()]
		}
		if got != want {
			t.Errorf("%q: got %s (%v), want %s", at, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "cret") {
			t.Errorf("%q: the error shows the password: %v", at, err)
		}
	}
}
