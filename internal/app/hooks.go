package app

import (
	"context"
	"net/http"
	"strings"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels/email"
	"holdfast/internal/links"
	"holdfast/internal/server/hooks"
)

// minSecret is the shortest secret of an address that nobody guesses.
const minSecret = 24

// hooksDoor lets SendGrid tell what happened to mails, and hand in the answers to
// them. A door whose key is not configured stays shut.
func (a *App) hooksDoor(mux *http.ServeMux) error {
	if err := a.eventsDoor(mux); err != nil {
		return err
	}
	return a.inboundDoor(mux)
}

func (a *App) eventsDoor(mux *http.ServeMux) error {
	door := Door{Name: "SendGrid's events", Path: hooks.EventsPath}
	if a.cfg.Env.SendGridEventKey == "" {
		door.Shut = "set HOLDFAST_SENDGRID_EVENT_KEY"
		a.door(door)
		return nil
	}
	key, err := verificationKey("HOLDFAST_SENDGRID_EVENT_KEY", a.cfg.Env.SendGridEventKey)
	if err != nil {
		return err
	}
	mux.Handle(hooks.EventsPath, hooks.Events{Key: key, Log: a.log, Take: func(ctx context.Context, s []holdfast.Sighting) error {
		_, err := a.Activities.TakeSightings(ctx, s)
		return err
	}})
	a.door(door)
	return nil
}

func (a *App) inboundDoor(mux *http.ServeMux) error {
	door := Door{Name: "SendGrid's Inbound Parse", Path: hooks.InboundPath + "…"}
	secret := a.cfg.Env.SendGridInboundKey
	if secret == "" {
		door.Shut = "set HOLDFAST_SENDGRID_INBOUND_KEY"
		a.door(door)
		return nil
	}
	if len(secret) < minSecret || strings.ContainsAny(secret, "/?#%") {
		e := holdfast.Errorf(holdfast.Invalid, "HOLDFAST_SENDGRID_INBOUND_KEY is no secret for an address: expected at least %d letters and digits", minSecret)
		e.Hint = "draw one with: openssl rand -hex 24"
		return e
	}
	in := hooks.Inbound{Secret: secret, Log: a.log, Take: a.takeMail}
	if text := a.cfg.Env.SendGridInboundSigned; text != "" {
		key, err := verificationKey("HOLDFAST_SENDGRID_INBOUND_SIGNED_KEY", text)
		if err != nil {
			return err
		}
		in.Key = key
	}
	mux.Handle(hooks.InboundPath, in)
	a.door(door)
	return nil
}

func verificationKey(variable, text string) (*email.Key, error) {
	key, err := email.ParseKey(text)
	if err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "%s: %v", variable, err)
	}
	return key, nil
}

// takeMail finds out what a mail is about: the address that it came to holds a
// token of ours, or it names what it answers.
func (a *App) takeMail(ctx context.Context, m email.Inbound) error {
	r := activities.Reply{Kind: m.Kind, ID: m.ID, From: m.From, Text: m.Text, Named: m.Touches}
	for _, to := range m.To {
		local, _, _ := strings.Cut(strings.ToLower(strings.Trim(to, " <>")), "@")
		purpose, token, _ := strings.Cut(local, "+")
		touch, ok := a.keys.Open(purpose, token)
		switch {
		case !ok:
		case purpose == links.Unsubscribe:
			r.OptOut = touch
		case purpose == links.Reply:
			r.Proven = touch
		}
	}
	known, err := a.Activities.TakeReply(ctx, r)
	if err == nil && !known {
		a.log.InfoContext(ctx, "a mail came in that answers nothing of ours", "kind", m.Kind)
	}
	return err
}
