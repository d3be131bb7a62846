package app

import (
	"context"
	"errors"
	"log/slog"

	"holdfast/internal/conductor"
	"holdfast/internal/store"
)

// Log is where the app logs.
func (a *App) Log() *slog.Logger { return a.log }

// Perform is Run, with each new line of the timeline given to fn as it is
// written. When Run ends by itself, all lines have been given.
func (a *App) Perform(ctx context.Context, fn func(store.Line) error, sources ...conductor.Source) error {
	var seq int64
	err := a.Store.View(ctx, func(tx store.Tx) (err error) {
		seq, err = tx.LastLine()
		return err
	})
	if err != nil {
		return err
	}
	followCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop, told := make(chan struct{}), make(chan error, 1)
	go func() { told <- a.Follow(followCtx, seq, stop, fn) }()
	err = a.Run(ctx, sources...)
	close(stop)
	if err != nil {
		cancel()
	}
	if followed := <-told; !errors.Is(followed, context.Canceled) {
		err = errors.Join(err, followed)
	}
	return err
}
