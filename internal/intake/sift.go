package intake

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"holdfast/internal/store"
)

// siftSize is how many accounts one sifting finds.
const siftSize = 20_000

// sifted is a trigger whose accounts the store finds.
type sifted struct {
	ref
	sieve store.Sieve
}

// siftable are the triggers that read the clock: apart those for which the store
// can rule accounts out, and the rest, which must be asked of everybody.
func (in *Intake) siftable(ctx context.Context, now time.Time) (apart []sifted, rest []ref, err error) {
	w := in.watching()
	all := w.refs(w.index.Clock())
	var fields []string
	for _, r := range all {
		s := sieveOf(r, now)
		if s.Everybody() {
			rest = append(rest, r)
			continue
		}
		apart = append(apart, sifted{r, s})
		fields = append(fields, s.DayFields()...)
	}
	if len(apart) == 0 {
		return nil, rest, nil
	}
	slices.Sort(fields)
	can, err := in.sifts(ctx, slices.Compact(fields))
	if err != nil || !can {
		return nil, all, err
	}
	return apart, rest, nil
}

// found are accounts that a trigger has to be asked of.
type found struct {
	ref
	ids []string
}

// found are the accounts of each of triggers in turn, by id, many at a time. The next
// are asked for while the caller looks at the last: the database and this process work
// side by side.
func (in *Intake) found(ctx context.Context, triggers []sifted) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		pages := make(chan found)
		asked := make(chan error, 1)
		go func() {
			defer close(pages)
			asked <- in.siftAll(ctx, triggers, pages)
		}()
		defer func() {
			stop()
			for range pages { // until it has ended
			}
		}()
		for page := range pages {
			if !yield(page, nil) {
				return
			}
		}
		if err := <-asked; err != nil {
			yield(found{}, fmt.Errorf("sift accounts: %w", err))
		}
	}
}

// siftAll sends what the store finds for each of triggers.
func (in *Intake) siftAll(ctx context.Context, triggers []sifted, pages chan<- found) error {
	for _, t := range triggers {
		for after, more := "", true; more; {
			var ids []string
			err := in.Store.View(ctx, func(tx store.Tx) (err error) {
				ids, err = tx.Sift(t.sieve, after, siftSize)
				return err
			})
			if err != nil {
				return err
			}
			if more = len(ids) == siftSize; more {
				after = ids[len(ids)-1]
			}
			select {
			case pages <- found{t.ref, ids}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// sifts prepares the store when the fields are others than last time, and reports
// whether it can sift.
func (in *Intake) sifts(ctx context.Context, fields []string) (can bool, err error) {
	err = in.Store.View(ctx, func(tx store.Tx) error {
		can = tx.CanSift()
		return nil
	})
	in.mu.Lock()
	ready := slices.Equal(in.prepared, fields)
	in.mu.Unlock()
	if err != nil || !can || ready {
		return can, err
	}
	if err := in.Store.Update(ctx, func(tx store.Tx) error { return tx.Sifts(fields) }); err != nil {
		return can, fmt.Errorf("prepare to sift: %w", err)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.prepared = fields
	return can, nil
}
