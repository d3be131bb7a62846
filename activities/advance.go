package activities

import (
	"context"
	"fmt"

	"holdfast/internal/store"
	"holdfast/workflows"
)

// Advance walks an enrollment on from a state, until it rests, ends, or has made
// one touch. It may be called again with the same step after any crash: what was
// committed is not done twice, and the answer is the one that was lost.
//
// It fails only when the store does; a playbook that cannot go on rests, with
// its reason on the timeline, and is tried again every hour.
func (a *Activities) Advance(ctx context.Context, in workflows.Step) (workflows.Progress, error) {
	w, err := a.walk(ctx, in, nil)
	if err != nil {
		return workflows.Progress{}, err
	}
	sought := w.sought
	if w.out != nil {
		d := a.send(ctx, *w.out)
		// What went is recorded even when the worker is being stopped.
		if w, err = a.walk(context.WithoutCancel(ctx), in, &d); err != nil {
			return workflows.Progress{}, err
		}
		sought = append(sought, w.sought...)
	}
	if err := a.lookFor(ctx, sought); err != nil {
		return workflows.Progress{}, err
	}
	return a.handOut(ctx, w)
}

// walk is one transaction of Advance. sent is what became of the message that
// the transaction before it claimed.
func (a *Activities) walk(ctx context.Context, in workflows.Step, sent *delivery) (*walk, error) {
	var w *walk
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		w = &walk{a: a, tx: tx, in: in, sent: sent, now: a.Clock.Now(), project: a.Project(), set: a.Rules()}
		return w.run()
	})
	if err != nil {
		return nil, fmt.Errorf("advance enrollment %s: %w", in.Enrollment, err)
	}
	a.Poke()
	return w, nil
}
