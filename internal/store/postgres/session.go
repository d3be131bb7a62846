package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"holdfast/internal/store"
)

// tx is a connection inside a transaction.
type tx struct {
	conn     *pgx.Conn
	ctx      context.Context //nolint:containedctx // a transaction lives within one call
	read     bool
	wrote    bool  // a statement that changes rows was run
	broken   error // the first failure of the database: nothing more runs after it
	over     bool
	begin    []string // statements that open it, until they were sent with the first question
	later    later    // what changes rows and nobody has asked about yet
	ahead    *ahead   // what the connection is busy with; nil: nothing
	expect   expected
	places   map[bucketKey]pgtype.TID // where buckets are that were read and not written
	looks    *wary                    // batches are looked for before they are written
	trusting bool                     // this one has not looked, at least once
	shy      *wary                    // nothing is written ahead
	// meanwhile is done while the database answers what is asked next; nil: nothing.
	meanwhile func()
	// entered are the entries of accounts whose enrollments were all read; asks: none are kept.
	entered map[string][]entry
	asks    bool
}

var (
	_ store.Tx = (*tx)(nil)

	errReadOnly = errors.New("this transaction only reads")
	errOver     = errors.New("this transaction is over")
)

// ready refuses statements that must not run any more.
func (t *tx) ready() error {
	if t.over {
		return errOver
	}
	if t.broken != nil {
		return t.broken
	}
	return t.ctx.Err()
}

// changes is ready for a statement that changes rows. what names it in errors.
func (t *tx) changes(what string) error {
	if err := t.ready(); err != nil {
		return err
	}
	if t.read {
		return fmt.Errorf("%s: %w", what, errReadOnly)
	}
	t.wrote = true
	return nil
}

// fail remembers a failure of the database: PostgreSQL runs nothing more in a
// transaction after one.
func (t *tx) fail(what string, err error) error {
	t.broken = fmt.Errorf("%s: %w", what, err)
	return t.broken
}

// exec changes rows and says how many.
func (t *tx) exec(what, query string, args ...any) (int64, error) {
	if err := t.changes(what); err != nil {
		return 0, err
	}
	t.takeBack(query)
	if err := t.idle(); err != nil {
		return 0, err
	}
	if len(t.begin) == 0 && t.later.none() {
		tag, err := t.conn.Exec(t.ctx, query, bound(args)...)
		if err != nil {
			return 0, t.fail(what, err)
		}
		return tag.RowsAffected(), nil
	}
	var n int64
	err := t.with(what, t.later.all(), queued(query, args), func(r pgx.BatchResults) error {
		tag, err := r.Exec()
		n = tag.RowsAffected()
		return err
	})
	return n, err
}

// scanner is a row, or the current one of several.
type scanner interface{ Scan(dest ...any) error }

// one reads one row; store.ErrNotFound when there is none.
func one[T any](t *tx, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	if err := t.ready(); err != nil {
		return none, err
	}
	t.takeBack(query)
	if err := t.idle(); err != nil {
		return none, err
	}
	var v T
	var err error
	if !t.waits(query) {
		v, err = scan(t.conn.QueryRow(t.ctx, query, bound(args)...))
	} else {
		var absent bool
		err = t.with(what, t.later.seenBy(query), queued(query, args), func(r pgx.BatchResults) (err error) {
			v, err = scan(r.QueryRow())
			if absent = errors.Is(err, pgx.ErrNoRows); absent {
				return nil
			}
			return err
		})
		if err != nil {
			return none, err
		}
		if absent {
			err = pgx.ErrNoRows
		}
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return none, store.ErrNotFound
	}
	if err != nil {
		return none, t.fail(what, err)
	}
	return v, nil
}

// all reads rows to their end.
func all[T any](t *tx, what string, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var vs []T
	err := each(t, what, query, args, func(row scanner) error {
		v, err := scan(row)
		vs = append(vs, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return vs, nil
}

// each gives row after row to fn, which must not use t.
func each(t *tx, what, query string, args []any, fn func(row scanner) error) error {
	if err := t.ready(); err != nil {
		return err
	}
	t.takeBack(query)
	if err := t.idle(); err != nil {
		return err
	}
	if t.waits(query) {
		return t.with(what, t.later.seenBy(query), queued(query, args), func(r pgx.BatchResults) error {
			rows, err := r.Query()
			if err != nil {
				return err
			}
			return walk(rows, fn)
		})
	}
	rows, err := t.conn.Query(t.ctx, query, bound(args)...)
	if err == nil {
		err = walk(rows, fn)
	}
	if err != nil {
		return t.fail(what, err)
	}
	return nil
}

// walk gives fn row after row, and closes them.
func walk(rows pgx.Rows, fn func(row scanner) error) (err error) {
	for err == nil && rows.Next() {
		err = fn(rows)
	}
	rows.Close()
	return errors.Join(err, rows.Err())
}

// value scans a single column.
func value[T any](row scanner) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}
