package standin_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"holdfast/channels/standin"
)

func TestAResponseURLIsGoodFiveTimes(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, ts := d.post(t, "C1", say("x"), touched("t1"), slackgo.MsgOptionBlocks(buttons("done")))
	click := standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"}
	if _, err := d.Click(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	url := a.asked().ResponseURL
	for i, m := range []*slackgo.WebhookMessage{
		{Text: "only Jon sees it"}, {Text: "all see it", ResponseType: "in_channel"}, {Text: "instead", ReplaceOriginal: true},
		{Text: "four"}, {Text: "five"}, {Text: "six"},
	} {
		err := slackgo.PostWebhook(url, m)
		if (err == nil) != (i < 5) {
			t.Errorf("answer %d: got %v", i+1, err)
		}
	}
	var got []string
	for _, m := range d.Messages(channel) {
		got = append(got, m.Only+": "+m.Text)
	}
	if diff := cmp.Diff([]string{": instead", "U0JON: only Jon sees it", ": all see it", "U0JON: four", "U0JON: five"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if h, err := d.api.GetConversationHistory(&slackgo.GetConversationHistoryParameters{ChannelID: channel}); err != nil || len(h.Messages) != 2 {
		t.Errorf("the history has %d messages and %v, want the two that all see", len(h.Messages), err)
	}
	if _, err := d.Click(t.Context(), click); err == nil {
		t.Error("a button of what was replaced can still be clicked")
	}
	click.Channel, click.TS = d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	if _, err := d.Click(t.Context(), click); err != nil {
		t.Fatal(err)
	}
	url = a.asked().ResponseURL
	d.pass(30*time.Minute + 1)
	if slackgo.PostWebhook(url, &slackgo.WebhookMessage{Text: "late"}) == nil {
		t.Error("after half an hour: got no error")
	}
}

func TestACommandIsAnswered(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	a.says(func(w http.ResponseWriter, r *http.Request, _ []byte) {
		c, err := slackgo.SlashCommandParse(r)
		if err != nil || r.URL.Path != "/commands" || c.Command != "/holdfast" || c.UserID != "U0MIRA" || c.TriggerID == "" || c.ResponseURL == "" {
			t.Errorf("got %+v, %v", c, err)
		}
		if c.Text == "plain" {
			_, _ = io.WriteString(w, "three tasks")
			return
		}
		says(map[string]any{"response_type": "in_channel", "text": "for all: " + c.Text})(w, r, nil)
	})
	for _, typed := range []string{"plain", "tasks"} {
		if sent, err := d.Command(t.Context(), "U0MIRA", "#cs", typed); err != nil || sent.Problem != "" {
			t.Errorf("%s: got %+v, %v", typed, sent, err)
		}
	}
	var got []string
	for _, m := range d.Messages("#cs") {
		got = append(got, m.Only+": "+m.Text)
	}
	if diff := cmp.Diff([]string{"U0MIRA: three tasks", ": for all: tasks"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestAPersonOpensTheHomeTab(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	refuse := true
	a.says(func(w http.ResponseWriter, r *http.Request, body []byte) {
		var e struct {
			Type, Challenge string
			Event           struct{ Type, User, Tab string }
			ID              string `json:"event_id"`
		}
		if err := json.Unmarshal(body, &e); err != nil || r.URL.Path != "/events" {
			t.Errorf("got %s at %s, %v", body, r.URL.Path, err)
		}
		if e.Type == "url_verification" {
			says(map[string]string{"challenge": e.Challenge})(w, r, nil)
			return
		}
		if e.Event.Type != "app_home_opened" || e.Event.User != "U0MIRA" || e.Event.Tab != "home" || e.ID == "" {
			t.Errorf("got %s", body)
		}
		if refuse {
			refuse = false
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		view := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{buttons("done")}}}
		if _, err := d.api.PublishView(e.Event.User, view, ""); err != nil {
			t.Error(said(err))
		}
	})
	if sent, err := d.Challenge(t.Context()); err != nil || sent.Problem != "" {
		t.Errorf("the challenge: got %+v, %v", sent, err)
	}
	sent, err := d.Home(t.Context(), "U0MIRA")
	if err != nil || sent.Problem != "" || a.last.Get("X-Slack-Retry-Num") != "1" || a.last.Get("X-Slack-Retry-Reason") != "http_error" {
		t.Errorf("got %+v, %v, want the second try to be taken", sent, err)
	}
	home := d.HomeOf("U0MIRA")
	if home.ID == "" || len(a.bodies) != 3 || !bytes.Equal(a.bodies[1], a.bodies[2]) {
		t.Fatalf("got home %+v after %d requests", home, len(a.bodies))
	}
	a.says(nil)
	if _, err := d.Click(t.Context(), standin.Act{User: "U0MIRA", View: home.ID, Action: "done"}); err != nil {
		t.Fatal(err)
	}
	if got := a.asked(); got.View.Type != slackgo.VTHomeTab || got.Container.ViewID != home.ID {
		t.Errorf("got %+v in %+v", got.View.Type, got.Container)
	}
}
