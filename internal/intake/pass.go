package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// pageSize is how many accounts one read of a pass takes, and one transaction at most.
const pageSize = 500

// fewestVisited are visited in one transaction however long they take: on a machine that
// has no time for us, smaller ones would do little but begin and end.
const fewestVisited = 100

// pass visits all known accounts, by id, in write transactions of bounded time.
// visit may run again for an account after a crash, so it must be idempotent.
func (in *Intake) pass(ctx context.Context, visit func(b *batch, s *sheet) error) error {
	for after := ""; ; {
		ids, err := in.page(ctx, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := in.visit(ctx, ids, in.Clock.Now(), visit); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// page is the ids of the next known accounts.
func (in *Intake) page(ctx context.Context, after string) (ids []string, err error) {
	err = in.Store.View(ctx, func(tx store.Tx) error {
		ids, err = tx.AccountIDs(after, pageSize)
		return err
	})
	return ids, err
}

// visit opens each account in turn, in transactions of bounded time: a page that was
// cut short for that makes the next ones smaller, since what was read for nothing is
// read again.
func (in *Intake) visit(ctx context.Context, ids []string, now time.Time, visit func(b *batch, s *sheet) error) error {
	wall := clock.System{}
	for size := pageSize; len(ids) > 0; {
		var b *batch
		page, done := ids[:min(len(ids), size)], 0
		err := in.Store.Update(ctx, func(tx store.Tx) error {
			b, done = in.batchAt(tx, Live, now), 0
			if err := b.gatherAll(page); err != nil {
				return err
			}
			end := wall.Now().Add(cmp.Or(in.Options.BatchTime, 50*time.Millisecond))
			for done < len(page) && (done < fewestVisited || wall.Now().Before(end)) {
				if err := b.open(page[done], visit); err != nil {
					return fmt.Errorf("account %s: %w", page[done], err)
				}
				done++
			}
			return b.flush()
		})
		if err != nil {
			return err
		}
		in.after(b)
		ids = ids[done:]
		if size = min(2*size, pageSize); done < len(page) {
			size = max(done, fewestVisited)
		}
	}
	return nil
}

// open visits an account, unless it has become another since it was listed.
func (b *batch) open(id string, visit func(b *batch, s *sheet) error) error {
	switch _, err := b.account(id); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	s, err := b.sheet(id)
	if err != nil {
		return err
	}
	return visit(b, s)
}

// MarkTruths looks once at all accounts and remembers what is true of them, and
// which dates lie ahead, without starting anything. Take does it by itself
// before the first live message after history; an import calls it to have it
// done while someone watches.
func (in *Intake) MarkTruths(ctx context.Context) error {
	upTo, err := in.unmarked(ctx)
	if err != nil {
		return err
	}
	if err := in.rank(ctx, in.Clock.Now(), true); err != nil {
		return err
	}
	err = in.pass(ctx, func(b *batch, s *sheet) error {
		c := &cause{ch: changes{identified: true}}
		if b.schema.byClock {
			if err := b.derive(s, &c.ch); err != nil {
				return err
			}
		}
		return b.triggers(s, c)
	})
	if err != nil {
		return fmt.Errorf("mark what is true: %w", err)
	}
	return in.Store.Update(ctx, func(tx store.Tx) error {
		if v, err := tx.MetaGet(metaUnmarked); err != nil || v == "" || v != upTo {
			return err // more history came in meanwhile
		}
		return tx.MetaSet(metaUnmarked, "")
	})
}

// settle marks truths when history has come in since they were marked last.
func (in *Intake) settle(ctx context.Context) error {
	upTo, err := in.unmarked(ctx)
	if err != nil || upTo == "" {
		return err
	}
	return in.MarkTruths(ctx)
}

// errUnsettled is that history came in which nobody has marked yet.
var errUnsettled = errors.New("history has come in that is not marked yet")

// settled is errUnsettled when settle has something to do, asked once in a batch.
func (b *batch) settled() error {
	if !b.unsettled {
		return nil
	}
	upTo, err := b.tx.MetaGet(metaUnmarked)
	if err == nil && upTo != "" {
		err = errUnsettled
	}
	b.unsettled = err != nil
	return err
}

// update is Store.Update for live messages, which come after history is marked: fn
// asks by gather or settled.
func (in *Intake) update(ctx context.Context, fn func(tx store.Tx) error) error {
	for {
		err := in.Store.Update(ctx, fn)
		if !errors.Is(err, errUnsettled) {
			return err
		}
		if err := in.settle(ctx); err != nil {
			return err
		}
	}
}

// unmarked is the last message of unmarked history, or "".
func (in *Intake) unmarked(ctx context.Context) (upTo string, err error) {
	err = in.Store.View(ctx, func(tx store.Tx) error {
		upTo, err = tx.MetaGet(metaUnmarked)
		return err
	})
	return upTo, err
}
