package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/workflows"
)

// leavingPage bounds what one call of CloseLeaving closes.
const leavingPage = 256

// CloseLeaving ends enrollments that an exit row tells to end, in our own store,
// whatever Temporal's queue holds: an exit takes effect at once, not after what a
// busy or missing engine does first. Their workflows are woken and find them over.
// A message that is on its way is left to whoever sends it. closed is how many
// ended; more says that another call would find some. One that cannot be read is
// left to its own workflow, which says why, and does not keep the others.
func (a *Activities) CloseLeaving(ctx context.Context) (closed int, more bool, err error) {
	var ids []string
	err = a.Store.View(ctx, func(tx store.Tx) (err error) {
		ids, err = tx.Leaving(leavingPage)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("list who is leaving: %w", err)
	}
	for _, id := range ids {
		ended, err := a.closeLeaving(ctx, id)
		if err != nil {
			if ctx.Err() != nil {
				return closed, false, ctx.Err()
			}
			a.Log.WarnContext(ctx, "an enrollment that is to end does not", "enrollment", id, "error", err)
		}
		if ended {
			closed++
		}
	}
	if closed > 0 {
		a.Poke()
	}
	return closed, closed > 0 && len(ids) == leavingPage, nil
}

func (a *Activities) closeLeaving(ctx context.Context, id string) (ended bool, err error) {
	err = a.Store.Update(ctx, func(tx store.Tx) (err error) {
		w := &walk{a: a, tx: tx, now: a.Clock.Now(), project: a.Project(), set: a.Rules(), aside: true}
		ended, err = w.close(id)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("close enrollment %s: %w", id, err)
	}
	return ended, nil
}

// close ends the enrollment by its exit row, where its state says it stands.
func (w *walk) close(id string) (ended bool, err error) {
	if w.e, err = w.tx.Enrollment(id); err != nil {
		return false, fmt.Errorf("read enrollment: %w", err)
	}
	if w.e.Status == "ended" {
		return false, nil
	}
	w.m = readMirror(w.e.State)
	w.st, w.order = w.m.State, w.m.Move
	w.in = workflows.Step{Enrollment: id, Digest: w.e.Digest, State: w.st, N: w.e.Echoed}
	w.listening = listeners(w.st)
	if _, err := w.read(); err != nil {
		return false, err
	}
	if err := w.listen(); err != nil || w.exit == nil {
		return false, err
	}
	if err := errors.Join(w.leave(*w.exit), w.save(), w.tx.WakeEnded(id)); err != nil {
		return false, err
	}
	return true, w.emitAll()
}

// afterEnd settles what was on its way when CloseLeaving ended the enrollment: the
// call that sent it is back, or its process died.
func (w *walk) afterEnd() error {
	all, err := w.ledger()
	if err != nil || !slices.ContainsFunc(all, func(h store.Touch) bool { return h.State == holdfast.Sending }) {
		return err
	}
	w.st = w.m.State
	if kind, err := w.read(); err != nil {
		w.a.Log.Error("what became of a message is not known", "enrollment", w.e.ID, "reason", kind, "error", err)
		return w.settle("")
	}
	if err := errors.Join(w.fate(), w.settle("")); err != nil {
		return err
	}
	return w.emitAll()
}
