package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/server/web"
	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

var monday = time.Date(2026, 1, 5, 14, 0, 0, 0, time.UTC)

// site has one account with a hostile name, one enrollment, one mail, one task.
func site(t *testing.T) *web.Site {
	t.Helper()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	err = s.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: map[string]store.Field{"name": {Value: `<script>document.title="owned"</script>`, At: monday}}}); err != nil {
			return err
		}
		if err := tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: map[string]store.Field{"role": {Value: "champion", At: monday}, store.PlacedBy: {Value: true, At: monday, Message: "m"}}}); err != nil {
			return err
		}
		if _, err := tx.Enroll(store.Enrollment{ID: "e1", Playbook: "win-back", Digest: "sha256:x", Account: "acme", EntryKey: "k", Trigger: "half_year", Status: "active", StartedAt: monday, State: []byte("{}")}); err != nil {
			return err
		}
		out := holdfast.Outbound{Touch: "t1", Channel: "email", Account: "acme", Contact: "dana", Enrollment: "e1", To: holdfast.Address{ID: "dana", Name: "Dana", Email: "dana@acme.example"}, Subject: "What has changed", HTML: "<p>Hello Dana</p><script>parent.document.title='owned'</script>", Text: "Hello Dana", At: monday}
		if _, err := tx.PutMessage(store.Outmail{Outbound: out}); err != nil {
			return err
		}
		if err := tx.PutTask(store.Task{ID: "k1", Enrollment: "e1", Path: "call", Step: "call", Playbook: "win-back", Account: "acme", Owner: "mira", Title: "Call Acme", Status: "open", OpenedAt: monday, DueAt: monday.Add(time.Hour)}); err != nil {
			return err
		}
		return tx.AddLine(store.Line{Key: "l1", At: monday, Account: "acme", Playbook: "win-back", Enrollment: "e1", Step: "opening", Path: "opening", Kind: "email", Channel: "email", To: "dana", Outcome: "sent", Touch: "t1"})
	})
	if err != nil {
		t.Fatal(err)
	}
	return &web.Site{Store: s, Clock: clock.NewVirtual(monday), Log: slog.New(slog.DiscardHandler), Project: "sample", Pace: "compressed: at most 2d/s"}
}

func get(t *testing.T, h http.Handler, path string) (int, string, http.Header) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	r.Host = "localhost:7788"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body), w.Header()
}

func TestEveryPageSaysWhatTheStoreHolds(t *testing.T) {
	t.Parallel()
	h := site(t).Handler()
	for path, want := range map[string]string{
		"/":                  `<a href="/mail/t1">read</a>`,
		"/enrollments":       `<a href="/enrollments/e1">win-back</a>`,
		"/enrollments/e1":    "half_year",
		"/accounts/acme":     "champion",
		"/mail":              "What has changed",
		"/mail/t1":           `<iframe sandbox`,
		"/tasks":             "Call Acme",
		"/tasks?status=done": "None",
	} {
		code, body, _ := get(t, h, path)
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: got %d, want 200 with %q in\n%s", path, code, want, body)
		}
		if path == "/accounts/acme" && (!strings.Contains(body, "&lt;script&gt;") || strings.Contains(body, store.PlacedBy)) {
			t.Errorf("%s: the account's name, or what placed its contact, in\n%s", path, body)
		}
		if strings.Contains(body, "<script>") {
			t.Errorf("%s: an account's name reached the page unescaped", path)
		}
	}
	if code, _, _ := get(t, h, "/enrollments/none"); code != http.StatusNotFound {
		t.Errorf("an unknown enrollment: got %d, want 404", code)
	}
}

// TestWhatIsStoppedStandsFirst: a page that looks calm while nothing goes misleads.
func TestWhatIsStoppedStandsFirst(t *testing.T) {
	t.Parallel()
	s := site(t)
	if _, body, _ := get(t, s.Handler(), "/"); strings.Contains(body, "was stopped by") {
		t.Error("nothing is stopped, and the page says so")
	}
	err := s.Store.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.SetHead("win-back", "sha256:x", monday), tx.MetaSet(store.StopKey("win-back"), "the failure brake: <b>2</b> of 20 e-mails bounced"),
			tx.MetaSet(store.StopAllKey, "Mira"))
	})
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := get(t, s.Handler(), "/")
	for _, want := range []string{"Nothing is sent: it was stopped by Mira.", "Playbook win-back sends nothing: it was stopped by the failure brake: &lt;b&gt;2&lt;/b&gt; of 20"} {
		if !strings.Contains(body, want) {
			t.Errorf("want %q in\n%s", want, body)
		}
	}
}

func TestAnotherHostNameIsRefused(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.Host = "rebound.example"
	w := httptest.NewRecorder()
	site(t).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d, want 403", w.Code)
	}
}

func TestNothingCanBeChanged(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/tasks", http.NoBody)
	r.Host = "127.0.0.1:7788"
	w := httptest.NewRecorder()
	site(t).Handler().ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("got %d, want 405", w.Code)
	}
}

func TestTheMailIsLockedInItsFrame(t *testing.T) {
	t.Parallel()
	_, _, header := get(t, site(t).Handler(), "/mail/t1/body")
	if got := header.Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox;") {
		t.Errorf("policy %q, want sandbox first", got)
	}
}

// serve puts the site on a loopback port for a browser.
func serve(t *testing.T) (url string, ctx context.Context) {
	t.Helper()
	server := httptest.NewServer(site(t).Handler())
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return server.URL, ctx
}
