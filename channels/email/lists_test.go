package email_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/standin"
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
	b, err := os.ReadFile(filepath.Join(dir, "sendgrid", "tsg_suppressions_v3.json"))
	if err != nil {
		t.Skipf("no description: %v", err)
	}
	d := description{}
	if err := json.Unmarshal(b, &d.root); err != nil {
		t.Fatal(err)
	}
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
		if why := d.allows(call); why != "" {
			t.Errorf("%s: %s", call, why)
		}
	}
	for _, bad := range []string{"GET /v3/suppression/bounces?page=1", "PUT /v3/asm/suppressions/global", "GET /v3/suppression/unsubscribed"} {
		if d.allows(bad) == "" {
			t.Errorf("the description allows %s: the judge is blind", bad)
		}
	}
	body := d.follow(d.root["paths"].(map[string]any)["/v3/asm/suppressions/global"].(map[string]any)["post"].(map[string]any)["requestBody"]).(map[string]any)
	d.body = d.follow(body["content"].(map[string]any)["application/json"].(map[string]any)["schema"]).(map[string]any)
	if found := d.findings(`{"recipient_emails":["a@b.example"]}`); len(found) > 0 {
		t.Errorf("the body: %v", found)
	}
	if len(d.findings(`{"emails":["a@b.example"]}`)) == 0 {
		t.Error("the description allows another body: the judge is blind")
	}
}

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// allows says what the description has against a call, "" for nothing.
func (d description) allows(call string) string {
	method, uri, _ := strings.Cut(call, " ")
	u, err := url.Parse(uri)
	if err != nil {
		return err.Error()
	}
	for path, at := range d.root["paths"].(map[string]any) {
		shape := regexp.MustCompile("^" + pathParameter.ReplaceAllString(path, `[^/]+`) + "$")
		op, ok := at.(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !ok || !shape.MatchString(u.EscapedPath()) {
			continue
		}
		known := map[string]bool{}
		own, _ := op["parameters"].([]any)
		shared, _ := at.(map[string]any)["parameters"].([]any)
		for _, p := range append(own, shared...) {
			known[d.follow(p).(map[string]any)["name"].(string)] = true
		}
		for name := range u.Query() {
			if !known[name] {
				return "no parameter " + name
			}
		}
		return ""
	}
	return "no such path"
}
