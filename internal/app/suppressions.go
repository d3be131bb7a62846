package app

import (
	"context"

	"holdfast/channels/email"
	"holdfast/internal/conductor"
	"holdfast/internal/suppressions"
)

// keepLists keeps our suppression list and SendGrid's in step, while e-mails go
// through it to whom they are for. A trial, in the sandbox or with one address
// that takes all, leaves the provider's lists alone.
func (a *App) keepLists(ctx context.Context) error {
	s := a.cfg.Project.Settings
	if a.cfg.Virtual != nil || a.cfg.Offline || s.Channels["email"] != "sendgrid" || s.Sandbox || s.RedirectAllTo != "" {
		return nil
	}
	lists, err := email.NewLists(email.Config{Key: a.cfg.Env.SendGridKey, URL: a.cfg.Env.SendGridURL})
	if err != nil {
		return err
	}
	cfg := suppressions.Config{Store: a.Store, Clock: a.Clock, Lists: lists, Emit: a.Intake.Emit, Poke: a.poke, Log: a.log}
	// Tickers of their own: a provider that answers slowly holds up nothing else.
	for name, source := range map[string]conductor.Source{"suppressions to the provider": &suppressions.Push{Config: cfg}, "suppressions from the provider": &suppressions.Pull{Config: cfg}} {
		t := &conductor.Ticker{Clock: a.Clock, Sources: []conductor.Source{source}, Log: a.log}
		stop := a.news.listen(t.Poke)
		a.onStop(func() error { stop(); return nil })
		a.once(ctx, name, t.Run)
	}
	return nil
}
