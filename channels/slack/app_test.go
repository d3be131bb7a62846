package slack_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdfast"
	"holdfast/channels/slack"
	"holdfast/internal/clock"
)

// slow is a desk whose database does not answer.
type slow struct {
	slack.Desk // what is not asked for here is not there
	calls      int
}

func (s *slow) Person(string) (slack.Person, bool) {
	return slack.Person{ID: "sam", Slack: "U00000SAM"}, true
}

func (s *slow) Task(context.Context, string) (slack.Task, error) {
	return slack.Task{Card: holdfast.TaskCard{ID: cardID, Title: "Call"}}, nil
}

func (s *slow) Close(ctx context.Context, _, _, _ string, _ map[string]any) error {
	s.calls++
	<-ctx.Done()
	return fmt.Errorf("close: %w", ctx.Err())
}

func (s *slow) OpenTasks(ctx context.Context, _ string) ([]holdfast.TaskCard, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("read: %w", ctx.Err())
}

// TestSlackIsAnsweredInTime: it waits three seconds, whatever we wait for.
func TestSlackIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	click := fmt.Sprintf(`{"type":"block_actions","user":{"id":"U00000SAM"},"container":{"channel_id":"D1"},"actions":[{"action_id":"holdfast_done","block_id":"b","type":"button","value":%q}]}`, cardID)
	form := fmt.Sprintf(`{"type":"view_submission","user":{"id":"U00000SAM"},"view":{"callback_id":"holdfast_cannot","private_metadata":%q,"state":{"values":{"reason":{"answer":{"value":"x"}}}}}}`, cardID)
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		desk := &slow{}
		c, err := slack.New(slack.Config{Token: token, URL: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		a := slack.NewApp(c, desk, clock.System{}, slog.New(slog.NewTextHandler(log, nil)))
		for what, ask := range map[string]func() (slack.Reply, error){
			"a click":   func() (slack.Reply, error) { return a.Interact(t.Context(), []byte(click)) },
			"a form":    func() (slack.Reply, error) { return a.Interact(t.Context(), []byte(form)) },
			"a command": func() (slack.Reply, error) { return a.Command(t.Context(), slack.Command{User: "U00000SAM"}) },
		} {
			began := time.Now()
			reply, err := ask()
			if took := time.Since(began); err != nil || took >= 3*time.Second {
				t.Errorf("%s is answered after %s: %v", what, took, err)
			}
			if what != "a click" && !strings.Contains(string(reply), "That did not work") {
				t.Errorf("%s is answered %s", what, reply)
			}
		}
		if desk.calls != 2 || !strings.Contains(log.String(), "deadline exceeded") {
			t.Errorf("%d calls; the log says %s", desk.calls, log)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAClosedAppEndsWhatItDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, err := slack.New(slack.Config{Token: token, URL: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		a := slack.NewApp(c, &slow{}, clock.System{}, slog.New(slog.DiscardHandler))
		for i := range 100 {
			body := fmt.Sprintf(`{"type":"event_callback","event_id":"Ev%d","event":{"type":"app_home_opened","user":"U00000SAM","tab":"home"}}`, i)
			if _, err := a.Event(t.Context(), []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if err := errors.Join(a.Close(), a.Close()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("closing takes %s", took)
		}
	})
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// nobody is a desk that knows no one.
type nobody struct{ slack.Desk }

func (nobody) Person(string) (slack.Person, bool) { return slack.Person{}, false }

// FuzzWhatSlackSends: whatever comes signed, nothing panics.
func FuzzWhatSlackSends(f *testing.F) {
	for _, seed := range []string{
		`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"holdfast_done","block_id":"b","value":"x"}],"state":{"values":{}}}`,
		`{"type":"block_actions","actions":[{"action_id":"holdfast_done"}]}`, `{"type":"block_actions","state":[],"message":{"blocks":[{"type":"section"}]}}`,
		`{"type":"view_submission","view":{"callback_id":"holdfast_done","state":{"values":{"b":{"answer":{"selected_option":null}}}}}}`,
		`{"type":"event_callback","event":null}`, `[]`, `null`, `{"type":null}`, `{"actions":[null]}`, `{"view":{"blocks":[{"type":"input","element":{"type":"x"}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	c, err := slack.New(slack.Config{Token: token, URL: "http://127.0.0.1:1"})
	if err != nil {
		f.Fatal(err)
	}
	a := slack.NewApp(c, nobody{}, clock.System{}, slog.New(slog.DiscardHandler))
	f.Cleanup(func() { _ = a.Close() })
	f.Fuzz(func(t *testing.T, payload []byte) {
		_, bad := a.Interact(t.Context(), payload)
		_, worse := a.Event(t.Context(), payload)
		for _, err := range []error{bad, worse} {
			if err != nil && holdfast.CodeOf(err) != holdfast.Invalid {
				t.Errorf("%s: %v", payload, err)
			}
		}
	})
}
