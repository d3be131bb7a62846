package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"

	"holdfast"
	"holdfast/channels/standin"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/project"
)

// slackDesk is a Slack of dev's own on this machine, with the team as its people
// and a page that shows the cards. Nothing of it is kept.
type slackDesk struct {
	slack         *standin.Slack
	url           string // http://127.0.0.1:PORT
	token, secret string
	servers       []*http.Server
}

// openSlackDesk starts one, and makes p post to it.
func openSlackDesk(ctx context.Context, p *project.Project) (*slackDesk, error) {
	d := &slackDesk{token: "xoxb-" + rand.Text(), secret: rand.Text()}
	record, err := standin.NewRecord("")
	if err != nil {
		return nil, err
	}
	o := standin.SlackOptions{Token: d.token, SigningSecret: d.secret, Users: []standin.User{}}
	if d.slack, err = standin.NewSlack(o, &standin.Plan{}, record, realClock); err != nil {
		return nil, err
	}
	d.take(p)
	if d.url, err = d.serve(ctx, d.slack); err != nil {
		return nil, err
	}
	d.slack.ListenAt(d.url)
	return d, nil
}

// take makes p's team the people of the workspace and p one that posts there.
// Whoever has no member id is given one.
func (d *slackDesk) take(p *project.Project) {
	p.Settings.Channels = map[string]string{"slack": "slack"}
	for i := range p.Team {
		one := &p.Team[i]
		if one.Slack == "" {
			one.Slack = "U0" + strings.Map(func(r rune) rune {
				if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
					return unicode.ToUpper(r)
				}
				return -1
			}, one.ID)
		}
		d.slack.Invite(standin.User{ID: one.Slack, Name: one.Name, Email: one.Email, TZ: one.Timezone})
	}
}

// env is what the product needs to know of it.
func (d *slackDesk) env() config.Environment {
	return config.Environment{SlackURL: d.url + "/api", SlackToken: d.token, SlackSigningSecret: d.secret}
}

// attach has clicks go to what a answers to the outside, and dates messages by its clock.
func (d *slackDesk) attach(ctx context.Context, a *app.App) error {
	d.slack.DateBy(a.Clock)
	public, err := a.Public()
	if err != nil {
		return err
	}
	url, err := d.serve(ctx, public)
	if err != nil {
		return err
	}
	return d.slack.PointAt(url + "/hooks/slack")
}

// serve answers on any free port of this machine until close.
func (d *slackDesk) serve(ctx context.Context, h http.Handler) (url string, err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for slack: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second}
	d.servers = append(d.servers, server)
	go func() { _ = server.Serve(l) }() // ends with close
	return "http://" + l.Addr().String(), nil
}

func (d *slackDesk) close() error {
	var errs []error
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// chooseSlack is the desk that --slack asks for, or nil for the outbox.
func chooseSlack(ctx context.Context, flag string, p *project.Project) (*slackDesk, error) {
	switch flag {
	case "page":
		return openSlackDesk(ctx, p)
	case "outbox":
		return nil, nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "--slack %s: want page or outbox", flag)
	e.Hint = "page shows cards as Slack does and lets you click them; outbox keeps them to be read"
	return nil, e
}
