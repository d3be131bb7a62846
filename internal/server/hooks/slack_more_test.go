package hooks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
)

// opened is the form that a click on a button opens, as JSON.
func (w *world) opened(action string) string {
	w.t.Helper()
	w.click(mira, action)
	views := w.told("views.open")
	if len(views) == 0 {
		w.t.Fatalf("%s opens nothing; whispered %v", action, w.whispers())
	}
	text, err := json.Marshal(views[len(views)-1]["view"])
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

func TestFormsShowWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	for action, shows := range map[string][]string{
		"holdfast_cannot":   {`*Call \u0026lt;Dana\u0026gt;*`, `"block_id":"reason"`},
		"holdfast_snooze":   {`Tomorrow (Fri 6 Mar)`, `In 3 days (Mon 9 Mar)`, `Next week (Mon 9 Mar)`, `"datepicker"`},
		"holdfast_reassign": {`"text":"Max"`, `"value":"max"`},
		"holdfast_approve":  {`*Amount*\n15 %`, `*In exchange*\na year`, `*Asked by*\nMax`, `"block_id":"note"`},
		"holdfast_deny":     {`"block_id":"reason"`},
		"holdfast_edit":     {`"initial_value":"Hello Dana"`, `"initial_value":"Dear *Dana*,\n\nbye"`},
		"holdfast_withhold": {`"block_id":"reason"`},
	} {
		w := newWorld(t)
		c := &w.desk.task.Card
		c.Amount, c.InExchange, c.AskedBy, c.Subject, w.desk.task.Body = "15 %", "a year", "Max", "Hello Dana", "Dear *Dana*,\n\nbye"
		view := w.opened(action)
		for _, want := range shows {
			if !strings.Contains(view, want) {
				t.Errorf("%s does not show %s:\n%s", action, want, view)
			}
		}
		if !strings.Contains(view, `"private_metadata":"`+task+`"`) {
			t.Errorf("%s does not know its task alone", action)
		}
		if action == "holdfast_reassign" && strings.Contains(view, `"value":"mira"`) {
			t.Error("a task can be given to whom it is with")
		}
		if len(w.desk.done) != 0 {
			t.Errorf("%s did something: %v", action, w.desk.done)
		}
	}
}

func TestADraftGoesAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.task.Card.Kind, w.desk.task.Body = holdfast.DraftCard, strings.Repeat("x", 3001)
	w.click(mira, "holdfast_edit")
	if got := w.whispers(); len(got) != 1 || !strings.Contains(got[0], "3,000 characters") {
		t.Errorf("whispered %v", got)
	}
	w.click(mira, "holdfast_send")
	if diff := cmp.Diff([]string{"done aaa by mira null"}, w.desk.done); diff != "" {
		t.Error(diff)
	}
}

func TestASpentTriggerAsksForAnotherClick(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"expired_trigger_id":   "Slack waits three seconds for a form",
		"exchanged_trigger_id": "Slack waits three seconds for a form",
		"internal_error":       "That did not work, and nothing was changed.",
	} {
		w := newWorld(t)
		w.says["views.open"] = fmt.Sprintf(`{"ok":false,"error":%q}`, word)
		w.click(mira, "holdfast_cannot")
		w.app.Wait()
		if got := w.whispers(); len(got) != 1 || !strings.HasPrefix(got[0], mira+"@D1: "+want) {
			t.Errorf("%s: whispered %v", word, got)
		}
	}
}

func TestAClickThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"That did not work, and nothing was changed. Please click again.": errors.New("disk is full: Dana"),
		"it takes a &lt;cfo&gt;":          holdfast.Errorf(holdfast.Unauthorized, "it takes a <cfo>"),
		"There is no such task any more.": holdfast.Errorf(holdfast.NotFound, "there is no task"),
		"somebody was faster":             holdfast.Errorf(holdfast.Conflict, "somebody was faster"),
	} {
		w := newWorld(t)
		w.desk.fail = err
		w.click(mira, "holdfast_done")
		if diff := cmp.Diff([]string{mira + "@D1: " + want}, w.whispers()); diff != "" {
			t.Error(diff)
		}
	}
}

