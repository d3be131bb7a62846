package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"holdfast/internal/store"
)

// busyTries is how often a lock that another process holds is waited for, each
// time for the connection's busy_timeout.
const busyTries = 3

// session is one connection and its prepared statements: parsing costs this
// driver more than most statements do. Used by one goroutine at a time.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	read     bool
	forever  context.Context //nolint:containedctx // never ends; see tx.exec
}

func newSession(ctx context.Context, db *sql.DB, read bool) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if read {
		if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return &session{conn: conn, prepared: map[string]*sql.Stmt{}, read: read, forever: context.WithoutCancel(ctx)}, nil
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.prepared {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

func (s *session) statement(query string) (*sql.Stmt, error) {
	if st, ok := s.prepared[query]; ok {
		return st, nil
	}
	st, err := s.conn.PrepareContext(s.forever, query)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", query, err)
	}
	s.prepared[query] = st
	return st, nil
}

// run executes a statement without arguments to its end. It cannot be
// interrupted: half a COMMIT would be worse than a late one.
func (s *session) run(query string) error {
	st, err := s.statement(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(s.forever)
	return err
}

// begin takes the write lock at once, or for a reader opens a snapshot. It
// waits for other processes until ctx ends or they were busy too often.
func (s *session) begin(ctx context.Context) error {
	query := "BEGIN IMMEDIATE"
	if s.read {
		query = "BEGIN"
	}
	st, err := s.statement(query)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		_, err := st.ExecContext(ctx)
		if ctx.Err() != nil {
			// It may have begun all the same.
			return errors.Join(ctx.Err(), s.rollback())
		}
		if err == nil || !busy(err) || try == busyTries {
			return err
		}
	}
}

// rollback ends whatever transaction is open; none is fine.
func (s *session) rollback() error {
	err := s.run("ROLLBACK")
	if code(err) == lib.SQLITE_ERROR {
		return nil // "no transaction is active": SQLite has rolled back already
	}
	return err
}

func busy(err error) bool {
	c := code(err) & 0xff
	return c == lib.SQLITE_BUSY || c == lib.SQLITE_LOCKED
}

func code(err error) int {
	if e, ok := errors.AsType[*driver.Error](err); ok {
		return e.Code()
	}
	return 0
}

// tx is a session inside a transaction.
type tx struct {
	*session
	ctx    context.Context //nolint:containedctx // a transaction lives within one call
	broken error           // the first failure of the database: nothing more runs after it
	over   bool
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

// fail remembers a failure of the database. SQLite may have rolled back by
// itself then, so that a later statement would be committed on its own.
func (t *tx) fail(what string, err error) error {
	t.broken = fmt.Errorf("%s: %w", what, err)
	return t.broken
}

// exec changes rows and says how many. what names it in errors.
//
// Statements get no cancellable context: the driver would start a goroutine for
// each. ready checks the context between them, and all are short.
func (t *tx) exec(what, query string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	if t.read {
		return 0, fmt.Errorf("%s: %w", what, errReadOnly)
	}
	st, err := t.statement(query)
	if err != nil {
		return 0, t.fail(what, err)
	}
	res, err := st.ExecContext(t.forever, args...)
	if err != nil {
		return 0, t.fail(what, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, t.fail(what, err)
	}
	return n, nil
}

// put is exec for those who do not ask how many.
func (t *tx) put(what, query string, args ...any) error {
	_, err := t.exec(what, query, args...)
	return err
}

// scanner is a row, or the current one of several.
type scanner interface{ Scan(dest ...any) error }

// one reads one row; store.ErrNotFound when there is none.
func one[T any](t *tx, what string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var none T
	if err := t.ready(); err != nil {
		return none, err
	}
	st, err := t.statement(query)
	if err != nil {
		return none, t.fail(what, err)
	}
	v, err := scan(st.QueryRowContext(t.forever, args...))
	if errors.Is(err, sql.ErrNoRows) {
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
	err := each(t, what, query, args, func(row scanner) (bool, error) {
		v, err := scan(row)
		vs = append(vs, v)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return vs, nil
}

// each gives row after row to fn until it says false. fn must not use t.
func each(t *tx, what, query string, args []any, fn func(row scanner) (bool, error)) error {
	if err := t.ready(); err != nil {
		return err
	}
	st, err := t.statement(query)
	if err != nil {
		return t.fail(what, err)
	}
	rows, err := st.QueryContext(t.forever, args...)
	if err != nil {
		return t.fail(what, err)
	}
	for more := true; more && rows.Next(); {
		if more, err = fn(rows); err != nil {
			break
		}
	}
	if err := errors.Join(err, rows.Close(), rows.Err()); err != nil {
		return t.fail(what, err)
	}
	return nil
}

// value scans a single column.
func value[T any](row scanner) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}
