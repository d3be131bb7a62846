package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"

	"holdfast/channels/slack"
	"holdfast/internal/clock"
)

// maxSlack is as much as a call of Slack's is read: a form with every field full
// is some 300 KB.
const maxSlack = 1 << 20

// Slack are the doors that Slack calls: clicks and forms, events, the slash
// command. What is not signed with Secret just now is answered 401, and nothing
// of it is read. All is answered within Slack's three seconds.
type Slack struct {
	App    SlackApp
	Secret string // the app's signing secret; "" refuses everything
	Clock  clock.Clock
	Log    *slog.Logger
}

// SlackApp is what answers, *slack.App.
type SlackApp interface {
	Interact(ctx context.Context, payload []byte) (slack.Reply, error)
	Event(ctx context.Context, body []byte) (slack.Reply, error)
	Command(ctx context.Context, c slack.Command) (slack.Reply, error)
}

// Register adds the doors below /hooks/slack/.
func (s *Slack) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /hooks/slack/interact", s.door("application/x-www-form-urlencoded", s.interact))
	mux.HandleFunc("POST /hooks/slack/commands", s.door("application/x-www-form-urlencoded", s.command))
	mux.HandleFunc("POST /hooks/slack/events", s.door("application/json", func(ctx context.Context, body []byte) (slack.Reply, error) {
		return s.App.Event(ctx, body)
	}))
}

// interact reads the payload of the body alone: one in the address is nothing
// that Slack signed.
func (s *Slack) interact(ctx context.Context, body []byte) (slack.Reply, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("payload") {
		return nil, errors.New("the body has no payload")
	}
	return s.App.Interact(ctx, []byte(form.Get("payload")))
}

func (s *Slack) command(ctx context.Context, body []byte) (slack.Reply, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil || !form.Has("command") {
		return nil, errors.New("the body has no command")
	}
	return s.App.Command(ctx, slack.Command{Command: form.Get("command"), Text: form.Get("text"), User: form.Get("user_id")})
}

// door checks a call of one content type, has it answered, and answers.
func (s *Slack) door(kind string, answer func(ctx context.Context, body []byte) (slack.Reply, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSlack))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "the body broke off", http.StatusBadRequest)
			return
		}
		if err := slack.Verify(s.Secret, r.Header, body, s.Clock.Now()); err != nil {
			s.Log.WarnContext(r.Context(), "a call is refused", "door", r.URL.Path, "reason", "unsigned")
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != kind {
			http.Error(w, "expected "+kind, http.StatusUnsupportedMediaType)
			return
		}
		// What was begun is finished when Slack hangs up: the click was made.
		reply, err := answer(context.WithoutCancel(r.Context()), body)
		if err != nil {
			s.Log.WarnContext(r.Context(), "a call cannot be read", "door", r.URL.Path)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if reply == nil {
			w.WriteHeader(http.StatusOK)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(json.RawMessage(reply)) // Slack has gone: it comes again
	}
}