// From a home tab there is no message to whisper under.
func TestAClickOnTheHomeTabIsAnsweredInAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home := strings.NewReplacer(`"type":"message","message_ts":"1.2","channel_id":"D1"`, `"type":"view","view_id":"V1"`, `"channel":{"id":"D1"},`, "")
	click := home.Replace(clickOf(mira, "holdfast_done", task))
	w.interact(click)
	w.interact(click)
	views := w.told("views.open")
	if len(views) != 1 || len(w.desk.done) != 1 {
		t.Fatalf("opened %v, done %v", views, w.desk.done)
	}
	if text, _ := json.Marshal(views[0]); !strings.Contains(string(text), "is closed already") {
		t.Errorf("opened %s", text)
	}
	w.says["views.open"] = `{"ok":false,"error":"expired_trigger_id"}`
	w.interact(click)
	w.app.Wait()
	if got := w.whispers(); len(got) != 1 || !strings.HasPrefix(got[0], mira+"@D1: ") || len(w.told("conversations.open")) != 1 {
		t.Errorf("whispered %v", got)
	}
}

func (w *world) event(body string) string {
	w.t.Helper()
	status, answer := w.post("events", "application/json", body)
	if status != 200 {
		w.t.Fatalf("status %d: %s", status, answer)
	}
	return answer
}

func TestEventsAreTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.event(`{"type":"url_verification","challenge":"3eZb\"<"}`); got != `{"challenge":"3eZb\"\u003c"}` {
		t.Errorf("the challenge is answered %s", got)
	}
	opened := `{"type":"event_callback","event_id":"Ev1","event":{"type":"app_home_opened","user":"` + mira + `","tab":"home"}}`
	w.event(opened)
	w.event(opened) // Slack had no answer
	if n := len(w.told("views.publish")); n != 1 {
		t.Errorf("published %d times, want once", n)
	}
	w.event(strings.Replace(opened, "Ev1", "Ev2", 1))
	for i, other := range []string{`"tab":"messages"`, `"tab":"home","user":"x"`} {
		w.event(strings.Replace(strings.Replace(opened, `"tab":"home"`, other, 1), "Ev1", fmt.Sprint("Other", i), 1))
	}
	w.event(`{"type":"event_callback","event":{"type":"app_uninstalled"}}`)
	if n := len(w.told("views.publish")); n != 2 {
		t.Errorf("published %d times, want twice", n)
	}
	if status, _ := w.post("events", "application/json", `[`); status != 400 {
		t.Errorf("no JSON: status %d", status)
	}
}

func TestTheHomeTabShowsWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 120 {
		kind := []holdfast.CardKind{holdfast.WorkCard, holdfast.ApprovalCard, holdfast.DraftCard}[i%3]
		w.desk.open = append(w.desk.open, holdfast.TaskCard{
			ID: task, Kind: kind, Title: fmt.Sprintf("%s %d <!channel>", strings.Repeat("long ", 100), i), Account: "A & B",
			Amount: strings.Repeat("9", 500), Due: thursday, Overdue: i < 5,
		})
	}
	open := func(user, id string) map[string]any {
		w.event(fmt.Sprintf(`{"type":"event_callback","event_id":%q,"event":{"type":"app_home_opened","user":%q,"tab":"home"}}`, id, user))
		published := w.told("views.publish")
		return published[len(published)-1]["view"].(map[string]any)
	}
	view := open(mira, "Ev1")
	blocks := view["blocks"].([]any)
	text, _ := json.Marshal(blocks)
	if len(blocks) > 100 || len(blocks) < 95 {
		t.Errorf("%d blocks, want no more than 100 and not many fewer", len(blocks))
	}
	for _, want := range []string{"120 tasks open · :warning: 5 overdue", "Waiting for your yes or no", "Drafts to look at", "… and 73 more", "holdfast_approve"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the tab does not say %q", want)
		}
	}
	if strings.Contains(string(text), `<!channel\u003e`) || strings.Contains(string(text), `\u003c!channel`) {
		t.Error("a title became markup")
	}
	w.app.Wait()
	w.desk.open = []holdfast.TaskCard{}
	if text, _ := json.Marshal(open(mira, "Ev2")); !strings.Contains(string(text), "Nothing is open") {
		t.Errorf("an empty tab is %s", text)
	}
	if text, _ := json.Marshal(open("U0STRANGE", "Ev3")); !strings.Contains(string(text), "not in this project") {
		t.Errorf("a stranger sees %s", text)
	}
}

