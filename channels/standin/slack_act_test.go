package standin_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	slackgo "github.com/slack-go/slack"

	"holdfast/channels/standin"
)

func TestAClickIsSentAsSlackSendsIt(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, ts := d.post(t, "U0MIRA", say("Call Acme"), touched("t1"), slackgo.MsgOptionBlocks(buttons("done", "snooze")))
	sent, err := d.Click(t.Context(), standin.Act{User: "U0MIRA", Channel: channel, TS: ts, Action: "done"})
	if err != nil || sent.Problem != "" || sent.Status != http.StatusOK || sent.Kind != "block_actions" {
		t.Fatalf("got %+v, %v", sent, err)
	}
	got := a.asked()
	if len(got.ActionCallback.BlockActions) != 1 {
		t.Fatalf("got %d actions", len(got.ActionCallback.BlockActions))
	}
	act := got.ActionCallback.BlockActions[0]
	want := []string{"done", "work", "k1", "button", "DONE", "U0MIRA", channel, ts, "message", channel, "t1"}
	has := []string{
		act.ActionID, act.BlockID, act.Value, string(act.Type), act.Text.Text, got.User.ID, got.Channel.ID, got.Container.MessageTs,
		got.Container.Type, got.Container.ChannelID, got.Message.Metadata.EventPayload["touch"].(string),
	}
	if diff := cmp.Diff(want, has); diff != "" {
		t.Errorf("the payload (-want +got):\n%s", diff)
	}
	if act.ActionTs == "" || got.TriggerID == "" || !strings.HasPrefix(got.ResponseURL, d.url) {
		t.Errorf("got action_ts %q, trigger %q, response URL %q", act.ActionTs, got.TriggerID, got.ResponseURL)
	}
	for name, act := range map[string]standin.Act{
		"another person's messages": {User: "U0JON", Channel: channel, TS: ts, Action: "done"},
		"nobody":                    {User: "U0NOBODY", Channel: channel, TS: ts, Action: "done"},
		"no such button":            {User: "U0MIRA", Channel: channel, TS: ts, Action: "explode"},
		"no such value":             {User: "U0MIRA", Channel: channel, TS: ts, Action: "done", Value: "k2"},
		"no such message":           {User: "U0MIRA", Channel: channel, TS: "1.2", Action: "done"},
	} {
		if _, err := d.Click(t.Context(), act); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if n := len(a.bodies); n != 1 {
		t.Errorf("the app was told %d things, want one", n)
	}
}

func TestAClickIsRepeatedAndForged(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	sent, err := d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		how  standin.Signing
		want int
	}{
		{standin.Replayed, 200}, {standin.Signed, 200}, {standin.Unsigned, 401}, {standin.WrongSecret, 401}, {standin.Stale, 401},
	} {
		again, err := d.Again(t.Context(), sent, c.how)
		if err != nil || again.Status != c.want {
			t.Errorf("signed as %d: got %d, %v, want %d", c.how, again.Status, err, c.want)
		}
		same := again.Header.Get("X-Slack-Signature") == sent.Header.Get("X-Slack-Signature")
		if c.how == standin.Replayed && !same {
			t.Error("a replay has another signature")
		}
	}
	if len(a.bodies) != 3 || !bytes.Equal(a.bodies[0], a.bodies[1]) || !bytes.Equal(a.bodies[0], a.bodies[2]) {
		t.Errorf("the app took %d bodies, want the same three times", len(a.bodies))
	}
}

// The signature is the one of Slack's own example.
func TestTheSignatureIsSlacksOwn(t *testing.T) {
	t.Parallel()
	body := "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	want := "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	if got := standin.Signature(secret, 1531420618, []byte(body)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSlackWaitsForAsLongAsItDoes(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		patience time.Duration // 0 is Slack's
		answer   func(w http.ResponseWriter, r *http.Request, body []byte)
	}{
		"operation_timeout":  {50 * time.Millisecond, func(_ http.ResponseWriter, r *http.Request, _ []byte) { <-r.Context().Done() }},
		"http_service_error": {0, func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusBadGateway) }},
		"http_client_error":  {0, func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusFound) }},
	} {
		a := listen(t)
		a.says(c.answer)
		d := newDesk(t, standin.SlackOptions{Users: people, Hooks: a.url, Patience: c.patience})
		d.live()
		channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
		sent, err := d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"})
		if err != nil || sent.Problem != want {
			t.Errorf("got %q, %v, want %s", sent.Problem, err, want)
		}
	}
}

