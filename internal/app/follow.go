package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast"
	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// news tells whoever listens that something was committed. The zero value is
// ready; tell never blocks.
type news struct {
	mu sync.Mutex
	to []*func()
}

func (n *news) tell() {
	n.mu.Lock()
	to := slices.Clone(n.to)
	n.mu.Unlock()
	for _, f := range to {
		(*f)()
	}
}

// listen adds f until stop is called.
func (n *news) listen(f func()) (stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.to = append(n.to, &f)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.to = slices.DeleteFunc(n.to, func(g *func()) bool { return g == &f })
	}
}

// linesAtOnce is how many lines are read in one go.
const linesAtOnce = 500

// followAgain is how soon a store that was away is asked again.
const followAgain = time.Second

// Follow calls fn for each line of the timeline after seq, as it is written, in
// order, until ctx ends or fn fails. stop ends it after the lines there are.
func (a *App) Follow(ctx context.Context, seq int64, stop <-chan struct{}, fn func(store.Line) error) error {
	more := make(chan struct{}, 1)
	defer a.news.listen(func() {
		select {
		case more <- struct{}{}:
		default:
		}
	})()
	for last := false; ; {
		var lines []store.Line
		err := a.Store.View(ctx, func(tx store.Tx) (err error) {
			lines, err = tx.Lines(seq, linesAtOnce)
			return err
		})
		if holdfast.CodeOf(err) == holdfast.Unavailable && ctx.Err() == nil {
			a.log.WarnContext(ctx, "the timeline waits", "error", err)
			if err := clock.Sleep(ctx, followAgain); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("follow the timeline: %w", err)
		}
		for _, l := range lines {
			if err := fn(l); err != nil {
				return err
			}
			seq = l.Seq
		}
		if len(lines) == linesAtOnce {
			continue
		}
		if last {
			return nil
		}
		select {
		case <-stop:
			last = true
			continue
		default:
		}
		if _, err := clock.Wait(ctx, time.Second/4, more); err != nil {
			return err
		}
	}
}
