package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast"
	"holdfast/channels/email"
	"holdfast/channels/slack"
	"holdfast/internal/config"
)

// emailKey asks the provider of e-mail whether it takes our key.
func emailKey(ctx context.Context, v *visit) {
	const why = "no e-mail goes out"
	switch v.provider("email") {
	case "sendgrid":
		if v.Env.SendGridKey == "" {
			v.wrong("e-mail goes through SendGrid, and HOLDFAST_SENDGRID_KEY is not set", "a server does not start so", "set HOLDFAST_SENDGRID_KEY")
			return
		}
		c, err := email.New(email.Config{Key: v.Env.SendGridKey, URL: v.Env.SendGridURL})
		if err != nil {
			v.wrong(err.Error(), why, "mend HOLDFAST_SENDGRID_URL")
			return
		}
		scopes, err := c.Scopes(ctx)
		switch {
		case holdfast.CodeOf(err) == holdfast.Unauthorized:
			v.wrong(err.Error(), why, "make a key with the right mail.send, and set HOLDFAST_SENDGRID_KEY")
		case err != nil:
			v.wrong("SendGrid could not be asked: "+told(err), why, "check HOLDFAST_SENDGRID_URL, and that this machine reaches it")
		case !slices.Contains(scopes, "mail.send"):
			v.wrong("the SendGrid key may not send mail", why, "give the key of HOLDFAST_SENDGRID_KEY the right mail.send, or set one that has it")
		case !slices.Contains(scopes, "suppression.read"):
			v.wrong("the SendGrid key may not read suppressions", "who asked SendGrid for no more mail is not known here", "give the key of HOLDFAST_SENDGRID_KEY full access to suppressions")
		default:
			v.ok("SendGrid takes the key, which may send mail")
		}
	case "smtp":
		if v.Env.SMTPURL == "" {
			v.wrong("e-mail goes through an SMTP server, and HOLDFAST_SMTP_URL is not set", "a server does not start so", "set HOLDFAST_SMTP_URL")
			return
		}
		c, err := email.NewSMTP(email.SMTPConfig{URL: v.Env.SMTPURL})
		if err != nil {
			v.wrong(err.Error(), why, "mend HOLDFAST_SMTP_URL")
			return
		}
		if err := c.Check(ctx); err != nil {
			v.wrong("the SMTP server does not take us: "+told(err), why, "check host, port, user and password in HOLDFAST_SMTP_URL")
			return
		}
		v.ok("the SMTP server takes the user and password")
	}
}

// slackToken asks Slack whether it takes our token.
func slackToken(ctx context.Context, v *visit) {
	const why = "no task reaches anybody in Slack"
	if v.provider("slack") == "" {
		return
	}
	if v.Env.SlackToken == "" {
		v.wrong("messages go to Slack, and HOLDFAST_SLACK_TOKEN is not set", "a server does not start so", "set HOLDFAST_SLACK_TOKEN")
		return
	}
	if app := v.Env.SlackAppToken; app != "" && !strings.HasPrefix(app, "xapp-") {
		v.wrong("HOLDFAST_SLACK_APP_TOKEN is not an app-level token", "no click of Slack comes in over Socket Mode", "set the one that begins with xapp-")
	}
	c, err := slack.New(slack.Config{Token: v.Env.SlackToken, URL: v.Env.SlackURL})
	if err != nil {
		v.wrong(err.Error(), why, "mend HOLDFAST_SLACK_URL")
		return
	}
	if _, err := c.Check(ctx); err != nil {
		fix := "check HOLDFAST_SLACK_URL, and that this machine reaches it"
		if d, ok := errors.AsType[*holdfast.DeliveryError](err); ok && d.Reason == "bad_credentials" {
			fix = "install the app again, and set HOLDFAST_SLACK_TOKEN to its bot token (xoxb-)"
		}
		v.wrong("Slack does not take us: "+told(err), why, fix)
		return
	}
	v.ok("Slack takes the token")
}

// webhooks looks for the secret of each endpoint.
func webhooks(_ context.Context, v *visit) {
	if v.provider("webhook") == "" {
		return
	}
	ends := slices.Sorted(maps.Keys(v.project.Settings.Webhooks))
	set := 0
	for _, name := range ends {
		if v.Env.WebhookSecrets[name] != "" {
			set++
			continue
		}
		v.wrong(fmt.Sprintf("webhook %s has no secret", name), "its receiver cannot tell our calls from others', so that a server does not start", "set "+config.WebhookVariable(name))
	}
	if set == len(ends) {
		v.ok(fmt.Sprintf("all %d webhooks have a secret", set))
	}
}

// told is what a channel says of a failure.
func told(err error) string {
	if d, ok := errors.AsType[*holdfast.DeliveryError](err); ok && d.Err != nil {
		return d.Reason + ": " + rootOf(d.Err).Error()
	}
	return err.Error()
}