func TestClicksStayOnThisMachine(t *testing.T) {
	t.Parallel()
	d, _ := newLiveDesk(t)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	click := standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"}
	if err := d.PointAt("http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	if sent, err := d.Click(t.Context(), click); err != nil || sent.Problem != "dispatch_failed" {
		t.Errorf("nobody listens: got %q, %v", sent.Problem, err)
	}
	for _, bad := range []string{"http://example.com/hooks", "https://127.0.0.1/hooks", "http://10.0.0.1"} {
		if d.PointAt(bad) == nil {
			t.Errorf("%s: got no error: clicks must stay on this machine", bad)
		}
	}
}

func TestATriggerIsGoodOnceAndForThreeSeconds(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("done")))
	click := func() string {
		if _, err := d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "done"}); err != nil {
			t.Fatal(err)
		}
		return a.asked().TriggerID
	}
	trigger := click()
	if _, err := d.api.OpenView(trigger, modal("reason")); err != nil {
		t.Fatal(said(err))
	}
	if _, err := d.api.OpenView(trigger, modal("reason")); err == nil || err.Error() != "exchanged_trigger_id" {
		t.Errorf("twice: got %v", err)
	}
	trigger = click()
	d.pass(3*time.Second + 1)
	if _, err := d.api.OpenView(trigger, modal("reason")); err == nil || err.Error() != "expired_trigger_id" {
		t.Errorf("after three seconds: got %v", err)
	}
}

// modal asks for a reason and how many days.
func modal(callback string) slackgo.ModalViewRequest {
	days := slackgo.NewNumberInputBlockElement(nil, "days", false)
	days.MinValue, days.MaxValue = "1", "30"
	why := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, nil, "why",
		slackgo.NewOptionBlockObject("away", plainText("They are away"), nil), slackgo.NewOptionBlockObject("early", plainText("Too early"), nil))
	note := slackgo.NewPlainTextInputBlockElement(nil, "note")
	note.MaxLength = 20
	optional := slackgo.NewInputBlock("notes", plainText("Note"), nil, note)
	optional.Optional = true
	return slackgo.ModalViewRequest{
		Type: slackgo.VTModal, CallbackID: callback, PrivateMetadata: "k1", Title: plainText("Snooze"), Submit: plainText("Save"), Close: plainText("Cancel"),
		NotifyOnClose: true,
		Blocks: slackgo.Blocks{BlockSet: []slackgo.Block{
			slackgo.NewInputBlock("reasons", plainText("Why"), nil, why), slackgo.NewInputBlock("long", plainText("Days"), nil, days), optional,
			slackgo.NewActionBlock("more", slackgo.NewButtonBlockElement("deeper", "", plainText("More"))),
		}},
	}
}

// open has the app open a modal for Jon, and answers its id.
func (d *desk) open(t *testing.T, a *listener) string {
	t.Helper()
	channel, ts := d.post(t, "C1", say("x"), slackgo.MsgOptionBlocks(buttons("snooze")))
	if _, err := d.Click(t.Context(), standin.Act{User: "U0JON", Channel: channel, TS: ts, Action: "snooze"}); err != nil {
		t.Fatal(err)
	}
	v, err := d.api.OpenView(a.asked().TriggerID, modal("reason"))
	if err != nil {
		t.Fatal(said(err))
	}
	return v.ID
}

func TestAFormIsSubmittedWithWhatWasFilledIn(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	id := d.open(t, a)
	before := len(a.bodies)
	for name, filled := range map[string]standin.Values{
		"nothing":              {},
		"no number":            {"why": {"away"}, "days": {"soon"}},
		"too many":             {"why": {"away"}, "days": {"31"}},
		"a fraction":           {"why": {"away"}, "days": {"1.5"}},
		"no option of theirs":  {"why": {"bored"}, "days": {"3"}},
		"a note that is long ": {"why": {"away"}, "days": {"3"}, "note": {strings.Repeat("x", 21)}},
	} {
		if sent, err := d.Submit(t.Context(), id, filled); err != nil || sent.Problem != "invalid_input" {
			t.Errorf("%s: got %+v, %v, want invalid_input", name, sent, err)
		}
	}
	if _, err := d.Submit(t.Context(), id, standin.Values{"elsewhere": {"x"}}); err == nil {
		t.Error("an input that is not there: got no error")
	}
	if len(a.bodies) != before {
		t.Error("a form with mistakes went to the app")
	}
	sent, err := d.Submit(t.Context(), id, standin.Values{"reasons/why": {"early"}, "days": {"3"}, "note": {}})
	if err != nil || sent.Problem != "" {
		t.Fatalf("got %+v, %v", sent, err)
	}
	got := a.asked()
	state := got.View.State.Values
	if got.Type != slackgo.InteractionTypeViewSubmission || got.View.ID != id || got.View.CallbackID != "reason" || got.View.PrivateMetadata != "k1" ||
		state["reasons"]["why"].SelectedOption.Value != "early" || state["long"]["days"].Value != "3" || state["notes"]["note"].Value != "" {
		t.Errorf("got %s %+v", got.Type, got.View)
	}
	if _, err := d.Submit(t.Context(), id, nil); err == nil {
		t.Error("a form that was taken is still open")
	}
}

