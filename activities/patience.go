package activities

import (
	"context"
	"errors"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// A provider that does not answer may take its time while nothing waits for it.
// When the enrollment is told to end meanwhile, it gets no more than lastWord: an
// exit takes effect at once, and what became of the message is left to the
// provider's events.
const (
	exitLooks = 500 * time.Millisecond // how often a slow send looks for an exit
	lastWord  = time.Second
)

// untilExit is ctx, ended when the enrollment was told to end a lastWord ago.
// stop frees it.
func (a *Activities) untilExit(ctx context.Context, enrollment string) (limited context.Context, stop func()) {
	limited, cancel := context.WithCancel(ctx)
	go func() {
		for clock.Sleep(limited, exitLooks) == nil {
			var told bool
			err := a.Store.View(limited, func(tx store.Tx) error {
				_, err := tx.ExitOf(enrollment)
				if told = err == nil; errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			})
			if err == nil && told && clock.Sleep(limited, lastWord) == nil {
				cancel()
			}
		}
	}()
	return limited, cancel
}
