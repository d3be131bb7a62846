package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/triggers"
)

// Assume starts an account in a playbook as if a trigger of it had fired now,
// whatever its conditions say; the rules of entry and the exits hold, but it is
// never held out, nor kept out by a rollout. The line
// of the start says that it was assumed, and what of the conditions does not
// hold. An event trigger takes the account's latest such event, if there is one.
// The error is a *holdfast.Error for names that are not there; an entry that is
// refused is a line and no error.
func (in *Intake) Assume(ctx context.Context, playbook, trigger, account string) error {
	if err := in.settle(ctx); err != nil {
		return err
	}
	var b *batch
	err := in.Store.Update(ctx, func(tx store.Tx) error {
		b = in.batch(tx, Live)
		if err := b.assume(playbook, trigger, account); err != nil {
			return err
		}
		return b.flush()
	})
	if err != nil {
		return fmt.Errorf("start %s for account %s: %w", playbook, account, err)
	}
	in.after(b)
	return nil
}

func (b *batch) assume(playbook, trigger, account string) error {
	book := b.watch.byName[playbook]
	if book == nil {
		return holdfast.Errorf(holdfast.NotFound, "there is no playbook %q", playbook)
	}
	i := slices.IndexFunc(book.Triggers, func(t triggers.Trigger) bool { return t.ID == trigger })
	if i < 0 {
		return holdfast.Errorf(holdfast.NotFound, "playbook %s has no trigger %q", playbook, trigger)
	}
	r := ref{book, &book.Triggers[i]}
	s, err := b.sheet(account)
	if err != nil {
		return err
	}
	if !s.acct.Known {
		return holdfast.Errorf(holdfast.NotFound, "there is no account %q", account)
	}
	w := why{ref: r, occurrence: "assumed/" + b.now.Format("2006-01-02T15:04:05Z"), words: "assumed", assumed: true}
	if r.trig.On != "" {
		e, err := b.tx.LastEvent(account, r.trig.On)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read last %s: %w", r.trig.On, err)
		}
		if err == nil {
			w.occurrence, w.contact, w.event = e.ID, e.Contact, e.Seq
		}
	}
	f := b.facts(s, w.contact)
	if book.When != nil && !b.holds(f, book.Name, account, book.When) {
		w.words += ", though not true: " + clip(book.When.Source())
	}
	if r.trig.Kind == "condition" && r.trig.When != nil && !b.holds(f, book.Name, account, r.trig.When) {
		w.words += ", though not true: " + clip(r.trig.When.Source())
	}
	return b.start(s, f, w)
}