func (w *world) command(user, text string) string {
	w.t.Helper()
	body := url.Values{"command": {"/holdfast"}, "text": {text}, "user_id": {user}, "user_name": {"x"}, "trigger_id": {"1"}}.Encode()
	status, answer := w.post("commands", "application/x-www-form-urlencoded", body)
	if status != 200 {
		w.t.Fatalf("status %d: %s", status, answer)
	}
	var m struct {
		Type, Text string
		Response   string `json:"response_type"`
		Blocks     []struct{ Text struct{ Text string } }
	}
	if err := json.Unmarshal([]byte(answer), &m); err != nil || m.Response != "ephemeral" {
		w.t.Fatalf("answered %s: %v", answer, err)
	}
	var all []string
	for _, b := range m.Blocks {
		all = append(all, b.Text.Text)
	}
	return strings.Join(all, "\n\n")
}

func TestTheCommandAnswersWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	date := fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|5 Mar 2026 09:00 UTC>", thursday.Unix())
	mine := "*Your open tasks* · 1 task open\n• Call &lt;Dana&gt; · Acme · due " + date
	for text, want := range map[string]string{
		"":                          mine,
		"tasks":                     mine,
		"tasks <@" + maxM + "|max>": strings.Replace(mine, "Your open tasks", "Open tasks of Max", 1),
		"tasks max":                 strings.Replace(mine, "Your open tasks", "Open tasks of Max", 1),
		"tasks <@U0STRANGE>":        "Nobody of the team is &lt;@U0STRANGE&gt;.",
		"account acme": "*Acme &amp; &lt;Sons&gt;* · mira\n• *save* since " + date + ": waits until 4 May 09:00 · next " +
			fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|8 Mar 2026 09:00 UTC>", thursday.AddDate(0, 0, 3).Unix()) +
			"\n\n*Open tasks*\n• Call · due " + date,
		"account <x>": "No account has the id &lt;x&gt;.",
	} {
		if diff := cmp.Diff(want, w.command(mira, text)); diff != "" {
			t.Errorf("/holdfast %s: %s", text, diff)
		}
	}
	for _, text := range []string{"help", "hello there", "account", "tasks a b"} {
		if got := w.command(mira, text); !strings.Contains(got, "*/holdfast account ID*") {
			t.Errorf("/holdfast %s: %s", text, got)
		}
	}
	if got := w.command("U0STRANGE", "tasks"); !strings.Contains(got, "not in this project") {
		t.Errorf("a stranger reads %s", got)
	}
	w.app.Wait()
	w.desk.open = []holdfast.TaskCard{}
	if got := w.command(mira, ""); got != "*Your open tasks*\nNothing is open." {
		t.Errorf("with nothing open: %s", got)
	}
	for range 50 {
		w.desk.open = append(w.desk.open, holdfast.TaskCard{Title: strings.Repeat("é", 500), Account: strings.Repeat("a", 500), Due: thursday})
	}
	if got := w.command(mira, ""); len([]rune(got)) > 3000 || !strings.Contains(got, "… and 40 more") {
		t.Errorf("a long list has %d characters: %s", len([]rune(got)), got)
	}
}
