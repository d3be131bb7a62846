package hooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast"
	"holdfast/channels/slack"
	"holdfast/internal/clock"
	"holdfast/internal/server/hooks"
)

const (
	signing = "8f742231b10e8888abcd99yyyzzz85a5"
	task    = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	mira    = "U0MIRA001"
	maxM    = "U0MAX0001"
)

// thursday is a moment in Berlin's winter: 10:00 there.
var thursday = time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC)

// call is one that Slack got from us.
type call struct {
	method string
	args   map[string]any // of the form, or of the JSON
}

// world is a Slack, an office, and our doors between them.
type world struct {
	t     *testing.T
	desk  *office
	app   *slack.App
	doors http.Handler
	clock *clock.Virtual
	log   *strings.Builder

	mu    sync.Mutex
	calls []call
	says  map[string]string // what Slack answers, by method
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewVirtual(thursday), desk: newOffice(), says: map[string]string{}, log: &strings.Builder{}}
	server := httptest.NewServer(http.HandlerFunc(w.slack))
	t.Cleanup(server.Close)
	c, err := slack.New(slack.Config{Token: "xoxb-a-token", URL: server.URL, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(locked{&w.mu, w.log}, nil))
	w.app = slack.NewApp(c, w.desk, w.clock, log)
	t.Cleanup(func() { _ = w.app.Close() })
	mux := http.NewServeMux()
	(&hooks.Slack{App: w.app, Secret: signing, Clock: w.clock, Log: log}).Register(mux)
	w.doors = mux
	return w
}

type locked struct {
	mu *sync.Mutex
	to *strings.Builder
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// slack is the far side: it keeps what it is told.
func (w *world) slack(rw http.ResponseWriter, r *http.Request) {
	c := call{method: strings.TrimPrefix(r.URL.Path, "/"), args: map[string]any{}}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.NewDecoder(r.Body).Decode(&c.args)
	} else {
		_ = r.ParseForm()
		for name := range r.PostForm {
			c.args[name] = r.PostForm.Get(name)
		}
	}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	says := w.says[c.method]
	w.mu.Unlock()
	if says == "" {
		says = `{"ok":true,"channel":{"id":"D1"},"ts":"1.2","message_ts":"1.2"}`
	}
	if strings.HasPrefix(c.method, "chat.") && w.says[c.method] == "" {
		says = `{"ok":true,"channel":"D1","ts":"1.2","message_ts":"1.2"}`
	}
	_, _ = rw.Write([]byte(says))
}

// told are the calls of one method, after what follows the answers is done.
func (w *world) told(method string) (out []map[string]any) {
	w.app.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c.method == method {
			out = append(out, c.args)
		}
	}
	return out
}

// whispers are the texts that only the one who clicked sees.
func (w *world) whispers() (out []string) {
	for _, args := range w.told("chat.postEphemeral") {
		out = append(out, fmt.Sprintf("%s@%s: %s", args["user"], args["channel"], args["text"]))
	}
	return out
}

func (w *world) sign(r *http.Request, body string, at time.Time) {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(signing))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}

