package intake

import (
	"context"
	"fmt"

	"holdfast/internal/store"
)

// metaLooked is the last account that a first look has come to; they come by id. It is
// written with what was looked at, so that whoever sees the one sees the other.
const metaLooked = "intake_looked"

// looking are triggers that are new, by playbook and trigger, while a pass over all
// accounts tells them what is true already.
type looking map[[2]string]bool

// firstLook begins such a pass for refs.
func (in *Intake) firstLook(ctx context.Context, refs []ref) error {
	if len(refs) > 0 {
		if err := in.Store.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaLooked, "") }); err != nil {
			return err
		}
	}
	now := looking{}
	for _, r := range refs {
		now[[2]string{r.book.Name, r.trig.ID}] = true
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.looking = now
	return nil
}

// firstLooked ends it.
func (in *Intake) firstLooked() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.looking = nil
}

func (in *Intake) looksFirst(r ref) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.looking[[2]string{r.book.Name, r.trig.ID}]
}

// looked notes that new triggers know of the account; it is written by flush.
func (b *batch) looked(account string) {
	if b.lookedAt == nil || account > *b.lookedAt {
		b.lookedAt, b.looks = &account, true
	}
}

func (b *batch) keepLooked() error {
	if !b.looks {
		return nil
	}
	b.looks = false
	return b.tx.MetaSet(metaLooked, *b.lookedAt)
}

// unseen reports whether r is new, and has not looked at the account yet.
func (b *batch) unseen(r ref, account string) (bool, error) {
	if !b.in.looksFirst(r) {
		return false, nil
	}
	if b.lookedAt == nil {
		upTo, err := b.tx.MetaGet(metaLooked)
		if err != nil {
			return false, fmt.Errorf("read how far the first look is: %w", err)
		}
		b.lookedAt = &upTo
	}
	return account > *b.lookedAt, nil
}
