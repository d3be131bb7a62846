package transfer

import (
	"context"
	"strings"

	"holdfast"
	"holdfast/internal/store"
)

// Cancel gives up a move that is not done: the new database is emptied, and the old
// store may be used again. where is the new database in words, as the move was told.
// Another one than was being filled is refused, with code conflict, and left alone;
// in the right one the move need not have begun.
func Cancel(ctx context.Context, from, to Database, where string) error {
	gone, err := goneOf(ctx, from)
	if err != nil {
		return err
	}
	if gone == nil {
		return holdfast.Errorf(holdfast.NotFound, "this store is not being moved")
	}
	if gone.Done {
		return refuseGone(*gone)
	}
	emptied, err := empty(ctx, to, *gone)
	if err != nil {
		return err
	}
	if !emptied && !gone.into(where) {
		e := holdfast.Errorf(holdfast.Conflict, "this store is being moved to %s, and %s holds nothing of it", gone.To, where)
		e.Hint = "give --cancel the database that the move was begun to"
		return e
	}
	return reopen(ctx, from)
}

// into reports whether a store goes to a database: words may also name a cluster.
func (g Gone) into(where string) bool {
	return g.To == where || strings.HasPrefix(g.To, where+andTemporal)
}

// empty empties a database when it holds what a move put there.
func empty(ctx context.Context, to Database, gone Gone) (emptied bool, err error) {
	if version, _, err := to.Schema(ctx); err != nil || version == 0 {
		return false, err
	}
	err = to.Update(ctx, func(tx store.Tx) error {
		emptied = false
		if arrived, err := tx.MetaGet(metaArrived); err != nil {
			return err
		} else if arrived == gone.ID {
			e := holdfast.Errorf(holdfast.Conflict, "everything is in %s already, and may be in use there", gone.To)
			e.Hint = "run the same holdfast move again: it only tells the old store"
			return e
		}
		in, err := incomingOf(tx)
		if err != nil || in == nil || in.ID != gone.ID {
			return err
		}
		b, err := bulk(tx)
		if err != nil {
			return err
		}
		emptied = true
		return b.Clear()
	})
	return emptied, err
}

// reopen lets the old store be used again.
func reopen(ctx context.Context, from Database) error {
	return from.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaMoved, "") })
}

func goneOf(ctx context.Context, st store.Store) (g *Gone, err error) {
	err = st.View(ctx, func(tx store.Tx) (err error) {
		g, err = GoneOf(tx)
		return err
	})
	return g, err
}
