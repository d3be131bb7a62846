package ingest_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"holdfast/internal/store"
)

// Whatever is posted, the answer is a success or a refusal in JSON; a refusal has
// written nothing, and nothing that is in is an event of ours or says so little
// that it cannot be told whose it is.
func FuzzAnyBodyIsAnswered(f *testing.F) {
	for _, body := range []string{
		good, `{"batch":[` + good + `]}`, `{"batch":[5,null,{"type":"alias","previousId":"a","userId":"b"}],"context":{"groupId":1},"sentAt":"x"}`,
		`{"type":"group","groupId":"a/b","traits":{"__proto__":{"x":[1e999]}},"timestamp":"1970-01-01"}`, "\x1f\x8b\x08", "\xef\xbb\xbf{}",
		`{"batch":[{"type":"track","event":"approval.granted","userId":"u"}]}`, zipped(f, `{"batch":[`+good+`]}`),
		`{"batch":[{"type":"page","anonymousId":"\u0000","name":"\ud800"}]}`, strings.Repeat("[", 20000),
	} {
		f.Add("batch", body)
		f.Add("track", body)
	}
	w := newWorld(f)
	key := basic(w.keys["app"])
	serve, seen := w.mux, int64(0)
	f.Fuzz(func(t *testing.T, path, body string) {
		if len(path) > 20 || strings.ContainsFunc(path, func(r rune) bool { return r < 'a' || r > 'z' }) {
			path = "batch"
		}
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/"+path, strings.NewReader(body))
		r.Header.Set("Authorization", key)
		rec := httptest.NewRecorder()
		serve.ServeHTTP(rec, r)
		var said struct {
			Success bool   `json:"success"`
			Message string `json:"message"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &said); err != nil {
			t.Fatalf("%d %q: %v", rec.Code, rec.Body, err)
		}
		before := seen
		if err := w.store.View(t.Context(), func(tx store.Tx) error {
			for {
				e, err := tx.Event(seen + 1)
				if errors.Is(err, store.ErrNotFound) {
					return nil
				}
				if err != nil {
					return err
				}
				seen++
				if strings.Contains(e.Event, ".") || e.Account == "" || e.ID == "" || e.Source != "app" || e.At.IsZero() {
					t.Errorf("got %+v", e)
				}
			}
		}); err != nil {
			t.Fatal(err)
		}
		switch {
		case rec.Code == 200 && said.Success:
		case rec.Code >= 400 && rec.Code < 500 && rec.Code != 429 && !said.Success && said.Message != "" && seen == before:
		default:
			t.Fatalf("got %d %s, and %d events more", rec.Code, rec.Body, seen-before)
		}
	})
}
