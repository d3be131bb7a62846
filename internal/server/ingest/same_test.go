package ingest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"holdfast/internal/intake"
	"holdfast/internal/server/ingest"
)

// waits is a message of w1, of whom nobody has said yet which account they are of.
const waits = `{"type":"track","messageId":"w","userId":"w1","event":"Login","timestamp":"2026-11-22T15:36:00Z"}`

func group(user string) string {
	return `{"type":"group","messageId":"g-` + user + `","userId":"` + user + `","groupId":"acme"}`
}

// Who cannot say anything cannot say either that one is another.
func TestAMessageThatIsLeftOutMovesNothingThatWaits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("L", 5000)
	const both = `"anonymousId":"w1","userId":"eve"`
	for name, c := range map[string]struct{ source, message, reason string }{
		"an alias to what is no id":              {"app", `{"type":"alias","userId":"` + long + `","previousId":"w1"}`, ingest.Refused},
		"an alias to NUL":                        {"app", `{"type":"alias","userId":"e\u0000","previousId":"w1"}`, ingest.Refused},
		"an alias to one where people may merge": {"crm", `{"type":"alias","userId":"` + long + `","previousId":"w1"}`, ingest.Refused},
		"forged":                                 {"app", `{"type":"track","event":"email.replied",` + both + `}`, ingest.Forged},
		"not allowed":                            {"narrow", `{"type":"track","event":"Logout",` + both + `}`, ingest.NotAllowed},
		"with a value that cannot be":            {"app", `{"type":"track","event":"Login","properties":{"count":"three"},"context":{"groupId":"acme"},` + both + `}`, ingest.Refused},
		"without a time":                         {"app", `{"type":"track","event":"Login","timestamp":"yesterday",` + both + `}`, ingest.BadTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.post("app", "/v1/batch", batchOf(waits))
			if status, text := w.post(c.source, "/v1/batch", batchOf(c.message)); status != http.StatusOK || !strings.Contains(text, `"reason":"`+c.reason+`"`) {
				t.Fatalf("got %d %.300s", status, text)
			}
			w.post("app", "/v1/batch", `{"batch":[`+group("w1")+`,`+group("eve")+`]}`)
			if got := w.events("acme"); !slices.Contains(got, "app track Login w1") {
				t.Errorf("what waited is not theirs: %q", got)
			}
		})
	}
}

func TestWhatWaitsMovesToWhomItIsSaidToBe(t *testing.T) {
	t.Parallel()
	for name, message := range map[string]string{
		"an alias of a source without merges": `{"type":"alias","userId":"eve","previousId":"w1"}`,
		"a message that names both":           `{"type":"identify","anonymousId":"w1","userId":"eve"}`,
		"one beside a refused one":            `{"type":"track","event":"Login","userId":"` + strings.Repeat("L", 300) + `","anonymousId":"w1"},{"type":"identify","anonymousId":"w1","userId":"eve"}`,
	} {
		w := newWorld(t)
		w.post("app", "/v1/batch", batchOf(waits))
		w.post("app", "/v1/batch", batchOf(message))
		w.post("app", "/v1/batch", batchOf(group("eve")))
		if got := w.events("acme"); !slices.Contains(got, "app track Login eve") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// A store that is asked about what is no id may fail, and with it the whole call.
func TestNobodyIsSaidToBeWhatIsNoID(t *testing.T) {
	t.Parallel()
	var said []intake.Same
	w := newWorld(t, func(w *world) {
		receive := w.Handler.Receive
		w.Handler.Receive = func(ctx context.Context, c intake.Call) (intake.Result, error) {
			said = append(said, c.Same...)
			return receive(ctx, c)
		}
	})
	if status, text := w.post("app", "/v1/identify", `{"userId":"u","anonymousId":"a\u0000"}`); status != http.StatusOK || strings.Contains(text, "dropped") {
		t.Errorf("got %d %s", status, text)
	}
	if len(said) > 0 {
		t.Errorf("got %+v", said)
	}
}
