package email_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
	"holdfast/channels/standin/judge"
)

func lists(t *testing.T) (*email.Lists, *standin.Suppressions) {
	t.Helper()
	p, err := standin.Start(t.Context(), standin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return listsAt(t, p.SendGridURL), p.SendGrid.Suppressions
}

func listsAt(t *testing.T, base string) *email.Lists {
	t.Helper()
	l, err := email.NewLists(email.Config{Key: key, URL: base, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestListsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	l, far := lists(t)
	for i := range email.ListPage + 3 {
		far.Put("bounces", standin.Suppressed{Email: fmt.Sprintf("User%d@Acme.example", i), At: now().Add(time.Duration(i) * time.Second), Reason: "550 user unknown"})
	}
	first, err := l.Read(t.Context(), email.Bounces, now(), 0)
	rest, errRest := l.Read(t.Context(), email.Bounces, now(), email.ListPage)
	recent, errRecent := l.Read(t.Context(), email.Bounces, now().Add(200*time.Second), 0)
	none, errNone := l.Read(t.Context(), email.Complaints, time.Time{}, 0)
	if err := errors.Join(err, errRest, errRecent, errNone); err != nil || len(first) != email.ListPage || len(rest) != 3 || len(recent) != 3 || len(none) != 0 {
		t.Fatalf("got %d, %d, %d, %d, %v; want %d, 3, 3, 0", len(first), len(rest), len(recent), len(none), err, email.ListPage)
	}
	if want := (email.Listed{Email: "user0@acme.example", At: now()}); rest[2] != want {
		t.Errorf("the oldest is %+v, want %+v", rest[2], want)
	}
}

func TestTheGlobalListIsWritten(t *testing.T) {
	t.Parallel()
	l, far := lists(t)
	for range 2 {
		if err := l.Suppress(t.Context(), []string{"a+b@acme.example", "c/d@acme.example"}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a+b@acme.example", "c/d@acme.example"}, far.Global()); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second time it is not there any more
		if err := errors.Join(l.Lift(t.Context(), email.Unsubscribed, "a+b@acme.example"), l.Lift(t.Context(), email.Unsubscribed, "c/d@acme.example")); err != nil {
			t.Fatal(err)
		}
	}
	if got := far.Global(); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func TestWhatListsAnswerIsClassed(t *testing.T) {
	t.Parallel()
	for fault, want := range map[standin.Fault]string{
		standin.RateLimited: "refused rate_limited", standin.Unavailable: "refused unavailable", standin.ErrorBefore: "unknown server_error", standin.ResetBefore: "unknown no_answer_after_send",
		standin.Rejected: "permanent rejected", standin.Unauthorized: "permanent bad_credentials", standin.SilentAfter: "unknown timeout_after_send",
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			l, far := lists(t)
			far.Plan.Queue(fault)
			err := l.Suppress(t.Context(), []string{"dana@acme.example"})
			d, ok := errors.AsType[*holdfast.DeliveryError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			got := map[bool]string{true: "refused"}[d.Refused] + map[bool]string{true: "permanent"}[d.Permanent]
			if got == "" {
				got = "unknown"
			}
			if got += " " + d.Reason; got != want || strings.Contains(err.Error(), "dana@") || strings.Contains(err.Error(), key) {
				t.Errorf("got %s (%v), want %s without address and key", got, err, want)
			}
		})
	}
	base, _ := answering(t, http.StatusOK, nil, "<html>")
	if _, err := listsAt(t, base).Read(t.Context(), email.Bounces, time.Time{}, 0); err == nil {
		t.Error("a page that is no list: got no error")
	}
}

// TestCallsKeepToTheListsDescription reads $HOLDFAST_CONFORMANCE/sendgrid/tsg_suppressions_v3.json.
func TestCallsKeepToTheListsDescription(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("HOLDFAST_CONFORMANCE")
	if dir == "" {
		t.Skip("HOLDFAST_CONFORMANCE names no folder with the provider's description")
	}
	against, err := judge.New(filepath.Join(dir, "sendgrid", "tsg_suppressions_v3.json"))
	if err != nil {
		t.Fatal(err)
	}
	judged := func(call, body string) []string {
		method, uri, _ := strings.Cut(call, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, "https://api.sendgrid.com"+uri, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json")
		return against(r)
	}
	const addresses = `{"recipient_emails":["a@b.example"]}`
	l, far := lists(t)
	for _, list := range []string{email.Bounces, email.Invalid, email.Complaints, email.Unsubscribed} {
		if _, err := l.Read(t.Context(), list, now(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Suppress(t.Context(), []string{"a@b.example"}); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{email.Bounces, email.Invalid, email.Complaints, email.Unsubscribed} {
		if err := l.Lift(t.Context(), list, "a@b.example"); err != nil {
			t.Fatal(err)
		}
	}
	if len(far.Calls()) != 9 {
		t.Fatalf("called %v", far.Calls())
	}
	for _, call := range far.Calls() {
		body := ""
		if strings.HasPrefix(call, http.MethodPost) {
			body = addresses
		}
		if why := judged(call, body); len(why) > 0 {
			t.Errorf("%s: %s", call, why)
		}
	}
	for _, bad := range []string{"GET /v3/suppression/bounces?page=1", "PUT /v3/asm/suppressions/global", "GET /v3/suppression/unsubscribed"} {
		if len(judged(bad, "")) == 0 {
			t.Errorf("the description allows %s: the judge is blind", bad)
		}
	}
	if len(judged("POST /v3/asm/suppressions/global", `{"emails":["a@b.example"]}`)) == 0 {
		t.Error("the description allows another body: the judge is blind")
	}
}
