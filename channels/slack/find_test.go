package slack_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
)

// workspace answers the Web API from a table of method to answers, the last of
// which repeats, and keeps what it was asked.
type workspace struct {
	mu    sync.Mutex
	says  map[string][]string
	asked []string // method and what tells one call from another
}

func newWorkspace(t *testing.T, says map[string][]string) (*workspace, string) {
	t.Helper()
	w := &workspace{says: says}
	s := httptest.NewServer(w)
	t.Cleanup(s.Close)
	return w, s.URL
}

func (w *workspace) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	method := strings.TrimPrefix(r.URL.Path, "/")
	w.mu.Lock()
	defer w.mu.Unlock()
	what := []string{method}
	for _, name := range []string{"channel", "users", "cursor", "types", "include_all_metadata"} {
		if v := r.Form.Get(name); v != "" {
			what = append(what, name+"="+v)
		}
	}
	w.asked = append(w.asked, strings.Join(what, " "))
	all := w.says[method]
	if len(all) == 0 {
		http.NotFound(rw, r)
		return
	}
	if len(all) > 1 {
		w.says[method] = all[1:]
	}
	if all[0] == "429" {
		rw.Header().Set("Retry-After", "7")
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	}
	_, _ = rw.Write([]byte(all[0]))
}

// history is a page of messages that carry touches.
func history(next string, touches ...string) string {
	var all []string
	for i, touch := range touches {
		all = append(all, fmt.Sprintf(`{"type":"message","ts":"%d.5","text":"x","metadata":{"event_type":"holdfast_touch","event_payload":{"touch":%q}}}`, i+1, touch))
	}
	return fmt.Sprintf(`{"ok":true,"has_more":%v,"messages":[%s,{"type":"message","ts":"0.1","text":"a person"},{"type":"message","ts":"0.2","metadata":{"event_type":"other","event_payload":{"touch":"t1"}}}],"response_metadata":{"next_cursor":%q}}`,
		next != "", strings.Join(append(all, `{"ts":"0.3"}`), ","), next)
}

func TestAMessageIsFoundByItsTouch(t *testing.T) {
	t.Parallel()
	const list = `{"ok":true,"channels":[{"id":"C7","name":"sales"},{"id":"C9","name":"cs"}],"response_metadata":{"next_cursor":""}}`
	for name, c := range map[string]struct {
		to    string
		says  map[string][]string
		want  string // the receipt; "" when it is not there
		asked []string
	}{
		"in a channel": {"C1", map[string][]string{"conversations.history": {history("", "t0", "t1")}}, "C1/2.5",
			[]string{"conversations.history channel=C1 include_all_metadata=1"}},
		"on a later page": {"C1", map[string][]string{"conversations.history": {history("n", "t0"), history("", "t1")}}, "C1/1.5",
			[]string{"conversations.history channel=C1 include_all_metadata=1", "conversations.history channel=C1 cursor=n include_all_metadata=1"}},
		"not there": {"C1", map[string][]string{"conversations.history": {history("", "t0")}}, "",
			[]string{"conversations.history channel=C1 include_all_metadata=1"}},
		"with a person": {"U0SAM", map[string][]string{"conversations.open": {`{"ok":true,"channel":{"id":"D5"}}`}, "conversations.history": {history("", "t1")}}, "D5/1.5",
			[]string{"conversations.open users=U0SAM", "conversations.history channel=D5 include_all_metadata=1"}},
		"in a channel by name": {"#cs", map[string][]string{"conversations.list": {list}, "conversations.history": {history("", "t1")}}, "C9/1.5",
			[]string{"conversations.list types=public_channel,private_channel", "conversations.history channel=C9 include_all_metadata=1"}},
	} {
		w, base := newWorkspace(t, c.says)
		m := holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: c.to}, At: time.Unix(1_790_000_000, 0)}
		got, found, err := open(t, base).Find(t.Context(), m)
		if err != nil || found != (c.want != "") || got.ProviderID != c.want {
			t.Errorf("%s: %q, %v, %v, want %q", name, got.ProviderID, found, err, c.want)
		}
		if diff := cmp.Diff(c.asked, w.asked); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLookingFailsForNowOrForEver(t *testing.T) {
	t.Parallel()
	endless := history("n", "t0")
	for name, c := range map[string]struct {
		says               map[string][]string
		reason             string
		refused, permanent bool
	}{
		"asked to wait":         {map[string][]string{"conversations.history": {"429"}}, "rate_limited", true, false},
		"an error of Slack's":   {map[string][]string{"conversations.history": {`{"ok":false,"error":"internal_error"}`}}, "internal_error", true, false},
		"no scope":              {map[string][]string{"conversations.history": {`{"ok":false,"error":"missing_scope"}`}}, "bad_credentials", false, true},
		"not in the channel":    {map[string][]string{"conversations.history": {`{"ok":false,"error":"not_in_channel"}`}}, "not_in_channel", false, true},
		"a channel without end": {map[string][]string{"conversations.history": {endless}}, "too_much_to_look_through", false, true},
	} {
		_, base := newWorkspace(t, c.says)
		_, found, err := open(t, base).Find(t.Context(), holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "C1"}, At: time.Unix(1, 0)})
		if d := failure(t, err); found || d.Reason != c.reason || d.Refused != c.refused || d.Permanent != c.permanent {
			t.Errorf("%s: %+v", name, d)
		}
	}
	_, base := newWorkspace(t, map[string][]string{"conversations.list": {`{"ok":true,"channels":[]}`}})
	_, _, err := open(t, base).Find(t.Context(), holdfast.Outbound{Touch: "t1", To: holdfast.Address{ID: "#nowhere"}})
	if d := failure(t, err); d.Reason != "channel_not_found" || !d.Permanent {
		t.Errorf("a channel that the app cannot see: %+v", d)
	}
}

// A post teaches where a name leads, so that looking needs no list of channels.
func TestAPostTeachesWhereANameLeads(t *testing.T) {
	t.Parallel()
	w, base := newWorkspace(t, map[string][]string{
		"chat.postMessage": {`{"ok":true,"channel":"C9","ts":"1.2"}`}, "conversations.history": {history("", "t1")},
	})
	c, m := open(t, base), message("t1")
	m.To.ID = "#cs"
	if _, err := c.Deliver(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got, found, err := c.Find(t.Context(), m); err != nil || !found || got.ProviderID != "C9/1.5" {
		t.Errorf("%+v, %v, %v", got, found, err)
	}
	if n := len(w.asked); n != 2 {
		t.Errorf("asked %v", w.asked)
	}
}
