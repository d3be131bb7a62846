package app

import (
	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/channels/email"
	"holdfast/channels/outbox"
	"holdfast/channels/slack"
	"holdfast/channels/webhook"
	"holdfast/internal/config"
	"holdfast/internal/project"
)

// channels are the ways to reach people that the project chose. What it did not
// choose goes to the embedded outbox, which sends nothing; so does all of a process
// that reaches nobody, which needs no keys.
func (a *App) channels() (map[string]channels.Channel, error) {
	out := map[string]channels.Channel{}
	for _, name := range []string{"email", "slack", "webhook"} {
		provider := a.cfg.Project.Settings.Channels[name]
		if a.cfg.Offline || !a.does(Server) && !a.does(Worker) {
			provider = ""
		}
		way, err := a.channel(name, provider)
		if err != nil {
			return nil, err
		}
		out[name] = way
	}
	return out, nil
}

// EmailChannel is the provider that p chose for e-mail, for a mail outside of any
// playbook. The outbox is refused: it sends nothing.
func EmailChannel(p *project.Project, env config.Environment) (channels.Channel, error) {
	provider := p.Settings.Channels["email"]
	if provider == "" || provider == "outbox" {
		e := holdfast.Errorf(holdfast.Invalid, "e-mail goes to the outbox, which sends nothing")
		e.Hint = "choose a provider in holdfast.yaml, such as channels: {email: sendgrid}; holdfast preview shows the mail"
		return nil, e
	}
	return (&App{cfg: Config{Project: p, Env: env}}).channel("email", provider)
}

func (a *App) channel(name, provider string) (channels.Channel, error) {
	switch name + " " + provider {
	case name + " ", name + " outbox":
		return outbox.New(name, a.Store), nil
	case "email sendgrid":
		if a.cfg.Env.SendGridKey == "" {
			return nil, missing("email", provider, "HOLDFAST_SENDGRID_KEY")
		}
		return email.New(email.Config{Key: a.cfg.Env.SendGridKey, URL: a.cfg.Env.SendGridURL, Sandbox: a.cfg.Project.Settings.Sandbox})
	case "email smtp":
		if a.cfg.Env.SMTPURL == "" {
			return nil, missing("email", provider, "HOLDFAST_SMTP_URL")
		}
		return email.NewSMTP(email.SMTPConfig{URL: a.cfg.Env.SMTPURL})
	case "slack slack":
		if a.cfg.Env.SlackToken == "" {
			return nil, missing("slack", provider, "HOLDFAST_SLACK_TOKEN")
		}
		return slack.New(slack.Config{Token: a.cfg.Env.SlackToken, URL: a.cfg.Env.SlackURL})
	case "webhook http":
		return a.webhooks()
	}
	return nil, holdfast.Errorf(holdfast.Invalid, "holdfast.yaml: channel %s has no provider %q", name, provider)
}

// webhooks are the endpoints of the project, each with its secret from the
// environment.
func (a *App) webhooks() (channels.Channel, error) {
	ends := map[string]webhook.Endpoint{}
	for name, url := range a.cfg.Project.Settings.Webhooks {
		secret := a.cfg.Env.WebhookSecrets[name]
		if secret == "" {
			return nil, missing("webhook", name, config.WebhookVariable(name))
		}
		ends[name] = webhook.Endpoint{URL: url, Secret: secret}
	}
	return webhook.New(webhook.Config{Endpoints: ends})
}

func missing(channel, provider, name string) error {
	e := holdfast.Errorf(holdfast.Invalid, "channel %s goes through %s, which needs a key", channel, provider)
	e.Hint = "set " + name
	return e
}

// settings are what touches need of the project in force.
func (a *App) settings() activities.Project {
	return activities.ProjectOf(a.heads.get())
}
