package standin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"holdfast/channels/standin"
)

// connect runs the SDK's client of Socket Mode until the test ends. Its events
// come through the channel.
func connect(t *testing.T, d *desk) (*socketmode.Client, <-chan socketmode.Event) {
	t.Helper()
	api := slackgo.New(botToken, slackgo.OptionAppLevelToken("xapp-1"), slackgo.OptionAPIURL(d.url+"/api/"))
	client := socketmode.New(api)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = client.RunContext(ctx)
	}()
	t.Cleanup(func() { stop(); <-ended })
	return client, client.Events
}

// await passes by events until one of a kind.
func await(t *testing.T, events <-chan socketmode.Event, kind socketmode.EventType) socketmode.Event {
	t.Helper()
	for {
		select {
		case e := <-events:
			if e.Type == kind {
				return e
			}
		case <-t.Context().Done():
			t.Fatalf("no event of kind %s", kind)
		}
	}
}

func TestClicksGoOverASocketWhenOneIsConnected(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people, AppToken: "xapp-1"})
	client, events := connect(t, d)
	await(t, events, socketmode.EventTypeHello)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("snooze")))

	type result struct {
		sent standin.Sent
		err  error
	}
	later := func(do func() (standin.Sent, error)) <-chan result {
		done := make(chan result, 1)
		go func() { sent, err := do(); done <- result{sent, err} }()
		return done
	}
	clicked := later(func() (standin.Sent, error) {
		return d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "snooze"})
	})
	e := await(t, events, socketmode.EventTypeInteractive)
	told := e.Data.(slackgo.InteractionCallback)
	if told.ActionCallback.BlockActions[0].ActionID != "snooze" || told.User.ID != "U0JON" {
		t.Errorf("got %+v", told)
	}
	if _, err := d.api.OpenView(told.TriggerID, modal("reason")); err != nil {
		t.Fatal(said(err))
	}
	_ = client.Ack(*e.Request)
	if r := <-clicked; r.err != nil || r.sent.Problem != "" {
		t.Errorf("got %+v, %v", r.sent, r.err)
	}

	submitted := later(func() (standin.Sent, error) {
		return d.Submit(t.Context(), d.Modals("U0JON")[0].ID, standin.Values{"why": {"away"}, "days": {"3"}})
	})
	e = await(t, events, socketmode.EventTypeInteractive)
	_ = client.Ack(*e.Request, slackgo.NewErrorsViewSubmissionResponse(map[string]string{"long": "too long"}))
	if r := <-submitted; r.err != nil || r.sent.Problem != "" || d.Modals("U0JON")[0].Errors["long"] != "too long" {
		t.Errorf("got %+v, %v, %+v", r.sent, r.err, d.Modals("U0JON"))
	}

	typed := later(func() (standin.Sent, error) { return d.Command(t.Context(), "U0JON", "C1", "tasks") })
	e = await(t, events, socketmode.EventTypeSlashCommand)
	if c := e.Data.(slackgo.SlashCommand); c.Text != "tasks" || c.Command != "/holdfast" {
		t.Errorf("got %+v", c)
	}
	_ = client.Ack(*e.Request, map[string]any{"text": "none"})
	<-typed
	if all := d.Messages("C1"); all[len(all)-1].Text != "none" || all[len(all)-1].Only != "U0JON" {
		t.Errorf("got %+v, want the answer to the command", all)
	}

	opened := later(func() (standin.Sent, error) { return d.Home(t.Context(), "U0MIRA") })
	e = await(t, events, socketmode.EventTypeEventsAPI)
	if in, ok := e.Data.(slackevents.EventsAPIEvent).InnerEvent.Data.(*slackevents.AppHomeOpenedEvent); !ok || in.User != "U0MIRA" {
		t.Errorf("got %+v", e.Data)
	}
	_ = client.Ack(*e.Request)
	<-opened

	d.Disconnect("refresh_requested")
	await(t, events, socketmode.EventTypeHello)
	clicked = later(func() (standin.Sent, error) {
		return d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "snooze"})
	})
	e = await(t, events, socketmode.EventTypeInteractive)
	_ = client.Ack(*e.Request)
	if r := <-clicked; r.err != nil || r.sent.Problem != "" {
		t.Errorf("after a refresh: got %+v, %v", r.sent, r.err)
	}
}

