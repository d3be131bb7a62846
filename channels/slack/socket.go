package slack

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"holdfast/channels"
	"holdfast/internal/clock"
)

const (
	socketTimeout  = 15 * time.Second // of asking for an address
	socketRetry    = 5 * time.Second  // after a connection that could not be had; doubles
	socketPatience = 5 * time.Minute
	maxEnvelope    = 1 << 20 // bytes
)

// Socket brings what people do to an App over Socket Mode: a connection that we
// open, for a server that Slack cannot reach.
type Socket struct {
	App   *App
	Token string // app-level token (xapp-) with connections:write
	URL   string // "" is https://slack.com/api
}

// Run connects, and connects again, until ctx ends; its error is then ctx's. Each
// envelope is answered once it was dealt with; one that comes twice does no harm.
func (s *Socket) Run(ctx context.Context) error {
	for wait := socketRetry; ; wait = min(2*wait, socketPatience) {
		began := s.App.clock.Now()
		err := s.connect(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.App.clock.Now().Sub(began) > socketPatience {
			wait = socketRetry // it had held
		}
		s.App.log.WarnContext(ctx, "slack socket mode is interrupted", "reason", wordOf(err), "retry", wait)
		if err := clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// silent takes what the library would print to the terminal.
type silent struct{}

// Output keeps nothing.
func (silent) Output(int, string) error { return nil }

// connect is one life of the library's client, which reconnects by itself until
// something is wrong with the token.
func (s *Socket) connect(ctx context.Context) error {
	base := s.URL
	if base == "" {
		base = defaultBase
	}
	api := slackgo.New("", slackgo.OptionAppLevelToken(s.Token),
		slackgo.OptionAPIURL(strings.TrimRight(base, "/")+"/"), slackgo.OptionHTTPClient(channels.NewClient(socketTimeout)))
	client := socketmode.New(api, socketmode.OptionReadLimit(maxEnvelope), socketmode.OptionLog(silent{}))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case e := <-client.Events:
				s.take(ctx, client, e)
			case <-ctx.Done():
				return
			}
		}
	}()
	err := client.RunContext(ctx)
	stop()
	<-done
	return err
}

// take gives an envelope to the App, beside those that come after it.
func (s *Socket) take(ctx context.Context, client *socketmode.Client, e socketmode.Event) {
	r := e.Request
	if bad, ok := e.Data.(*socketmode.ErrorBadMessage); ok { // an event that the library does not know
		r = &socketmode.Request{}
		if json.Unmarshal(bad.Message, r) != nil {
			return
		}
	}
	if e.Type == socketmode.EventTypeConnected {
		s.App.log.InfoContext(ctx, "slack socket mode is connected")
	}
	if failed, ok := e.Data.(*slackgo.ConnectionErrorEvent); ok {
		s.App.log.WarnContext(ctx, "slack socket mode cannot connect, and tries again", "reason", wordOf(failed.ErrorObj))
	}
	if r == nil || r.EnvelopeID == "" {
		return
	}
	s.App.work.Go(func() {
		reply := s.answer(ctx, r)
		var err error
		if reply == nil || !r.AcceptsResponsePayload {
			err = client.AckCtx(ctx, r.EnvelopeID, nil)
		} else {
			err = client.AckCtx(ctx, r.EnvelopeID, json.RawMessage(reply))
		}
		if err != nil && ctx.Err() == nil {
			s.App.log.WarnContext(ctx, "a slack envelope is not answered", "type", r.Type)
		}
	})
}

func (s *Socket) answer(ctx context.Context, r *socketmode.Request) (reply Reply) {
	var err error
	switch r.Type {
	case socketmode.RequestTypeInteractive:
		reply, err = s.App.Interact(ctx, r.Payload)
	case socketmode.RequestTypeEventsAPI:
		reply, err = s.App.Event(ctx, r.Payload)
	case socketmode.RequestTypeSlashCommands:
		var c Command
		if err = json.Unmarshal(r.Payload, &c); err == nil {
			reply, err = s.App.Command(ctx, c)
		}
	}
	if err != nil {
		s.App.log.WarnContext(ctx, "a slack envelope cannot be read", "type", r.Type)
		return nil
	}
	return reply
}
