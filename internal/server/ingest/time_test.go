package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/store"
)

// A sender whose clock is wrong is corrected by what it says of when it sent.
func TestTimesAreByOurClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ times, sentAt, want string }{
		"as it says":                     {`"timestamp":"2026-11-22T15:30:00Z"`, "", "15:30:00"},
		"no time at all":                 {``, "", "15:37:00"},
		"a clock that is right":          {`"timestamp":"2026-11-22T15:30:00Z"`, "2026-11-22T15:36:59Z", "15:30:00"},
		"a clock an hour behind":         {`"timestamp":"2026-11-22T14:30:00Z"`, "2026-11-22T14:37:00Z", "15:30:00"},
		"a clock an hour ahead":          {`"timestamp":"2026-11-22T16:30:00Z"`, "2026-11-22T16:37:00Z", "15:30:00"},
		"a clock two days ahead":         {`"timestamp":"2026-11-24T15:30:00Z"`, "2026-11-24T15:37:00Z", "15:30:00"},
		"sent per message":               {`"originalTimestamp":"2026-11-22T14:30:00Z","sentAt":"2026-11-22T14:37:00Z"`, "2026-11-22T15:37:00Z", "15:30:00"},
		"sent in the year 1":             {`"timestamp":"2026-11-22T15:30:00Z"`, "0001-01-01T00:00:00Z", "15:30:00"},
		"sent in 1970":                   {`"timestamp":"2026-11-22T15:30:00Z"`, "1970-01-01T00:00:00Z", "15:30:00"},
		"sent in the year 9999":          {`"timestamp":"2026-11-22T15:30:00Z"`, "9999-12-31T23:59:59Z", "15:30:00"},
		"a clock that was set to 1970":   {`"timestamp":"1970-01-01T00:03:00Z"`, "1970-01-01T00:10:00Z", "15:30:00"},
		"a sending time that is none":    {`"timestamp":"2026-11-22T15:30:00Z"`, "soon", "15:30:00"},
		"a day as RudderStack writes it": {`"originalTimestamp":"2026-11-22T15:30:00.123Z"`, "", "15:30:00"},
	} {
		w := newWorld(t)
		comma := ","
		if c.times == "" {
			comma = ""
		}
		if status, text := w.post("app", "/v1/batch", fmt.Sprintf(`{"sentAt":%q,"batch":[{"type":"track","userId":"u","event":"Login","context":{"groupId":"acme"}%s%s}]}`, c.sentAt, comma, c.times)); status != 200 || text != `{"success":true}` {
			t.Fatalf("%s: got %d %s", name, status, text)
		}
		if err := w.store.View(t.Context(), func(tx store.Tx) error {
			e, err := tx.Event(1)
			if got := e.At.Format(time.TimeOnly); got != c.want {
				t.Errorf("%s: got %s, want %s", name, got, c.want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// Late and repeated messages end in the state that those in order end in.
func TestAnOlderMessageOverwritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	group := func(id, minute, plan string) string {
		return `{"type":"group","messageId":"` + id + `","userId":"u","groupId":"acme","timestamp":"2026-11-22T15:` + minute + `:00Z","traits":{"plan":"` + plan + `"}}`
	}
	for _, batch := range []string{group("2", "20", "pro") + "," + group("3", "30", "enterprise"), group("1", "10", "free"), group("3", "30", "hacked")} {
		if status, _ := w.post("app", "/v1/batch", `{"batch":[`+batch+`]}`); status != 200 {
			t.Fatal(status)
		}
	}
	if err := w.store.View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Account("acme")
		if a.Fields["plan"].Value != "enterprise" {
			t.Errorf("got %v", a.Fields["plan"])
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if es := w.events("acme"); len(es) != 3 {
		t.Errorf("got %q", es)
	}
}

// What says no time and no id is another message each time; what says its time is
// the same when it comes again.
func TestMessagesWithoutAnId(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	undated := `{"userId":"u","event":"Login","context":{"groupId":"acme"}}`
	dated := strings.TrimSuffix(undated, "}") + `,"timestamp":"2026-11-22T15:30:00Z"}`
	for _, body := range []string{undated, undated, dated, dated} {
		w.post("app", "/v1/track", body)
	}
	if es := w.events("acme"); len(es) != 3 {
		t.Errorf("got %q, want three", es)
	}
}
