package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store"
)

// Of the tries of one update against other processes', those from lonely on hold
// off all other writers, so that the next is the last but for a database that is
// also written by hand.
const (
	lonely = 3
	tries  = 8
)

// commitWait bounds a commit, which a caller's context cannot end: half of one
// would be worse than a late one.
const commitWait = 30 * time.Second

// again says that nothing of an attempt was kept, so that it may be run again.
// away is that the database could not be reached in the first place, asks that the
// next attempt must not answer by what it has read.
type again struct {
	err        error
	away, asks bool
}

func (a *again) Error() string { return a.err.Error() }
func (a *again) Unwrap() error { return a.err }

// Update runs fn in one serialisable write transaction; see store.Store and the
// package. Waiting ends with ctx, and a ctx that ends before the commit undoes fn.
func (s *Store) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	asks := false
	for try := 1; ; {
		if s.closed.Load() {
			return errClosed
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.attempt(ctx, try >= lonely, asks, fn)
		a, ok := errors.AsType[*again](err)
		if !ok {
			return err
		}
		if try == tries {
			return unavailable(fmt.Sprintf("an update was tried %d times", tries), "", a.err)
		}
		if !a.away {
			try++
		}
		if asks = asks || a.asks; !a.asks && !conflict(a.err) {
			if err := s.away.wait(ctx, a.err); err != nil {
				return err
			}
		}
	}
}

// attempt runs fn once. alone keeps all other writers out meanwhile, asks has nothing
// answered by what was read before. An error of type again is about the database alone.
func (s *Store) attempt(ctx context.Context, alone, asks bool, fn func(tx store.Tx) error) (err error) {
	if err := s.connect(ctx); err != nil {
		return err
	}
	t := &tx{conn: s.write, ctx: ctx, asks: asks, begin: begins(alone)}
	ended := false
	// Deferred, so that a panic of fn is undone too.
	defer func() {
		t.over = true
		_ = t.idle() // it is told as what broke it
		if !ended && len(t.begin) == 0 {
			rollback(ctx, s.write)
		}
	}()
	if err = fn(t); err == nil && !t.later.none() {
		err = t.send()
	}
	if busy := t.idle(); err == nil {
		err = busy
	}
	if t.broken == nil && len(t.begin) == 0 {
		s.away.over()
	}
	if err := ctx.Err(); err != nil && t.broken != nil { // whatever it broke with
		return err
	}
	there := errors.Is(t.broken, errThere)
	if t.broken != nil && (there || conflict(t.broken) || s.write.IsClosed()) {
		return &again{err: t.broken, asks: there}
	}
	if err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ended = true
	if len(t.begin) > 0 {
		return nil // nothing was asked
	}
	return s.commit(ctx, t.wrote)
}

// byIndex: a plan is made once in a session, and one that was made while few rows
// were there would read the whole table when thousands are, for each row of a page and
// for each that refers to another. Reading it whole also conflicts with all who write.
// What has to be read whole anyway looks too dear then, and is not worth compiling.
const (
	byIndex     = "SET LOCAL enable_seqscan = off"
	interpreted = "SET LOCAL jit = off"
)

// begins are the statements that open a transaction; they go with its first question.
// The lock is taken before the snapshot, which is that of the first query: who comes
// alone sees all that those before it wrote.
func begins(alone bool) []string {
	mode := "ROW EXCLUSIVE"
	if alone {
		mode = "EXCLUSIVE"
	}
	return []string{"BEGIN ISOLATION LEVEL SERIALIZABLE", "SET LOCAL idle_in_transaction_session_timeout = '60s'", byIndex, interpreted, "LOCK TABLE writers IN " + mode + " MODE"}
}

// connect makes the writer's connection when there is none.
func (s *Store) connect(ctx context.Context) error {
	if s.write != nil && !s.write.IsClosed() {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err == nil {
		s.write = conn
		return nil
	}
	if err := ctx.Err(); err != nil { // whatever the try ended with
		return err
	}
	if !lost(err) {
		return err
	}
	return &again{err: err, away: true}
}

// commit ends the transaction, leaving a mark by which it can be looked up, when
// it wrote, and looks it up when the answer is lost.
func (s *Store) commit(ctx context.Context, wrote bool) error {
	ctx = context.WithoutCancel(ctx)
	within, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	query := "COMMIT"
	if wrote {
		s.n++
		query = mark(s.holder, s.n) + "; COMMIT"
	}
	err := run(within, s.write, query)
	switch {
	case err == nil:
		return nil
	case s.write.IsClosed() && wrote:
		return s.settle(ctx, s.n, err)
	case s.write.IsClosed() || conflict(err):
		err = &again{err: err}
	}
	rollback(ctx, s.write)
	return fmt.Errorf("commit: %w", err)
}

// run sends statements without arguments in one go and waits for all of them.
func run(ctx context.Context, conn *pgx.Conn, statements string) error {
	return conn.PgConn().Exec(ctx, statements).Close()
}

// rollback ends whatever transaction is open. When that fails, the connection is
// closed, which ends it as well.
func rollback(ctx context.Context, conn *pgx.Conn) {
	if conn.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	if err := run(ctx, conn, "ROLLBACK"); err != nil {
		_ = conn.Close(ctx)
	}
}
