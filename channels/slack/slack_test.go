package slack_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/channeltest"
	"holdfast/channels/slack"
	"holdfast/channels/standin"
)

const token = "xoxb-secret-token"

func message(touch string) holdfast.Outbound {
	return holdfast.Outbound{
		Touch: touch, Channel: "slack", To: holdfast.Address{ID: "C1"}, Text: "Task for Dana Doe",
		At: time.Unix(1_790_000_000, 0),
		Task: &holdfast.TaskCard{
			ID: "k1", Title: "Call Dana & <!channel>", Brief: "*Why*: <https://x.example|usage> fell", Account: "A&B <Corp>",
			Playbook: "save", Owner: "U0123ABCD", Due: time.Unix(1_790_000_000, 0),
		},
	}
}

func open(t *testing.T, base string) *slack.Channel {
	t.Helper()
	c, err := slack.New(slack.Config{Token: token, URL: base, Timeout: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSlackKeepsTheSuite(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) channeltest.Rig {
		p, err := standin.Start(t.Context(), standin.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		return channeltest.Rig{
			Channel: open(t, p.SlackURL), Message: message,
			Accepted: func(touch string) int { return p.Counts()[touch] },
			Queue:    p.Slack.Plan.Queue,
			Dead:     open(t, "http://127.0.0.1:1"),
			Secrets:  []string{token, "Dana"},
		}
	})
}

// saying is a Slack that answers one body; it keeps the last form.
func saying(t *testing.T, status int, body string) (base string, last func() url.Values) {
	t.Helper()
	var form url.Values
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.Form
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() url.Values { return form }
}

func TestATaskBecomesACard(t *testing.T) {
	t.Parallel()
	base, last := saying(t, http.StatusOK, `{"ok":true,"channel":"C1","ts":"1.2"}`)
	receipt, err := open(t, base).Deliver(t.Context(), message("t1"))
	if err != nil || receipt.ProviderID != "C1/1.2" {
		t.Fatalf("got %+v, %v, want C1/1.2", receipt, err)
	}
	for field, want := range map[string]string{
		"metadata": `{"event_type":"holdfast_touch","event_payload":{"touch":"t1"}}`,
		"blocks": `[{"type":"header","text":{"type":"plain_text","text":"Call Dana &amp; &lt;!channel&gt;","emoji":false}},
		  {"type":"context","elements":[{"type":"mrkdwn","text":"A&amp;B &lt;Corp&gt; · save · <@U0123ABCD>","verbatim":true}]},
		  {"type":"section","text":{"type":"mrkdwn","text":"*Due* <!date^1790000000^{date_short_pretty} {time}|21 Sep 2026 14:13 UTC>","verbatim":true}},
		  {"type":"section","text":{"type":"mrkdwn","text":"*Why*: <https://x.example|usage> fell","verbatim":true}},
		  {"type":"actions","block_id":"task_k1","elements":[
		    {"type":"button","action_id":"holdfast_done","value":"k1","style":"primary","text":{"type":"plain_text","text":"Done","emoji":false}},
		    {"type":"button","action_id":"holdfast_snooze","value":"k1","text":{"type":"plain_text","text":"Snooze","emoji":false}},
		    {"type":"button","action_id":"holdfast_cannot","value":"k1","text":{"type":"plain_text","text":"Can't do","emoji":false}},
		    {"type":"button","action_id":"holdfast_reassign","value":"k1","text":{"type":"plain_text","text":"Reassign","emoji":false}}]}]`,
	} {
		var got, wanted any
		if err := errors.Join(json.Unmarshal([]byte(last().Get(field)), &got), json.Unmarshal([]byte(want), &wanted)); err != nil {
			t.Fatalf("%s: %v in %s", field, err, last().Get(field))
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", field, diff)
		}
	}
	if got := last(); got.Get("text") != "Task for Dana Doe" || got.Get("unfurl_links") != "false" || got.Get("unfurl_media") != "false" {
		t.Errorf("got text %q, unfurl %q %q", got.Get("text"), got.Get("unfurl_links"), got.Get("unfurl_media"))
	}
}

func TestLongTextsAreCutToSlacksLimits(t *testing.T) {
	t.Parallel()
	p, err := standin.Start(t.Context(), standin.Options{}) // it holds every block against the limits
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	base, last := saying(t, http.StatusOK, `{"ok":true,"channel":"C1","ts":"1.2"}`)
	for name, long := range map[string]string{
		"letters":  strings.Repeat("a", 50_000),
		"emoji":    strings.Repeat("😀", 20_000),
		"entities": strings.Repeat("&amp;", 10_000),
		"links":    strings.Repeat("<https://x.example|y> ", 3_000),
	} {
		m := message("t1")
		m.Text = long
		m.Task = &holdfast.TaskCard{Title: long, Brief: long, Account: long, Playbook: long, Owner: long}
		if _, err := open(t, p.SlackURL).Deliver(t.Context(), m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := open(t, base).Deliver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		got := last().Get("text")
		if n := len(utf16.Encode([]rune(got))); n > 4000 || n < 3900 || !strings.HasSuffix(got, "…") {
			t.Errorf("%s: text has %d characters and ends %q", name, n, got[len(got)-20:])
		}
		if strings.Count(got, "<") != strings.Count(got, ">") || strings.Count(got, "&") != strings.Count(got, ";") {
			t.Errorf("%s: cut inside a link or an entity: %q", name, got[len(got)-30:])
		}
	}
}

func TestSlacksWordsAreClassed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status             int
		body, reason       string
		refused, permanent bool
	}{
		{200, `{"ok":false,"error":"channel_not_found"}`, "channel_not_found", false, true},
		{200, `{"ok":false,"error":"is_archived"}`, "is_archived", false, true},
		{200, `{"ok":false,"error":"invalid_blocks"}`, "invalid_blocks", false, true},
		{200, `{"ok":false,"error":"token_revoked"}`, "bad_credentials", false, true},
		{200, `{"ok":false,"error":"ratelimited"}`, "ratelimited", true, false},
		{200, `{"ok":false,"error":"service_unavailable"}`, "service_unavailable", true, false},
		{200, `{"ok":false,"error":"internal_error"}`, "internal_error", false, false},
		{200, `{"ok":false,"error":"fatal_error"}`, "fatal_error", false, false},
		{200, `{"ok":false,"error":"Dana Doe <dana@acme.example>"}`, "rejected", false, true},
		{200, `{"ok":true}`, "unexpected_answer", false, false},
		{200, `<html>`, "no_answer_after_send", false, false},
		{200, `{"ok":tr`, "no_answer_after_send", false, false},
		{429, ``, "rate_limited", true, false},
		{503, ``, "unavailable", true, false},
		{500, ``, "server_error", false, false},
		{404, ``, "rejected", false, true},
		{302, ``, "redirected", false, true},
	} {
		base, _ := saying(t, c.status, c.body)
		_, err := open(t, base).Deliver(t.Context(), message("t1"))
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || d.Reason != c.reason || d.Refused != c.refused || d.Permanent != c.permanent {
			t.Errorf("%d %s: got %+v, want %s refused=%v permanent=%v", c.status, c.body, d, c.reason, c.refused, c.permanent)
		}
		if shown := fmt.Sprint(err); strings.Contains(shown, "Dana") || strings.Contains(shown, token) {
			t.Errorf("%s: the error shows too much: %s", c.body, shown)
		}
	}
}

func TestAPostIsFoundAgainByItsTouch(t *testing.T) {
	t.Parallel()
	p, err := standin.Start(t.Context(), standin.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	p.Slack.Plan.Queue(standin.ResetAfter)
	if _, err := open(t, p.SlackURL).Deliver(t.Context(), message("t1")); err == nil {
		t.Fatal("got no error from a reset")
	}
	res, err := http.PostForm(p.SlackURL+"/conversations.history", url.Values{
		"token": {token}, "channel": {"C1"}, "include_all_metadata": {"true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var page struct {
		Messages []struct {
			Metadata struct {
				Type    string            `json:"event_type"`
				Payload map[string]string `json:"event_payload"`
			}
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	if len(page.Messages) != 1 || page.Messages[0].Metadata.Type != slack.EventType || page.Messages[0].Metadata.Payload["touch"] != "t1" {
		t.Errorf("got %+v, want one message of touch t1", page.Messages)
	}
}

func TestAMessageToNobodyIsRefused(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]holdfast.Outbound{
		"no channel": {Touch: "t1", Text: "x"},
		"no text":    {Touch: "t1", To: holdfast.Address{ID: "C1"}},
		"no touch":   {Text: "x", To: holdfast.Address{ID: "C1"}},
	} {
		_, err := open(t, "http://127.0.0.1:1").Deliver(t.Context(), m)
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Permanent {
			t.Errorf("%s: got %v, want a permanent refusal", name, err)
		}
	}
}
