// Package turns lets one at a time through, in the order in which they came. It
// is what the databases that have one writer make it wait with.
package turns

import (
	"context"
	"slices"
	"sync"
)

// Queue is a mutex that is fair (first come, first served) and whose wait ends
// with a context. The zero Queue is free.
type Queue struct {
	mu    sync.Mutex
	taken bool
	queue []chan struct{}
}

// Take waits for the turn. Having it is reported by nil, even when ctx ended in
// the same moment: whoever has the turn must pass it on.
func (q *Queue) Take(ctx context.Context) error {
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	q.queue = append(q.queue, mine)
	q.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.queue, mine)
	if i < 0 {
		return nil
	}
	q.queue = slices.Delete(q.queue, i, i+1)
	return ctx.Err()
}

// Pass gives the turn to the next in the queue and reports whether there was
// one. With keep, it stays with the caller when there was none.
func (q *Queue) Pass(keep bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		q.taken = keep
		return false
	}
	next := q.queue[0]
	q.queue = slices.Delete(q.queue, 0, 1)
	close(next)
	return true
}
