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
// away is that the database could not be reached in the first place, astray that the
// attempt was wrong about what is there, and asks that the next one must not answer by
// what it has read.
type again struct {
	err                error
	away, astray, asks bool
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
		if asks = asks || a.asks; !a.astray && !conflict(a.err) {
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
	t := &tx{conn: s.write, ctx: ctx, asks: asks, begin: begins(alone), shy: &s.shy, looks: &s.looks}
	ended := false
	// Deferred, so that a panic of fn is undone too.
	defer func() {
		t.over = true
		_ = t.idle() // it is told as what broke it
		if !ended && len(t.begin) == 0 {
			rollback(ctx, s.write)
		}
	}()
	err = fn(t)
	if busy := t.idle(); err == nil {
		err = busy
	}
	if err == nil && len(t.begin) > 0 && t.later.none() {
		return ctx.Err() // nothing was asked
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		ended = true
		return s.commit(ctx, t)
	}
	return s.judged(ctx, t, err)
}

// judged is what an attempt that ended with err, before its commit, means.
func (s *Store) judged(ctx context.Context, t *tx, err error) error {
	if t.broken == nil {
		if len(t.begin) == 0 {
			s.away.over()
		}
		return err
	}
	if err := ctx.Err(); err != nil { // whatever it broke with
		return err
	}
	if astray(t.broken) || conflict(t.broken) || s.write.IsClosed() {
		return s.again(t, t.broken)
	}
	return err
}

// again has an attempt run again that ended with err. One that trusted that no message is
// there looks next time; one that is wrong all the same asks.
func (s *Store) again(t *tx, err error) error {
	a := &again{err: err, astray: astray(err)}
	if errors.Is(err, errThere) && t.trusting {
		s.looks.wrong()
	} else {
		a.asks = a.astray
	}
	return a
}

// astray reports that a transaction went by what it had read and was wrong.
func astray(err error) bool { return errors.Is(err, errThere) || errors.Is(err, errGone) }

// settings of a transaction, with how long it may leave the database waiting.
//
// Without enable_seqscan: a plan is made once in a session, and one that was made while
// few rows were there would read the whole table when thousands are, for each row of a
// page and for each that refers to another. Reading it whole also conflicts with all
// who write. What has to be read whole anyway looks too dear then, and is not worth
// compiling: no jit.
const settings = `SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
	set_config('idle_in_transaction_session_timeout', '%s', true)`

// begins are the statements that open a transaction; they go with its first question.
// The lock is taken before the snapshot, which is that of the first query: who comes
// alone sees all that those before it wrote, and nobody writes before it ends. So it
// needs none of the locks on what it has read, and must not dawdle.
func begins(alone bool) []string {
	level, mode, idle := "SERIALIZABLE", "ROW EXCLUSIVE", "60s"
	if alone {
		level, mode, idle = "REPEATABLE READ", "EXCLUSIVE", "10s"
	}
	return []string{"BEGIN ISOLATION LEVEL " + level, "LOCK TABLE writers IN " + mode + " MODE", fmt.Sprintf(settings, idle)}
}

// mostLocks is how many rows of a table PostgreSQL remembers as read by a transaction
// before it remembers the whole table (max_pred_locks_per_relation, by default): all
// who write to it meanwhile are in conflict then, and would be run again.
const mostLocks = 32

// wide has a transaction that begins by reading more than that run alone.
func (t *tx) wide(w store.Wanted) {
	if len(t.begin) > 0 && max(len(w.Messages), len(w.Accounts), len(w.Contacts), len(w.Runs)) > mostLocks {
		t.begin = begins(true)
	}
}

// connect makes the writer's connection when there is none.
func (s *Store) connect(ctx context.Context) error {
	if s.write != nil && !s.write.IsClosed() {
		return nil
	}
	conn, err := dial(ctx, s.config)
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

// commit writes what waits and ends the transaction, in one way to the database and
// back. It leaves a mark by which a transaction that wrote can be looked up, and looks
// it up when the answer is lost. The caller's context cannot end it any more.
func (s *Store) commit(ctx context.Context, t *tx) error {
	ctx = context.WithoutCancel(ctx)
	within, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	t.ctx = within
	t.takeBack()
	ending := []waiting{{what: "commit", query: "COMMIT"}}
	if t.wrote {
		s.n++
		ending = []waiting{{what: "mark the commit", query: mark, args: []any{s.holder, s.n}}, ending[0]}
	}
	err := t.with("commit", append(t.later.all(), ending...), nil, nil)
	switch {
	case err == nil:
		s.away.over()
		return nil
	case s.write.IsClosed() && t.wrote:
		return s.settle(ctx, s.n, err)
	case s.write.IsClosed() || astray(err) || conflict(err):
		err = s.again(t, err)
	}
	rollback(ctx, s.write)
	return err
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
