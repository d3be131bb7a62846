package app

import (
	"context"

	"holdfast/internal/conductor"
	"holdfast/internal/privacy"
	"holdfast/internal/project"
	"holdfast/rules"
)

// Eraser erases people here.
func (a *App) Eraser() *privacy.Eraser {
	return &privacy.Eraser{Store: a.Store, Clock: a.Clock, Tasks: a.Activities, Poke: a.poke}
}

// keepPrivate finishes erasures that were left under way, and removes what is older
// than the project keeps: of several servers the one that leads does it. A
// compressed run has none: its people are made up.
func (a *App) keepPrivate(ctx context.Context) {
	if a.cfg.Virtual != nil {
		return
	}
	sources := []conductor.Source{
		&privacy.Finisher{Eraser: a.Eraser()},
		&privacy.Pruner{Store: a.Store, Settings: func() (project.Retention, *rules.Set) {
			p := a.heads.get()
			return p.Settings.Retention, p.Rules
		}},
	}
	// A ticker of its own: rows by the thousand hold up nothing else.
	t := &conductor.Ticker{Clock: a.Clock, Sources: sources, Log: a.log}
	stop := a.news.listen(t.Poke)
	a.onStop(func() error { stop(); return nil })
	a.once(ctx, "privacy", t.Run)
}
