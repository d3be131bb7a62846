package app

import (
	"context"

	"holdfast/internal/conductor"
	"holdfast/internal/privacy"
)

// Eraser erases people here.
func (a *App) Eraser() *privacy.Eraser {
	return &privacy.Eraser{Store: a.Store, Clock: a.Clock, Tasks: a.Activities, Poke: a.poke}
}

// keepPrivate finishes erasures that were left under way. A compressed run has none:
// its people are made up.
func (a *App) keepPrivate(ctx context.Context) {
	if a.cfg.Virtual != nil {
		return
	}
	sources := []conductor.Source{&privacy.Finisher{Eraser: a.Eraser()}}
	// A ticker of its own: rows by the thousand hold up nothing else.
	t := &conductor.Ticker{Clock: a.Clock, Sources: sources, Log: a.log}
	stop := a.news.listen(t.Poke)
	a.onStop(func() error { stop(); return nil })
	a.background(ctx, "privacy", t.Run)
}
