package hooks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels/slack"
)

func TestOnlySignedCallsAreRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := url.Values{"payload": {clickOf(mira, "holdfast_done", task)}}.Encode()
	for name, c := range map[string]struct {
		change func(r *http.Request)
		body   string
		status int
	}{
		"unsigned":     {func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, body, 401},
		"another body": {func(*http.Request) {}, body + "&x=1", 401},
		"old":          {func(r *http.Request) { w.sign(r, body, thursday.Add(-6*time.Minute)) }, body, 401},
		"too large":    {func(*http.Request) {}, body + strings.Repeat("x", 1<<20), 413},
		"JSON":         {func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, body, 415},
	} {
		r := httptest.NewRequest(http.MethodPost, "/hooks/slack/interact", strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w.sign(r, body, thursday)
		c.change(r)
		rec := httptest.NewRecorder()
		w.doors.ServeHTTP(rec, r)
		if rec.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, rec.Code, c.status)
		}
	}
	if len(w.desk.done) != 0 || len(w.told("chat.postEphemeral")) != 0 {
		t.Errorf("something was done: %v", w.desk.done)
	}
}

// TestAPayloadInTheAddressIsNothing: Slack signs the body alone, so that whoever
// has one signed body could put any payload into the address beside it.
func TestAPayloadInTheAddressIsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	smuggled := url.Values{"payload": {clickOf(mira, "holdfast_done", task)}}.Encode()
	for body, want := range map[string]int{
		"": 400, "command=%2Fholdfast": 400, url.Values{"payload": {`{"type":"view_closed"}`}}.Encode(): 200,
	} {
		r := httptest.NewRequest(http.MethodPost, "/hooks/slack/interact?"+smuggled, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w.sign(r, body, thursday)
		rec := httptest.NewRecorder()
		w.doors.ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("body %q: status %d, want %d", body, rec.Code, want)
		}
	}
	if len(w.desk.done) != 0 {
		t.Errorf("done: %v", w.desk.done)
	}
}

func TestOddPayloadsDoNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, payload := range []string{
		`{}`, `{"type":"block_actions"}`, `{"type":"block_actions","actions":[]}`, `{"type":"view_submission"}`, `{"type":"shortcut"}`,
		// Without a block_id it is an attachment's action, and there is no block action at all.
		fmt.Sprintf(`{"type":"block_actions","user":{"id":%q},"actions":[{"action_id":"holdfast_done","type":"button","value":%q}]}`, mira, task),
		clickOf(mira, "holdfast_unheard", task), clickOf(mira, "holdfast_done", "../x"), clickOf(mira, "holdfast_done", ""),
		fmt.Sprintf(`{"type":"view_submission","user":{"id":%q},"view":{"callback_id":"holdfast_done","private_metadata":"x"}}`, mira),
	} {
		if got := w.interact(payload); got != "" {
			t.Errorf("%s is answered %q", payload, got)
		}
	}
	for _, payload := range []string{"", "null x", "[]", `{"type":7}`, `{"type":"block_actions","actions":"x"}`} {
		status, _ := w.post("interact", "application/x-www-form-urlencoded", url.Values{"payload": {payload}}.Encode())
		if status != http.StatusBadRequest {
			t.Errorf("%q: status %d, want 400", payload, status)
		}
	}
	w.app.Wait()
	if len(w.desk.done) != 0 || len(w.calls) != 0 {
		t.Errorf("done %v, told %v", w.desk.done, w.calls)
	}
}

func TestDoneClosesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.click(mira, "holdfast_done"); got != "" {
		t.Errorf("answered %q", got)
	}
	if diff := cmp.Diff([]string{"done aaa by mira null"}, w.desk.done); diff != "" {
		t.Error(diff)
	}
	if home := w.told("views.publish"); len(home) != 1 || home[0]["user_id"] != mira {
		t.Errorf("the home tab was published as %v", home)
	}
	if got := w.whispers(); len(got) != 0 {
		t.Errorf("whispered %v", got)
	}
}

func TestTheSecondToClickHearsWhoWasFaster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.click(mira, "holdfast_done")
	w.click(mira, "holdfast_done") // twice by mistake, or replayed
	w.click(maxM, "holdfast_cannot")
	if diff := cmp.Diff([]string{"done aaa by mira null"}, w.desk.done); diff != "" {
		t.Error(diff)
	}
	got := w.whispers()
	if len(got) != 2 || len(w.told("views.open")) != 0 {
		t.Fatalf("whispered %v, opened %v", got, w.told("views.open"))
	}
	for _, words := range got {
		if !strings.Contains(words, "*Call &lt;Dana&gt;* is closed already.") || !strings.Contains(words, "*Done* by Mira on <!date^") {
			t.Errorf("whispered %q", words)
		}
	}
	if w.desk.drawn != 2 {
		t.Errorf("the old card was redrawn %d times", w.desk.drawn)
	}
}

func TestOfManyAtOnceOneWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { w.click([]string{mira, maxM}[i%2], "holdfast_done") })
	}
	all.Wait()
	if n := len(w.whispers()); len(w.desk.done) != 1 || n != 19 {
		t.Errorf("done %v, %d hear of it, want 1 and 19", w.desk.done, n)
	}
}

func TestAStrangerChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.click("U0STRANGE", "holdfast_done")
	answer := w.submit("U0STRANGE", "holdfast_cannot", `{"reason":{"answer":{"type":"plain_text_input","value":"no"}}}`)
	want := "You are not in this project's team, so nothing was changed. Whoever keeps team.yaml can add your member id U0STRANGE."
	if diff := cmp.Diff([]string{"U0STRANGE@D1: " + want}, w.whispers()); diff != "" || said(t, answer) != want || len(w.desk.done) > 0 {
		t.Errorf("done %v: %s, %s", w.desk.done, said(t, answer), diff)
	}
}

// questions are a text, a choice and so on, as a task may ask them.
var questions = []slack.Question{
	{Name: "interest", Type: "string", Choose: []string{"yes", "later", "no"}, Required: true},
	{Name: "kept", Type: "bool"}, {Name: "seats", Type: "int"}, {Name: "discount", Type: "percent"}, {Name: "price", Type: "money"},
	{Name: "next_call", Type: "date"}, {Name: "notes", Type: "string", Long: true},
}

func TestAFormIsAskedAndAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.task.Form = questions
	w.click(mira, "holdfast_done")
	opened := w.told("views.open")
	if len(opened) != 1 || len(w.desk.done) != 0 {
		t.Fatalf("opened %v, done %v", opened, w.desk.done)
	}
	view := opened[0]["view"].(map[string]any)
	if view["private_metadata"] != task || view["callback_id"] != "holdfast_done" || opened[0]["trigger_id"] != "1.2.3" {
		t.Errorf("the form is %v", view)
	}
	var asked []string
	for _, b := range view["blocks"].([]any)[1:] {
		b := b.(map[string]any)
		e := b["element"].(map[string]any)
		asked = append(asked, fmt.Sprintf("%s %s optional=%v", b["block_id"], e["type"], b["optional"] == true))
	}
	want := []string{
		"q_interest radio_buttons optional=false", "q_kept radio_buttons optional=true", "q_seats number_input optional=true",
		"q_discount number_input optional=true", "q_price number_input optional=true", "q_next_call datepicker optional=true",
		"q_notes plain_text_input optional=true",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
	got := w.submit(mira, "holdfast_done", `{
		"q_interest":{"answer":{"type":"radio_buttons","selected_option":{"value":"1"}}},
		"q_kept":{"answer":{"type":"radio_buttons","selected_option":{"value":"0"}}},
		"q_seats":{"answer":{"type":"number_input","value":"12"}},
		"q_discount":{"answer":{"type":"number_input","value":"7.5"}},
		"q_price":{"answer":{"type":"number_input","value":null}},
		"q_next_call":{"answer":{"type":"datepicker","selected_date":"2026-04-01"}},
		"q_notes":{"answer":{"type":"plain_text_input","value":" Dana is cross "}}}`)
	if got != "" {
		t.Errorf("answered %q", got)
	}
	done := `done aaa by mira {"discount":7.5,"interest":"later","kept":true,"next_call":"2026-04-01","notes":"Dana is cross","seats":12}`
	if diff := cmp.Diff([]string{done}, w.desk.done); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(w.log.String(), "Dana") {
		t.Errorf("the log knows too much: %s", w.log)
	}
}

func TestAMistakeIsShownAtItsField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.task.Form = questions
	empty := `{"q_interest":{"answer":{"type":"radio_buttons","selected_option":null}},"q_notes":{"answer":{"type":"plain_text_input","value":"x"}}}`
	for _, c := range []struct {
		fail  error
		field string
		words string
	}{
		{nil, "q_interest", `"interest" needs an answer`},
		{holdfast.Errorf(holdfast.Invalid, "%q holds {{", "notes"), "q_notes", `"notes" holds {{`},
		{holdfast.Errorf(holdfast.Invalid, "%q is unheard of", "elsewhere"), "q_interest", `"elsewhere" is unheard of`},
		{errors.New("disk is full at /var/lib"), "q_interest", "That did not work, and nothing was changed. Please try again."},
	} {
		w.app.Wait()
		w.desk.fail = c.fail
		values := empty
		if c.fail != nil {
			values = strings.Replace(empty, `"selected_option":null`, `"selected_option":{"value":"0"}`, 1)
		}
		var got struct {
			Action string            `json:"response_action"`
			Errors map[string]string `json:"errors"`
		}
		if err := json.Unmarshal([]byte(w.submit(mira, "holdfast_done", values)), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{c.field: c.words}, got.Errors); diff != "" || got.Action != "errors" {
			t.Errorf("%v: %s %s", c.fail, got.Action, diff)
		}
	}
	if len(w.desk.done) != 0 {
		t.Errorf("done %v", w.desk.done)
	}
}

