package standin_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"holdfast/channels/standin"
	"holdfast/internal/clock"
)

const (
	botToken = "xoxb-standin"
	secret   = "8f742231b10e8888abcd99yyyzzz85a5"
)

var people = []standin.User{
	{ID: "U0MIRA", Name: "Mira Halloran", Email: "mira@tidewater.example", TZ: "America/New_York"},
	{ID: "U0JON", Name: "Jon Castell", Email: "jon@tidewater.example", TZ: "Europe/London"},
}

// desk is a workspace that is served, the time in it, and a client as the app has one.
type desk struct {
	*standin.Slack
	api  *slackgo.Client
	now  *clock.Virtual
	url  string
	seen *standin.Record
}

func newDesk(t *testing.T, o standin.SlackOptions) *desk {
	t.Helper()
	if o.Token == "" {
		o.Token = botToken
	}
	if o.SigningSecret == "" {
		o.SigningSecret = secret
	}
	record, err := standin.NewRecord("")
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{now: clock.NewVirtual(time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)), seen: record}
	if d.Slack, err = standin.NewSlack(o, &standin.Plan{}, record, d.now); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.ListenAt(server.URL)
	d.url = server.URL
	d.api = slackgo.New(o.Token, slackgo.OptionAPIURL(server.URL+"/api/"))
	return d
}

// pass moves the clock.
func (d *desk) pass(by time.Duration) { d.now.Move(d.now.Now().Add(by)) }

func (d *desk) post(t *testing.T, to string, options ...slackgo.MsgOption) (channel, ts string) {
	t.Helper()
	channel, ts, err := d.api.PostMessage(to, options...)
	if err != nil {
		t.Fatal(said(err))
	}
	return channel, ts
}

// said is an error of Slack with its messages.
func said(err error) error {
	if e, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return fmt.Errorf("%s %q", e.Err, e.ResponseMetadata.Messages)
	}
	return err
}

func touched(id string) slackgo.MsgOption {
	return slackgo.MsgOptionMetadata(slackgo.SlackMetadata{EventType: "holdfast_touch", EventPayload: map[string]any{"touch": id}})
}

func say(text string) slackgo.MsgOption { return slackgo.MsgOptionText(text, false) }

func plainText(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, s, false, false)
}

// button in an actions block called work.
func buttons(names ...string) slackgo.Block {
	var all []slackgo.BlockElement
	for _, name := range names {
		all = append(all, slackgo.NewButtonBlockElement(name, "k1", plainText(strings.ToUpper(name))))
	}
	return slackgo.NewActionBlock("work", all...)
}

func TestAPostIsUpdatedAndFoundInTheHistory(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people})
	channel, ts := d.post(t, "#renewals", say("first"), touched("t1"), slackgo.MsgOptionBlocks(buttons("done", "snooze")))
	d.post(t, channel, say("second"), touched("t2"))
	if _, _, _, err := d.api.UpdateMessage(channel, ts, say("first, done")); err != nil {
		t.Fatal(err)
	}
	h, err := d.api.GetConversationHistory(&slackgo.GetConversationHistoryParameters{ChannelID: channel, IncludeAllMetadata: true})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range h.Messages {
		got = append(got, fmt.Sprint(m.Text, " ", m.Metadata.EventPayload["touch"], " ", len(m.Blocks.BlockSet), " ", m.Edited != nil))
	}
	if diff := cmp.Diff([]string{"second t2 0 false", "first, done t1 0 true"}, got); diff != "" {
		t.Errorf("history, text, touch, blocks, edited (-want +got):\n%s", diff)
	}
	if got := d.seen.Counts(); got["t1"] != 1 || got["t2"] != 1 {
		t.Errorf("the record counts %v, want each once: an update is no post", got)
	}
	if got := d.Updates(); len(got) != 1 || got[0].Touch != "t1" || got[0].ID != channel+"/"+ts {
		t.Errorf("updates: got %+v, want one of t1", got)
	}
	if _, _, _, err := d.api.UpdateMessage(channel, ts, say("again"), slackgo.MsgOptionBlocks(buttons("done"))); err != nil {
		t.Fatal(said(err))
	}
	if got := d.Messages(channel)[0]; got.Blocks == nil || got.Versions != 2 || got.Text != "again" {
		t.Errorf("got %+v, want blocks again, in the third version", got)
	}
	if _, _, err := d.api.DeleteMessage(channel, ts); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := d.api.UpdateMessage(channel, ts, say("x")); err == nil || err.Error() != "message_not_found" {
		t.Errorf("an update of what was deleted: got %v", err)
	}
}

