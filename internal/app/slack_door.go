package app

import (
	"context"
	"net/http"

	"holdfast/channels"
	"holdfast/channels/slack"
	"holdfast/internal/clock"
	"holdfast/internal/desk"
	"holdfast/internal/server/hooks"
)

// slackParts are what people meet in Slack.
type slackParts struct {
	channel *slack.Channel
	desk    *desk.Desk
	app     *slack.App
}

// openSlack makes them, when the project posts to Slack.
func (a *App) openSlack(ways map[string]channels.Channel) {
	c, ok := ways["slack"].(*slack.Channel)
	if !ok {
		return
	}
	d := &desk.Desk{Store: a.Store, Clock: a.Clock, Activities: a.Activities}
	a.slack = &slackParts{channel: c, desk: d, app: slack.NewApp(c, d, a.Clock, a.log)}
	a.onStop(a.slack.app.Close)
}

// slackDoor is what Slack calls. Its signatures are held against the machine's
// time, whatever clock the project runs on.
func (a *App) slackDoor(mux *http.ServeMux) error {
	door := Door{Name: "Slack", Path: "/hooks/slack/…"}
	switch {
	case a.slack == nil:
		door.Shut = "channels.slack is not slack"
	case a.cfg.Env.SlackSigningSecret == "":
		door.Shut = "set HOLDFAST_SLACK_SIGNING_SECRET"
	default:
		(&hooks.Slack{App: a.slack.app, Secret: a.cfg.Env.SlackSigningSecret, Clock: clock.System{}, Log: a.log}).Register(mux)
	}
	a.door(door)
	return nil
}

// startSlack keeps cards as their tasks are, tells people how their week stands,
// and opens the connection of Socket Mode where there is a token for it: Slack gives
// each call to one of an app's connections. On a compressed clock weeks are no news.
func (a *App) startSlack(ctx context.Context) {
	if a.slack == nil {
		return
	}
	var changed clock.Bell
	stop := a.news.listen(changed.Ring)
	a.onStop(func() error { stop(); return nil })
	a.once(ctx, "cards", func(ctx context.Context) error { return a.Activities.RunRedraws(ctx, changed.Rung()) })
	if a.cfg.Virtual == nil {
		g := &desk.Digests{Desk: a.slack.desk, Post: a.slack.channel.PostDigest, Find: a.slack.channel.FindDigest, Log: a.log}
		a.once(ctx, "digests", g.Run)
	}
	if token := a.cfg.Env.SlackAppToken; token != "" {
		s := &slack.Socket{App: a.slack.app, Token: token, URL: a.cfg.Env.SlackURL}
		a.background(ctx, "slack socket mode", s.Run)
	}
}
