package email_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/standin"
)

// Each test here is about something that SendGrid, or its Go library, does and
// that has hurt others.

// TestBodiesAreNotSwappedBetweenCustomers: the library's shared client keeps the
// body of the request in itself (sendgrid-go v3.16.1, base_interface.go:60), so
// that under load one customer gets another's mail. Run it with -race.
func TestBodiesAreNotSwappedBetweenCustomers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Subject          string
			Personalizations []struct {
				To         []struct{ Email string }
				CustomArgs map[string]string `json:"custom_args"`
			}
			Content []struct{ Value string }
		}
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id := m.Personalizations[0].CustomArgs["touch"]
		if m.Subject == id && m.Personalizations[0].To[0].Email == id+"@acme.example" && m.Content[0].Value == id && r.Header.Get("Authorization") == "Bearer "+key {
			mu.Lock()
			seen[id]++
			mu.Unlock()
		}
		w.Header().Set("X-Message-Id", "for-"+id)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(s.Close)
	c := open(t, s.URL, false)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 25 {
				id := fmt.Sprintf("t%d-%d", g, i)
				m := message(id)
				m.Subject, m.Text, m.HTML, m.To.Email = id, id, "", id+"@acme.example"
				if receipt, err := c.Deliver(t.Context(), m); err != nil || receipt.ProviderID != "for-"+id {
					t.Errorf("%s: got %+v, %v", id, receipt, err)
				}
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s: whole %d times", id, n)
		}
	}
	if len(seen) != 200 {
		t.Errorf("%d of 200 messages arrived whole", len(seen))
	}
}

// TestTheResetOfARateLimitIsRead: the library looks the header up by a name that
// Go does not keep (X-RateLimit-Reset for X-Ratelimit-Reset) and comes back early.
func TestTheResetOfARateLimitIsRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"by our clock":            {http.Header{"Date": nil, "X-RateLimit-Reset": {strconv.FormatInt(now().Add(40*time.Second).Unix(), 10)}}, 40 * time.Second},
		"by the provider's clock": {http.Header{"Date": {"Mon, 21 Sep 2026 15:00:00 GMT"}, "X-RateLimit-Reset": {strconv.FormatInt(time.Date(2026, 9, 21, 15, 0, 4, 0, time.UTC).Unix(), 10)}}, 4 * time.Second},
		"past":                    {http.Header{"Date": nil, "X-RateLimit-Reset": {"1"}}, time.Second},
		"a year away":             {http.Header{"Date": nil, "X-RateLimit-Reset": {strconv.FormatInt(now().AddDate(1, 0, 0).Unix(), 10)}}, time.Hour},
		"no number":               {http.Header{"Date": nil, "X-RateLimit-Reset": {"soon"}}, 0},
	} {
		base, _ := answering(t, http.StatusTooManyRequests, c.header, "")
		_, err := open(t, base, false).Deliver(t.Context(), message("t1"))
		d, ok := errors.AsType[*holdfast.DeliveryError](err)
		if !ok || !d.Refused || d.Reason != "rate_limited" || d.After != c.want {
			t.Errorf("%s: got %+v, want a refusal for %s", name, d, c.want)
		}
	}
}

// TestTheSandboxAnswers200: not 202, and it delivers nothing.
func TestTheSandboxAnswers200(t *testing.T) {
	t.Parallel()
	p, err := standin.Start(t.Context(), standin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	receipt, err := open(t, p.SendGridURL, true).Deliver(t.Context(), message("t1"))
	if want := (holdfast.Receipt{At: now(), Reason: "sandbox"}); err != nil || receipt != want || len(p.Counts()) != 0 {
		t.Errorf("got %+v, %v, accepted %v; want %+v, and nothing delivered", receipt, err, p.Counts(), want)
	}
}

func TestCategoriesKeepToTheLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		playbook, step string
		want           []string
	}{
		"both":        {"win-back", "hello", []string{"win-back", "win-back/hello"}},
		"the same":    {"hello", "hello", []string{"hello", "hello/hello"}},
		"none":        {"", "", nil},
		"long":        {long, "hello", []string{long[:255]}},
		"cut letters": {"x" + strings.Repeat("ü", 200), "hello", []string{"x" + strings.Repeat("ü", 127)}},
	} {
		base, last := answering(t, http.StatusAccepted, nil, "")
		m := message("t1")
		m.Playbook, m.Step = c.playbook, c.step
		if _, err := open(t, base, false).Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		var got struct{ Categories []string }
		if err := json.Unmarshal([]byte(last()), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got.Categories); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