func TestAFormThatComesTooLateSaysWhoWasFaster(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.click(maxM, "holdfast_done")
	answer := w.submit(mira, "holdfast_cannot", `{"reason":{"answer":{"type":"plain_text_input","value":"no"}}}`)
	if got := said(t, answer); !strings.Contains(got, "*Done* by Max on") || len(w.desk.done) != 1 {
		t.Errorf("done %v, said %q", w.desk.done, got)
	}
	w.app.Wait()
	w.desk.task.Card.Status, w.desk.fail = "", holdfast.Errorf(holdfast.Unauthorized, "mira has not the authority: it takes a <cfo>")
	answer = w.submit(mira, "holdfast_approve", `{"note":{"answer":{"type":"plain_text_input","value":""}}}`)
	if got := said(t, answer); got != "mira has not the authority: it takes a &lt;cfo&gt;" {
		t.Errorf("said %q", got)
	}
}

func TestEachButtonDoesWhatItSays(t *testing.T) {
	t.Parallel()
	text := func(block, value string) string {
		return fmt.Sprintf(`%q:{"answer":{"type":"plain_text_input","value":%q}}`, block, value)
	}
	for _, c := range []struct {
		action, values, want string
	}{
		{"holdfast_cannot", text("reason", "she has left"), `cannot aaa by mira {"reason":"she has left"}`},
		{"holdfast_deny", text("reason", "too much"), `cannot aaa by mira {"note":"too much"}`},
		{"holdfast_approve", text("note", ""), `done aaa by mira {}`},
		{"holdfast_approve", text("note", "once"), `done aaa by mira {"note":"once"}`},
		{"holdfast_withhold", text("reason", "wrong tone"), `cannot aaa by mira {"reason":"wrong tone"}`},
		{"holdfast_edit", text("subject", "Hi") + "," + text("body", "New *words*"), `done aaa by mira {"body":"New *words*","subject":"Hi"}`},
		{"holdfast_reassign", `"to":{"answer":{"type":"static_select","selected_option":{"value":"max"}}},` + text("reason", "away"), "given to max by mira: away"},
		// Thursday in Berlin: tomorrow is Friday; in three days is Sunday, so Monday. 9:00 there is 8:00 UTC.
		{"holdfast_snooze", snooze("tomorrow", "null", text), "snoozed by mira until 2026-03-06T08:00:00Z: busy"},
		{"holdfast_snooze", snooze("three_days", "null", text), "snoozed by mira until 2026-03-09T08:00:00Z: busy"},
		{"holdfast_snooze", snooze("next_week", "null", text), "snoozed by mira until 2026-03-09T08:00:00Z: busy"},
		// Summer time by then: 9:00 is 7:00 UTC.
		{"holdfast_snooze", snooze("date", `"2026-04-01"`, text), "snoozed by mira until 2026-04-01T07:00:00Z: busy"},
	} {
		w := newWorld(t)
		if got := w.submit(mira, c.action, "{"+c.values+"}"); got != "" {
			t.Errorf("%s is answered %q", c.action, got)
		}
		if diff := cmp.Diff([]string{c.want}, w.desk.done); diff != "" {
			t.Errorf("%s: %s", c.action, diff)
		}
	}
}

func snooze(preset, date string, text func(block, value string) string) string {
	return fmt.Sprintf(`"until":{"answer":{"type":"radio_buttons","selected_option":{"value":%q}}},"date":{"answer":{"type":"datepicker","selected_date":%s}},`, preset, date) +
		text("reason", "busy")
}

func TestASnoozeNeedsADayToCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := func(block, value string) string { return fmt.Sprintf(`%q:{"answer":{"value":%q}}`, block, value) }
	for values, want := range map[string]string{
		snooze("date", `"2026-03-05"`, text): "pick a day to come", // 9:00 there has gone by
		snooze("date", "null", text):         "pick a date",
		snooze("", "null", text):             "say until when",
	} {
		if got := w.submit(mira, "holdfast_snooze", "{"+values+"}"); !strings.Contains(got, want) || !strings.Contains(got, `"errors"`) {
			t.Errorf("answered %q, want %q", got, want)
		}
	}
	if len(w.desk.done) != 0 {
		t.Errorf("done %v", w.desk.done)
	}
}
