package slack

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"holdfast"
	"holdfast/internal/clock"
)

// Slack gives up on an answer, and on a trigger id, after three seconds.
// Source: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
const (
	answerWithin = 2500 * time.Millisecond
	workWithin   = 20 * time.Second // what follows an answer
	workers      = 16
)

// Reply is what a call of Slack is answered with: JSON, or nil for nothing but
// that it came.
type Reply []byte

// App answers what people do in Slack, whatever brings it: HTTP or Socket Mode.
// It keeps nothing: the same call twice does no harm. Safe for concurrent use.
type App struct {
	channel *Channel
	desk    Desk
	clock   clock.Clock
	log     *slog.Logger

	seen   recent
	work   sync.WaitGroup // what follows answers
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

// NewApp answers with what desk knows, through the channel's bot. Close it.
func NewApp(c *Channel, desk Desk, now clock.Clock, log *slog.Logger) *App {
	return &App{channel: c, desk: desk, clock: now, log: log, slots: make(chan struct{}, workers), closed: make(chan struct{})}
}

// Wait returns when what follows the answers given so far is done.
func (a *App) Wait() { a.work.Wait() }

// Close ends what follows answers, and waits for it.
func (a *App) Close() error {
	a.once.Do(func() { close(a.closed) })
	a.work.Wait()
	return nil
}

// later does what need not be done within Slack's three seconds, also when the
// call that asks for it is over.
func (a *App) later(ctx context.Context, f func(ctx context.Context)) {
	ctx = context.WithoutCancel(ctx)
	a.work.Go(func() {
		select {
		case a.slots <- struct{}{}:
		case <-a.closed:
			return
		}
		defer func() { <-a.slots }()
		ctx, cancel := context.WithTimeout(ctx, workWithin)
		defer cancel()
		go func() {
			select {
			case <-a.closed:
				cancel()
			case <-ctx.Done():
			}
		}()
		f(ctx)
	})
}

// Interact answers a click or a form that was sent: the JSON of `payload`. The
// error is a payload that cannot be read, *holdfast.Error.
func (a *App) Interact(ctx context.Context, payload []byte) (Reply, error) {
	var in slackgo.InteractionCallback
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "the payload is no interaction of Slack's")
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if in.Type == slackgo.InteractionTypeViewSubmission {
		return a.submitted(ctx, in)
	}
	if in.Type == slackgo.InteractionTypeBlockActions {
		// Without a block_id, an action is parsed as one of an attachment: there may
		// be no block action at all.
		for _, act := range in.ActionCallback.BlockActions {
			a.clicked(ctx, spotOf(in), act.ActionID, act.Value)
		}
	}
	return nil, nil
}

// Event answers a call of the Events API: the whole body.
func (a *App) Event(ctx context.Context, body []byte) (Reply, error) {
	var in struct {
		Type      string `json:"type"`
		Challenge string `json:"challenge"`
		ID        string `json:"event_id"`
		Event     struct {
			Type string `json:"type"`
			User string `json:"user"`
			Tab  string `json:"tab"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "the body is no event of Slack's")
	}
	switch {
	case in.Type == "url_verification":
		return json.Marshal(map[string]string{"challenge": in.Challenge})
	case in.ID != "" && !a.seen.fresh(in.ID): // Slack repeats what it had no answer for
		return nil, nil
	case in.Event.Type == "app_home_opened" && in.Event.Tab == "home" && memberID.MatchString(in.Event.User):
		a.later(ctx, func(ctx context.Context) { a.publishHome(ctx, in.Event.User) })
	}
	return nil, nil
}

// spot is where somebody did something: in a message, or on their App Home.
type spot struct{ user, channel, trigger string }

func spotOf(in slackgo.InteractionCallback) spot {
	s := spot{user: in.User.ID, channel: in.Container.ChannelID, trigger: in.TriggerID}
	if s.channel == "" {
		s.channel = in.Channel.ID
	}
	return s
}

var taskIDs = regexp.MustCompile(`^[a-z2-7]{26}$`)

// tell says something to the one who clicked, and to nobody else: under the
// message, in a form where there is none, or else in their conversation with the
// app. words are mrkdwn.
func (a *App) tell(ctx context.Context, at spot, words string) {
	a.later(ctx, func(ctx context.Context) {
		if at.channel == "" && at.trigger != "" {
			if _, err := a.channel.api.OpenViewContext(ctx, at.trigger, notice(words)); err == nil {
				return
			}
		}
		if at.channel == "" {
			im, err := a.channel.place(ctx, at.user)
			if err != nil {
				a.warn(ctx, "conversations.open", err)
				return
			}
			at.channel = im
		}
		_, err := a.channel.api.PostEphemeralContext(ctx, at.channel, at.user, slackgo.MsgOptionText(cut(words, maxText), false))
		if err != nil {
			a.warn(ctx, "chat.postEphemeral", err)
		}
	})
}

// warn logs that Slack did not do what an answer needed; who and what stay out.
func (a *App) warn(ctx context.Context, method string, err error) {
	a.log.WarnContext(ctx, "slack did not answer as hoped", "method", method, "reason", wordOf(err))
}

// recent knows the last ids that were seen.
type recent struct {
	mu   sync.Mutex
	ring [1024]string
	next int
	all  map[string]bool
}

// fresh reports whether id was not seen lately, and remembers it.
func (r *recent) fresh(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[string]bool{}
	}
	if r.all[id] {
		return false
	}
	delete(r.all, r.ring[r.next])
	r.ring[r.next], r.all[id] = id, true
	r.next = (r.next + 1) % len(r.ring)
	return true
}
