package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/links"
	"holdfast/internal/store"
)

const inboundSecret = "0123456789abcdef01234567"

// public is an app whose doors SendGrid's stand-in calls. Its engine is not
// started: what is committed is what counts.
type public struct {
	*app.App
	providers *standin.Pair
	url       string
}

func openPublic(t *testing.T) *public {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	pair, err := standin.Start(t.Context(), standin.Options{Webhooks: &standin.Webhooks{
		Seed: 7, Repeat: 0.3, Events: server.URL + "/hooks/sendgrid/events", Inbound: server.URL + "/hooks/sendgrid/inbound/" + inboundSecret,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Close() })
	w := newWorld(t, hostile)
	a, err := app.Open(t.Context(), app.Config{Dir: t.TempDir(), Project: w.project, Log: slog.New(slog.DiscardHandler), Env: config.Environment{
		SendGridEventKey: pair.PublicKey(), SendGridInboundKey: inboundSecret, LinkKeys: []string{strings.Repeat("k", 32)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	if _, err := a.Republish(t.Context(), w.project); err != nil {
		t.Fatal(err)
	}
	if handler, err = a.Public(); err != nil {
		t.Fatal(err)
	}
	return &public{App: a, providers: pair, url: server.URL}
}

// sent is an enrollment of account whose first mail went to address.
func (p *public) sent(t *testing.T, account, address string) store.Touch {
	t.Helper()
	at := p.Clock.Now()
	h := store.Touch{
		Enrollment: holdfast.EnrollmentID("check-in", account, "1"), Account: account, Contact: account + "-dana", Playbook: "check-in", Step: "ask", Path: "ask",
		Channel: "email", Recipient: account + "-dana", State: holdfast.Unknown, ClaimedAt: at, SendingAt: at,
	}
	h.ID = holdfast.TouchID(h.Enrollment, h.Path, h.Channel, h.Recipient)
	err := p.Store.Update(t.Context(), func(tx store.Tx) error {
		heads, err := tx.Heads()
		_, enrolled := tx.Enroll(store.Enrollment{
			ID: h.Enrollment, Playbook: "check-in", Digest: heads["check-in"], Account: account, EntryKey: "1", Arm: "treated", Status: "active",
			StartedAt: at, State: []byte(`{"v":1,"at":"ask"}`),
		})
		return errors.Join(err, enrolled, tx.PutTouch(h), tx.PutAccount(store.Account{ID: account, Known: true}),
			tx.PutContact(store.Contact{ID: h.Contact, Account: account, Fields: map[string]store.Field{"email": {Value: address, At: at}}}))
	})
	if err != nil {
		t.Fatal(err)
	}
	ch, err := email.New(email.Config{Key: "SG.k", URL: p.providers.SendGridURL})
	if err != nil {
		t.Fatal(err)
	}
	token := links.Keys{[]byte(strings.Repeat("k", 32))}.Token(links.Reply, h.ID)
	_, err = ch.Deliver(t.Context(), holdfast.Outbound{
		Touch: h.ID, Enrollment: h.Enrollment, Account: account, To: holdfast.Address{Email: address}, From: holdfast.Address{Email: "success@ours.example"},
		ReplyTo: "reply+" + token + "@in.ours.example", Subject: "Hello", Text: "Hello", Headers: map[string]string{"Message-ID": "<" + h.ID + "@ours.example>"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// outcome is what is remembered of a touch: its state, its exit, what suppresses its person.
func (p *public) outcome(t *testing.T, h store.Touch) (said string) {
	t.Helper()
	err := p.Store.View(context.WithoutCancel(t.Context()), func(tx store.Tx) error {
		row, err := tx.Touch(h.ID)
		said = string(row.State)
		if exit, err := tx.ExitOf(h.Enrollment); err == nil {
			said += " exit " + exit.Outcome
		}
		noes, errNo := tx.Suppressions(h.Contact, "")
		for _, no := range noes {
			said += " " + no.Kind
		}
		return errors.Join(err, errNo)
	})
	if err != nil {
		t.Fatal(err)
	}
	return said
}

func TestWhatSendGridTellsReachesThePlaybooks(t *testing.T) {
	t.Parallel()
	p := openPublic(t)
	touches := map[string]store.Touch{}
	for i, kind := range []string{"plain", "bounce", "blocked", "spam", "unsubscribe", "open", "drop"} {
		touches[kind] = p.sent(t, fmt.Sprintf("a%d", i), kind+"@acme.example")
	}
	if err := p.providers.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]string{
		"plain": "reconciled", "bounce": "reconciled bounced", "blocked": "reconciled", "spam": "reconciled complained opted_out",
		"unsubscribe": "reconciled opted_out", "open": "reconciled", "drop": "failed bounced",
	} {
		if got := p.outcome(t, touches[kind]); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
	}
	away := standin.Answer{Touch: touches["plain"].ID, Headers: "Auto-Submitted: auto-replied"}
	if err := p.providers.Reply(t.Context(), away); err != nil || p.outcome(t, touches["plain"]) != "reconciled" {
		t.Errorf("out of office: %v, %s", err, p.outcome(t, touches["plain"]))
	}
	for _, a := range []standin.Answer{
		{Touch: touches["plain"].ID, Text: "Yes"},                                       // by its token
		{Touch: touches["open"].ID, To: "success@ours.example", Text: "Yes", Raw: true}, // by In-Reply-To, from whom it went to
	} {
		if err := p.providers.Reply(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		var h store.Touch
		for _, one := range touches {
			if one.ID == a.Touch {
				h = one
			}
		}
		if got := p.outcome(t, h); got != "reconciled exit answered" {
			t.Errorf("%+v: %s", a, got)
		}
	}
	forged := standin.Answer{Touch: touches["blocked"].ID, From: "eve@evil.example", To: "success@ours.example", Text: "Yes"}
	if err := p.providers.Reply(t.Context(), forged); err != nil || p.outcome(t, touches["blocked"]) != "reconciled" {
		t.Errorf("a stranger's answer: %v, %s", err, p.outcome(t, touches["blocked"]))
	}
}

func TestNobodyForgesWhatSendGridTells(t *testing.T) {
	t.Parallel()
	p := openPublic(t)
	h := p.sent(t, "a1", "drop@acme.example")
	if err := p.providers.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := p.outcome(t, h)
	for path, want := range map[string]int{"/hooks/sendgrid/events": 401, "/hooks/sendgrid/inbound/" + strings.Repeat("x", 24): 401, "/hooks/sendgrid/other": 404} {
		res, err := http.Post(p.url+path, "application/json", strings.NewReader(`[{"event":"unsubscribe","timestamp":1790000000,"touch":"`+h.ID+`"}]`))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
	if after := p.outcome(t, h); after != before {
		t.Errorf("%q became %q", before, after)
	}
}

func TestDoorsWithoutAKeyStayShutAndBadKeysAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  config.Environment
		open int
		want string
	}{
		"none":         {config.Environment{}, 0, ""},
		"inbound":      {config.Environment{SendGridInboundKey: inboundSecret}, 1, ""},
		"a short one":  {config.Environment{SendGridInboundKey: "secret"}, 0, "openssl rand -hex 24"},
		"no key":       {config.Environment{SendGridEventKey: "AAAA"}, 0, "HOLDFAST_SENDGRID_EVENT_KEY"},
		"a bad policy": {config.Environment{SendGridInboundKey: inboundSecret, SendGridInboundSigned: "AAAA"}, 0, "HOLDFAST_SENDGRID_INBOUND_SIGNED_KEY"},
	} {
		w := newWorld(t, hostile)
		a, err := app.Open(t.Context(), app.Config{Dir: t.TempDir(), Project: w.project, Log: slog.New(slog.DiscardHandler), Env: c.env})
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.Public()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
		open := 0
		for _, d := range a.Doors() {
			if d.Shut == "" && strings.HasPrefix(d.Name, "SendGrid") { // links in mails need no key of anybody's
				open++
			}
		}
		if err == nil && open != c.open {
			t.Errorf("%s: %d doors are open, want %d", name, open, c.open)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