// post calls a door as Slack does.
func (w *world) post(door, kind, body string) (status int, answer string) {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/hooks/slack/"+door, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w.sign(r, body, w.clock.Now())
	rec := httptest.NewRecorder()
	w.doors.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

func (w *world) interact(payload string) (answer string) {
	w.t.Helper()
	status, answer := w.post("interact", "application/x-www-form-urlencoded", url.Values{"payload": {payload}}.Encode())
	if status != http.StatusOK {
		w.t.Fatalf("status %d: %s", status, answer)
	}
	return answer
}

// click on a button of a card in D1.
func (w *world) click(user, action string) string {
	w.t.Helper()
	return w.interact(clickOf(user, action, task))
}

func clickOf(user, action, id string) string {
	return fmt.Sprintf(`{"type":"block_actions","user":{"id":%q},"trigger_id":"1.2.3","container":{"type":"message","message_ts":"1.2","channel_id":"D1"},
		"channel":{"id":"D1"},"message":{"ts":"1.2","text":"x"},"state":{"values":{}},
		"actions":[{"type":"button","action_id":%q,"block_id":"task_x","value":%q,"action_ts":"1.3"}]}`, user, action, id)
}

// submit a form with the state's values, as JSON.
func (w *world) submit(user, action, values string) string {
	w.t.Helper()
	return w.interact(fmt.Sprintf(`{"type":"view_submission","user":{"id":%q},"view":{"id":"V1","type":"modal","callback_id":%q,"private_metadata":%q,
		"blocks":[],"state":{"values":%s}},"response_urls":[]}`, user, action, task, values))
}

// said is the text of the first block of a view that is shown instead of a form.
func said(t *testing.T, answer string) string {
	t.Helper()
	var v struct {
		Action string `json:"response_action"`
		View   struct {
			Blocks []struct{ Text struct{ Text string } }
		}
	}
	if err := json.Unmarshal([]byte(answer), &v); err != nil || v.Action != "update" || len(v.View.Blocks) == 0 {
		t.Fatalf("the answer is no notice: %q (%v)", answer, err)
	}
	return v.View.Blocks[0].Text.Text
}

// office is a desk with one task.
type office struct {
	mu    sync.Mutex
	task  slack.Task
	done  []string // what was done, in words
	fail  error
	drawn int
	open  []holdfast.TaskCard
}

func newOffice() *office {
	return &office{task: slack.Task{Card: holdfast.TaskCard{ID: task, Title: "Call <Dana>", Account: "Acme", Owner: "Mira", Due: thursday}}}
}

var people = []slack.Person{
	{ID: "mira", Name: "Mira", Slack: mira, Zone: berlin()},
	{ID: "max", Name: "Max", Slack: maxM},
}

func berlin() *time.Location {
	z, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return time.UTC
	}
	return z
}

func (o *office) Person(id string) (slack.Person, bool) {
	i := slices.IndexFunc(people, func(p slack.Person) bool { return p.Slack == id })
	if i < 0 {
		return slack.Person{}, false
	}
	return people[i], true
}

func (o *office) Team() []slack.Person { return people }

func (o *office) Task(_ context.Context, id string) (slack.Task, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != o.task.Card.ID {
		return slack.Task{}, holdfast.Errorf(holdfast.NotFound, "there is no task %q", id)
	}
	return o.task, nil
}

func (o *office) OpenTasks(context.Context, string) ([]holdfast.TaskCard, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil && o.task.Card.Open() {
		return []holdfast.TaskCard{o.task.Card}, nil
	}
	return o.open, nil
}

func (o *office) Account(_ context.Context, id string) (slack.Account, error) {
	if id != "acme" {
		return slack.Account{}, holdfast.Errorf(holdfast.NotFound, "there is no account %q", id)
	}
	return slack.Account{
		ID: id, Name: "Acme & <Sons>", Owner: "mira", Tasks: []holdfast.TaskCard{{Title: "Call", Due: thursday}},
		Runs: []slack.Run{{Playbook: "save", Doing: "waits until 4 May 09:00", Since: thursday, Next: thursday.AddDate(0, 0, 3)}},
	}, nil
}

// change is made once: the first wins.
func (o *office) change(words string, closes bool, status, by string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.fail != nil:
		return o.fail
	case !o.task.Card.Open():
		return holdfast.Errorf(holdfast.Conflict, "the task is closed")
	}
	o.done = append(o.done, words)
	if closes {
		o.task.Card.Status, o.task.Card.ClosedBy, o.task.Card.ClosedAt = status, by, thursday
	}
	return nil
}

func (o *office) Close(_ context.Context, id, status, by string, answers map[string]any) error {
	said, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	if status == "done" {
		for _, q := range o.task.Form {
			if q.Required && answers[q.Name] == nil {
				return holdfast.Errorf(holdfast.Invalid, "%q needs an answer", q.Name)
			}
		}
	}
	name := map[string]string{"mira": "Mira", "max": "Max"}[by]
	return o.change(fmt.Sprintf("%s %s by %s %s", status, id[:3], by, said), true, status, name)
}

func (o *office) Snooze(_ context.Context, _, by string, until time.Time, reason string) error {
	return o.change(fmt.Sprintf("snoozed by %s until %s: %s", by, until.UTC().Format(time.RFC3339), reason), false, "", "")
}

func (o *office) Reassign(_ context.Context, _, to, by, reason string) error {
	return o.change(fmt.Sprintf("given to %s by %s: %s", to, by, reason), false, "", "")
}

func (o *office) Redraw(context.Context, string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drawn++
	return nil
}