func TestTheHistoryHasBoundsAndPages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{})
	var stamps []string
	for i := range 7 {
		_, ts := d.post(t, "C1", say(fmt.Sprint(i)))
		stamps = append(stamps, ts)
		if i%2 == 0 { // two at the same instant are two stamps all the same
			d.pass(time.Second)
		}
	}
	for _, c := range []struct {
		name string
		ask  slackgo.GetConversationHistoryParameters
		want string
	}{
		{"all, two at a time", slackgo.GetConversationHistoryParameters{Limit: 2}, "6 5|4 3|2 1|0"},
		{"after", slackgo.GetConversationHistoryParameters{Oldest: stamps[4]}, "6 5"},
		{"after, with", slackgo.GetConversationHistoryParameters{Oldest: stamps[4], Inclusive: true}, "6 5 4"},
		{"before", slackgo.GetConversationHistoryParameters{Latest: stamps[1]}, "0"},
		{"between", slackgo.GetConversationHistoryParameters{Oldest: stamps[1], Latest: stamps[4], Limit: 1}, "3|2"},
		{"after whole seconds", slackgo.GetConversationHistoryParameters{Oldest: fmt.Sprint(d.now.Now().Unix())}, ""},
	} {
		var pages []string
		for c.ask.ChannelID = "C1"; ; {
			h, err := d.api.GetConversationHistory(&c.ask)
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			var texts []string
			for _, m := range h.Messages {
				texts = append(texts, m.Text)
			}
			pages = append(pages, strings.Join(texts, " "))
			if !h.HasMore {
				break
			}
			c.ask.Cursor = h.ResponseMetaData.NextCursor
		}
		if got := strings.Join(pages, "|"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPeopleAndTheirDirectMessages(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Users: people, Channels: []string{"#cs"}})
	dm, _, already, err := d.api.OpenConversation(&slackgo.OpenConversationParameters{Users: []string{"U0MIRA"}, ReturnIM: true})
	if err != nil || already || !strings.HasPrefix(dm.ID, "D") || dm.User != "U0MIRA" {
		t.Fatalf("got %+v, %v, %v", dm, already, err)
	}
	if channel, _ := d.post(t, "U0MIRA", say("hello")); channel != dm.ID {
		t.Errorf("a post to a person lands in %s, want %s", channel, dm.ID)
	}
	u, err := d.api.GetUserByEmail("Mira@tidewater.example")
	if err != nil || u.ID != "U0MIRA" || u.TZ != "America/New_York" || u.TZOffset != -4*3600 {
		t.Errorf("got %+v, %v", u, err)
	}
	all, err := d.api.GetUsers()
	if err != nil || len(all) != 3 {
		t.Errorf("got %d users and %v, want two and the bot", len(all), err)
	}
	rooms, _, err := d.api.GetConversations(&slackgo.GetConversationsParameters{Types: []string{"public_channel", "im"}})
	if err != nil || len(rooms) != 2 {
		t.Errorf("got %d conversations and %v, want a channel and direct messages", len(rooms), err)
	}
	who, err := d.api.AuthTest()
	if err != nil || who.BotID == "" || who.TeamID == "" {
		t.Errorf("got %+v, %v", who, err)
	}
	_, unknownUser := d.api.GetUserInfo("U0NOBODY")
	_, _, unknownTo := d.api.PostMessage("U0NOBODY", say("x"))
	_, _, unknownRoom := d.api.PostMessage("#elsewhere", say("x"))
	_, noMail := d.api.GetUserByEmail("nobody@x.example")
	for want, err := range map[string]error{"user_not_found": unknownUser, "channel_not_found": errors.Join(unknownTo), "users_not_found": noMail} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if unknownRoom == nil || unknownRoom.Error() != "channel_not_found" {
		t.Errorf("a channel that is not there: got %v", unknownRoom)
	}
}

func TestAWrongTokenOpensNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{AppToken: "xapp-good"})
	for token, want := range map[string]string{"xoxb-other": "invalid_auth", "xapp-good": "not_allowed_token_type", "": "not_authed"} {
		_, _, err := slackgo.New(token, slackgo.OptionAPIURL(d.url+"/api/")).PostMessage("C1", say("x"))
		if err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", token, err, want)
		}
	}
	if n := len(d.seen.Entries()); n != 0 {
		t.Errorf("%d posts were accepted, want none", n)
	}
}

func TestMoreThanAPostASecondIsSlowedDown(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{Paced: true})
	for range 10 {
		d.post(t, "C1", say("x"))
	}
	_, _, err := d.api.PostMessage("C1", say("x"))
	limited, ok := errors.AsType[*slackgo.RateLimitedError](err)
	if !ok || limited.RetryAfter != time.Second {
		t.Fatalf("the eleventh: got %v, want to wait a second", err)
	}
	d.post(t, "C2", say("another channel"))
	d.pass(time.Second)
	d.post(t, "C1", say("x"))
}

func TestFaultsStrikeUpdatesToo(t *testing.T) {
	t.Parallel()
	d := newDesk(t, standin.SlackOptions{})
	channel, ts := d.post(t, "C1", say("x"))
	d.Plan.Queue(standin.GatewayAfter)
	_, _, _, err := d.api.UpdateMessage(channel, ts, say("y"))
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); !ok || status.Code != 502 || len(d.Updates()) != 1 {
		t.Errorf("got %v and %d updates, want 502 and one", err, len(d.Updates()))
	}
}