func TestTheAppAnswersAForm(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	filled := standin.Values{"why": {"away"}, "days": {"3"}}
	second := modal("second")
	second.Blocks = slackgo.Blocks{BlockSet: []slackgo.Block{slackgo.NewDividerBlock()}}
	tooLong := second
	tooLong.Title = plainText(strings.Repeat("x", 25))
	for _, c := range []struct {
		name    string
		answer  any
		problem string
		stack   []string // callback ids, the top last
		errors  map[string]string
	}{
		{"nothing", map[string]any{}, "", nil, nil},
		{"clear", slackgo.NewClearViewSubmissionResponse(), "", nil, nil},
		{"errors", slackgo.NewErrorsViewSubmissionResponse(map[string]string{"long": "not on a holiday"}), "", []string{"reason"}, map[string]string{"long": "not on a holiday"}},
		{"errors of no input", slackgo.NewErrorsViewSubmissionResponse(map[string]string{"more": "x"}), "trouble_connecting", []string{"reason"}, nil},
		{"update", slackgo.NewUpdateViewSubmissionResponse(&second), "", []string{"second"}, nil},
		{"push", slackgo.NewPushViewSubmissionResponse(&second), "", []string{"reason", "second"}, nil},
		{"a view past its limits", slackgo.NewUpdateViewSubmissionResponse(&tooLong), "trouble_connecting", []string{"reason"}, nil},
		{"no JSON", nil, "trouble_connecting", []string{"reason"}, nil},
	} {
		a.says(nil)
		id := d.open(t, a)
		a.says(says(c.answer))
		if c.answer == nil {
			a.says(func(w http.ResponseWriter, _ *http.Request, _ []byte) { _, _ = io.WriteString(w, "ok") })
		}
		sent, err := d.Submit(t.Context(), id, filled)
		if err != nil || sent.Problem != c.problem {
			t.Errorf("%s: got %q, %v, want %q", c.name, sent.Problem, err, c.problem)
		}
		var stack []string
		var errors map[string]string
		for _, v := range d.Modals("U0JON") {
			stack, errors = append(stack, v.CallbackID), v.Errors
		}
		if !slices.Equal(stack, c.stack) || !cmp.Equal(errors, c.errors) {
			t.Errorf("%s: the modals are %q with errors %v, want %q with %v", c.name, stack, errors, c.stack, c.errors)
		}
	}
}

func TestModalsAreStackedAndClosed(t *testing.T) {
	t.Parallel()
	d, a := newLiveDesk(t)
	id := d.open(t, a)
	for range 2 {
		top := d.Modals("U0JON")
		_, err := d.Click(t.Context(), standin.Act{User: "U0JON", View: top[len(top)-1].ID, Action: "deeper", Beside: standin.Values{"days": {"5"}}})
		if err != nil {
			t.Fatal(err)
		}
		got := a.asked()
		if got.Container.Type != "view" || got.View.State.Values["long"]["days"].Value != "5" || got.ResponseURL != "" {
			t.Errorf("got %+v with state %v", got.Container, got.View.State)
		}
		if _, err := d.api.PushView(got.TriggerID, modal("pushed")); err != nil {
			t.Fatal(said(err))
		}
	}
	top := d.Modals("U0JON")
	if _, err := d.Click(t.Context(), standin.Act{User: "U0JON", View: top[2].ID, Action: "deeper"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.api.PushView(a.asked().TriggerID, modal("fourth")); err == nil || err.Error() != "push_limit_reached" {
		t.Errorf("a fourth: got %v", err)
	}
	if top[2].Root != id || top[2].Previous != top[1].ID {
		t.Errorf("got root %s and previous %s, want %s and %s", top[2].Root, top[2].Previous, id, top[1].ID)
	}
	v := modal("changed")
	if _, err := d.api.UpdateView(v, "", "old-hash", id); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("with an old hash: got %v", err)
	}
	if _, err := d.api.UpdateView(v, "", "", id); err != nil {
		t.Fatal(said(err))
	}
	if _, err := d.Close(t.Context(), top[2].ID); err != nil {
		t.Fatal(err)
	}
	if got := a.asked(); got.Type != slackgo.InteractionTypeViewClosed || got.View.ID != top[2].ID || got.IsCleared {
		t.Errorf("got %s of %s", got.Type, got.View.ID)
	}
	if _, err := d.api.UpdateView(v, "", "", top[2].ID); err == nil || err.Error() != "not_found" {
		t.Errorf("a closed view: got %v", err)
	}
	if got := d.Modals("U0JON"); len(got) != 2 || got[0].CallbackID != "changed" {
		t.Errorf("got %+v, want two with the first changed", got)
	}
}
