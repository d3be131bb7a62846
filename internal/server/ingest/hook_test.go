package ingest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/server/ingest"
	"holdfast/internal/sources"
)

// signed is a provider that signs with one word, and says one event a line.
type signed struct{}

func (signed) Verify(r sources.Request) error {
	if r.Header.Get("Signature") != "right:"+r.URL {
		return errors.New("the signature does not match")
	}
	return nil
}

func (signed) Messages(r sources.Request) (ms []holdfast.Message, drops []ingest.Drop, err error) {
	if len(r.Body) == 0 {
		return nil, nil, errors.New("the body is empty")
	}
	for line := range strings.Lines(string(r.Body)) {
		event := strings.TrimSpace(line)
		if event == "" {
			drops = append(drops, ingest.Drop{Place: "line", Reason: ingest.Unread, Text: "it is empty"})
			continue
		}
		ms = append(ms, holdfast.Message{ID: event, Source: "system", Kind: holdfast.Track, Event: event, Account: "acme", At: r.At})
	}
	return ms, drops, nil
}

func TestASourceOfAnotherKindShowsItsSignatureOrAKey(t *testing.T) {
	t.Parallel()
	const public = "https://retention.example.com"
	w := newWorld(t, func(w *world) {
		w.hook = signed{}
		w.Handler.PublicURL = func() string { return public }
	})
	right := []string{"Signature", "right:" + public + "/in/billing?a=1"}
	for _, c := range []struct {
		path, body string
		headers    []string
		status     int
	}{
		{"/in/billing?a=1", "Paid\n\nPaid again\nemail.replied\n", right, http.StatusOK},
		{"/in/billing?a=1", "Paid\n", []string{"Authorization", basic(w.keys["billing"])}, http.StatusOK},
		{"/in/billing?a=1", "Forged\n", nil, http.StatusUnauthorized},
		{"/in/billing", "Forged\n", right, http.StatusUnauthorized},
		{"/in/billing?a=1", "Forged\n", []string{"Authorization", basic("wrong")}, http.StatusUnauthorized},
		{"/in/billing?a=1", "Forged\n", []string{"Authorization", basic(w.keys["app"])}, http.StatusForbidden},
		{"/in/billing?a=1", "", right, http.StatusBadRequest},
		{"/in/nobody", "Forged\n", right, http.StatusNotFound},
	} {
		if status, text, _ := w.call(c.path, c.body, c.headers...); status != c.status {
			t.Errorf("%s %q %v: got %d %s", c.path, c.body, c.headers, status, text)
		}
	}
	// Its messages are the source's, whatever the reader calls them.
	if got := strings.Join(w.events("acme"), "; "); got != "billing track Paid; billing track Paid again" {
		t.Errorf("got %s", got)
	}
	sums := w.counts.Sums()
	for outcome, n := range map[string]int64{ingest.Taken: 2, ingest.Repeated: 1, ingest.Forged: 1, ingest.Unread: 1} {
		if got := sums[ingest.Counted{Source: "billing", Outcome: outcome}]; got != n {
			t.Errorf("%s: got %d, want %d", outcome, got, n)
		}
	}
}
