package activities

import (
	"errors"
	"fmt"
	"time"

	"holdfast/internal/store"
)

// Abandon closes an open task, in the transaction that makes its work pointless,
// as one that cannot be done: the sequence goes on without it. One whose enrollment
// is told to end is left to that, and so is what only tells of something. It emits
// an event, so it comes after the caller's own writes; afterwards the relay is poked.
func (a *Activities) Abandon(tx store.Tx, task, reason string, at time.Time) error {
	k, err := tx.Task(task)
	if err != nil {
		return fmt.Errorf("read task %s: %w", task, err)
	}
	if k.Status != "open" || isAlert(k) {
		return nil
	}
	e, err := tx.Enrollment(k.Enrollment)
	if errors.Is(err, store.ErrNotFound) || err == nil && e.Status != "active" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read enrollment %s: %w", k.Enrollment, err)
	}
	if _, err := tx.ExitOf(k.Enrollment); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return a.closeTask(tx, k, "cannot", "", map[string]any{reasonKey: reason}, at)
}

// Redraw asks, in the transaction that changes a task's words, for its card to be
// shown as it is now.
func (a *Activities) Redraw(tx store.Tx, task string) error {
	k, err := tx.Task(task)
	if err != nil {
		return fmt.Errorf("read task %s: %w", task, err)
	}
	return a.redraw(tx, k)
}