// dial opens a socket by hand, to do what no good client does.
func dial(t *testing.T, d *desk) *websocket.Conn {
	t.Helper()
	_, address, err := slackgo.New(botToken, slackgo.OptionAppLevelToken("xapp-1"), slackgo.OptionAPIURL(d.url+"/api/")).StartSocketModeContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	if hello := envelope(t, conn); hello.Type != "hello" {
		t.Fatalf("got %s first", hello.Type)
	}
	again, res, err := websocket.DefaultDialer.DialContext(t.Context(), address, nil)
	if err == nil {
		_ = again.Close()
		t.Fatal("a ticket was good twice")
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusForbidden {
		t.Errorf("a ticket used twice: got %s, want 403", res.Status)
	}
	return conn
}

type sentEnvelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Attempt int             `json:"retry_attempt"`
	Reason  string          `json:"retry_reason"`
	Payload json.RawMessage `json:"payload"`
}

func envelope(t *testing.T, conn *websocket.Conn) (e sentEnvelope) {
	t.Helper()
	if err := conn.ReadJSON(&e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatIsNotAcknowledgedGoesOutAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people, Patience: time.Second})
	first := dial(t, d)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	done := make(chan standin.Sent, 1)
	do := func(f func() (standin.Sent, error)) {
		go func() {
			sent, err := f()
			if err != nil {
				t.Error(err)
			}
			done <- sent
		}()
	}
	// An event that nobody acknowledges in time comes again, once.
	do(func() (standin.Sent, error) { return d.Home(t.Context(), "U0MIRA") })
	one, two := envelope(t, first), envelope(t, first)
	if one.ID != two.ID || one.Attempt != 0 || two.Attempt != 1 || two.Reason != "timeout" || string(one.Payload) != string(two.Payload) {
		t.Errorf("got %+v and %+v", one, two)
	}
	if err := first.WriteJSON(map[string]string{"envelope_id": two.ID}); err != nil {
		t.Fatal(err)
	}
	if sent := <-done; sent.Problem != "" {
		t.Errorf("got %+v", sent)
	}
	// A click that nobody acknowledges is a click that Slack says failed.
	click := func() (standin.Sent, error) {
		return d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"})
	}
	do(click)
	envelope(t, first)
	if sent := <-done; sent.Problem != "operation_timeout" {
		t.Errorf("got %+v", sent)
	}
	// One whose connection ends first goes over the next.
	second := dial(t, d)
	do(click)
	was := envelope(t, second)
	_ = second.Close()
	if now := envelope(t, first); now.ID != was.ID {
		t.Errorf("got envelope %s, want %s again", now.ID, was.ID)
	}
	if err := first.WriteJSON(map[string]string{"envelope_id": was.ID}); err != nil {
		t.Fatal(err)
	}
	if sent := <-done; sent.Problem != "" {
		t.Errorf("got %+v", sent)
	}
}

func TestASocketWantsAnAppTokenAndIsRefreshed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people, Refresh: 20 * time.Millisecond})
	res, err := http.PostForm(d.url+"/api/apps.connections.open", url.Values{"token": {botToken}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was only read
	var answer struct{ Error string }
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Error != "not_allowed_token_type" {
		t.Errorf("with a bot's token: got %q, %v", answer.Error, err)
	}
	conn := dial(t, d)
	var e struct{ Type, Reason string }
	if err := conn.ReadJSON(&e); err != nil || e.Type != "disconnect" || e.Reason != "refresh_requested" {
		t.Errorf("got %+v, %v, want to be asked to connect anew", e, err)
	}
	if _, _, err := conn.ReadMessage(); err == nil || !strings.Contains(err.Error(), "close 1000") {
		t.Errorf("got %v, want the connection closed", err)
	}
}
