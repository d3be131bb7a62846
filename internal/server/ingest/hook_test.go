package ingest_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
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

func (signed) Messages(r sources.Request) (ms []sources.Said, drops []ingest.Drop, err error) {
	if len(r.Body) == 0 {
		return nil, nil, errors.New("the body is empty")
	}
	for line := range strings.Lines(string(r.Body)) {
		event := strings.TrimSpace(line)
		if event == "" {
			drops = append(drops, ingest.Drop{Place: "line", Reason: ingest.Unread, Text: "it is empty"})
			continue
		}
		at := r.At
		switch event {
		case "Long ago":
			at = time.Unix(0, 0)
		case "Soon":
			at = at.Add(25 * time.Hour)
		}
		ms = append(ms, sources.Said{Place: strconv.Itoa(len(ms)), Message: holdfast.Message{ID: event, Source: "system", Kind: holdfast.Track, Event: event, Account: "acme", At: at}})
	}
	return ms, drops, nil
}

// Other doors keep the bounds of Segment's, and say where a message stands.
func TestAHookSaysNothingOfLongAgoOrOfTomorrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.hook = signed{} })
	_, text, _ := w.call("/in/billing", "Paid\nLong ago\nSoon\n"+strings.Repeat("x", 5000)+"\n", "Authorization", basic(w.keys["billing"]))
	for _, want := range []string{`{"message":"1","reason":"bad_time","detail":"it happened before the year 2000"}`, `{"message":"2","reason":"bad_time","detail":"it happened more than a day ahead"}`, `{"message":"3"`} {
		if !strings.Contains(text, want) || len(text) > 1000 {
			t.Errorf("got %s, want %s", text, want)
		}
	}
	if got := strings.Join(w.events("acme"), "; "); got != "billing track Paid" {
		t.Errorf("got %s", got)
	}
}

// What waited and cannot be taken counts for the source that sent it.
func TestWhatIsLostAfterItWaitedIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.hook = signed{}
		w.Handler.Receive = func(context.Context, intake.Call) (intake.Result, error) {
			return intake.Result{Messages: 1, Fresh: 1, Lost: []string{"app", "app"}}, nil
		}
	})
	if status, text, _ := w.call("/in/billing", "Paid\n", "Authorization", basic(w.keys["billing"])); status != http.StatusOK {
		t.Fatal(status, text)
	}
	if n := w.counts.Sums()[ingest.Counted{Source: "app", Outcome: ingest.Refused}]; n != 2 {
		t.Errorf("got %d", n)
	}
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
