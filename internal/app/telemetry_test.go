package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/internal/app"
	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/internal/telemetry"
	"holdfast/internal/tokens"
)

func ask(t *testing.T, h http.Handler, path, bearer string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// people are the names and addresses of a world: of customers and of our own.
func people(files string) []string {
	found := regexp.MustCompile(`[\w.+-]+@[\w.-]+|Account \d+|Mira|Halloran|\bKim\b`).FindAllString(files, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// A whole run, watched: no name or address of anybody comes into a label or a line
// of the log, and what is counted is what the timeline tells.
func TestNobodyIsNamedInMetricsAndLogs(t *testing.T) {
	t.Parallel()
	files := lively(12)
	w := newWorld(t, files)
	watch := telemetry.New(clock.System{})
	a, lines := w.run(20, func(c *app.Config) { c.Telemetry = watch })
	code, metrics := ask(t, a.Operations(""), "/metrics", "")
	if code != http.StatusOK {
		t.Fatalf("answered %d: %s", code, metrics)
	}
	enrolled, mails := 0, 0
	for _, l := range lines {
		switch {
		case l.Kind == "enroll" && l.Playbook == "check-in":
			enrolled++
		case l.Kind == "email" && l.Outcome == "sent":
			mails++
		}
	}
	for name, want := range map[string]int{
		`holdfast_enrollments_started_total{arm="treated",playbook="check-in"}`: enrolled,
		`holdfast_touches_total{channel="email",.*state="sent"}`:                mails,
		`holdfast_messages_total{result="taken",source="[a-z]+"}`:               0, // any
		`holdfast_advance_seconds_count{result="ok"}`:                           0,
		`holdfast_relay_rows`:                   0,
		`temporal_workflow_completed_total{.*}`: 0,
	} {
		got := sum(metrics, name)
		if got < 0 || want > 0 && got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	if enrolled == 0 || mails == 0 {
		t.Errorf("%d enrollments and %d mails: the run tells nothing", enrolled, mails)
	}
	labels := strings.Join(regexp.MustCompile(`"[^"]*"`).FindAllString(metrics, -1), "\n")
	for _, name := range people(files) {
		if strings.Contains(labels, name) {
			t.Errorf("%q is in a label", name)
		}
		if strings.Contains(w.log.String(), name) {
			t.Errorf("%q is in the log", name)
		}
	}
	if w.log.String() == "" {
		t.Error("the log is empty: nothing was looked through")
	}
}

// sum adds the series that match; -1 when there is none.
func sum(metrics, name string) int {
	total := -1
	for _, m := range regexp.MustCompile(`(?m)^`+name+` (\d+)$`).FindAllStringSubmatch(metrics, -1) {
		n := 0
		for _, d := range m[1] {
			n = 10*n + int(d-'0')
		}
		total = max(total, 0) + n
	}
	return total
}

func TestReadyIsWhatCanDoItsWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lively(1))
	a := w.open(1)
	look := func(when string, code int, wrong ...string) {
		t.Helper()
		got, body := ask(t, a.Operations(""), "/readyz", "")
		var r app.Readiness
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		var bad []string
		for _, c := range r.Checks {
			if !c.OK {
				bad = append(bad, c.Name)
			}
		}
		if got != code || !slices.Equal(bad, wrong) || len(r.Checks) != 4 {
			t.Errorf("%s: answered %d with %v wrong, want %d with %v: %s", when, got, bad, code, wrong, body)
		}
	}
	look("before the start", http.StatusServiceUnavailable, "temporal", "relay")
	ctx, leave := context.WithCancel(t.Context())
	if err := a.Start(ctx); err != nil {
		t.Fatal(err)
	}
	look("started", http.StatusOK)
	leave()
	for a.Ready(t.Context()).Ready { // what ends it runs beside us
		time.Sleep(time.Millisecond)
	}
	look("told to end", http.StatusServiceUnavailable, "temporal", "relay")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	look("closed", http.StatusServiceUnavailable, "store", "temporal", "relay")
	if code, body := ask(t, a.Operations(""), "/healthz", ""); code != http.StatusOK || body != "ok\n" {
		t.Errorf("a process that lives says %d %q", code, body)
	}
}

func TestMetricsAreForWhoShowsTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lively(1))
	a := w.open(1, func(c *app.Config) { c.Telemetry = telemetry.New(clock.System{}) })
	h := a.Operations("s3cret")
	var reads, writes string
	var key store.Token
	if err := a.Store.Update(t.Context(), func(tx store.Tx) (err error) {
		if reads, key, err = tokens.Create(tx, tokens.New{Scopes: []string{tokens.Metrics}}, clock.System{}.Now()); err == nil {
			writes, _, err = tokens.Create(tx, tokens.New{Scopes: []string{tokens.Ingest + "app"}}, clock.System{}.Now())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for bearer, want := range map[string]int{"": http.StatusUnauthorized, "guess": http.StatusUnauthorized, "s3cret": http.StatusOK, reads: http.StatusOK, writes: http.StatusUnauthorized} {
		if code, _ := ask(t, h, "/metrics", bearer); code != want {
			t.Errorf("%q: answered %d, want %d", bearer, code, want)
		}
	}
	if code, _ := ask(t, h, "/healthz", ""); code != http.StatusOK {
		t.Errorf("a probe needs a token: %d", code)
	}
	if err := a.Store.Update(t.Context(), func(tx store.Tx) (err error) {
		if key, err = tx.Token(key.ID); err == nil && key.UsedAt.IsZero() {
			t.Error("nobody sees that the key is used")
		}
		return tokens.Revoke(tx, key.ID, "ada", clock.System{}.Now())
	}); err != nil {
		t.Fatal(err)
	}
	if code, _ := ask(t, h, "/metrics", reads); code != http.StatusUnauthorized {
		t.Errorf("a key that was revoked reads the metrics: %d", code)
	}
}
