package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/intake"
)

const listed = `
-- holdfast.yaml --
project: p
rules: library
channels: {email: sendgrid}
-- accounts.csv --
id,name
acme,Acme
-- contacts.csv --
id,account,email
dana,acme,dana@acme.example
`

func TestAnOptOutReachesTheProvidersList(t *testing.T) {
	t.Parallel()
	told := make(chan string, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_, _ = io.WriteString(w, "[]")
			return
		}
		body, _ := io.ReadAll(r.Body)
		told <- r.Method + " " + r.URL.Path + " " + string(body)
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(s.Close)
	w := newWorld(t, listed)
	a := w.open(0, func(c *app.Config) {
		c.Virtual, c.Env = nil, config.Environment{SendGridKey: "SG.key", SendGridURL: s.URL}
	})
	if started, err := a.KeepLists(t.Context()); err != nil || !started {
		t.Fatal(started, err)
	}
	w.msgs = append(w.msgs, holdfast.Message{
		ID: "no", Source: "system", Kind: holdfast.Track, Event: holdfast.EventOptedOut, Account: "acme", Contact: "dana", At: a.Clock.Now(),
	})
	if _, err := a.Intake.Take(t.Context(), w.msgs, intake.Live); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-told:
		if want := `POST /v3/asm/suppressions/global {"recipient_emails":["dana@acme.example"]}`; strings.TrimSpace(got) != want {
			t.Errorf("told %s, want %s", got, want)
		}
	case <-t.Context().Done():
	}
}

func TestATrialLeavesTheProvidersListsAlone(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"in the sandbox": "channels: {email: sendgrid, sandbox: true}", "redirected": "channels: {email: sendgrid}\nredirect_all_to: staging@example.com", "in the outbox": "channels: {email: outbox}",
	} {
		w := newWorld(t, strings.Replace(listed, "channels: {email: sendgrid}", settings, 1))
		a := w.open(0, func(c *app.Config) {
			c.Virtual, c.Env = nil, config.Environment{SendGridKey: "SG.key", SendGridURL: "http://127.0.0.1:1"}
		})
		if started, err := a.KeepLists(t.Context()); err != nil || started {
			t.Errorf("%s: started %v, %v", name, started, err)
		}
	}
}

func TestEMailGoesThroughAnSMTPServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, strings.Replace(listed, "sendgrid", "smtp", 1))
	for url, want := range map[string]string{"": "set HOLDFAST_SMTP_URL", "smtp://user:secret@mail.example.com/x": "the SMTP address must look like"} {
		_, err := app.Open(t.Context(), app.Config{Dir: t.TempDir(), Project: w.project, Env: config.Environment{SMTPURL: url}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v, want %q and no password", url, err, want)
		}
	}
	a := w.open(0, func(c *app.Config) {
		c.Virtual, c.Env = nil, config.Environment{SMTPURL: "smtp://user:secret@127.0.0.1:2525"}
	})
	if way := a.Activities.Channels["email"]; !way.Loopback() || way.Name() != "email" {
		t.Errorf("e-mail goes through %T", way)
	}
}
