package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Table writers has a row for each process that writes, and each commit sets a new
// number in it, in the commit. A commit whose answer was lost was kept if its
// number is there. If it is not, the process sets another one: should the lost
// commit still be on its way, it now fails, since its snapshot has the row as it was.

// mark sets the number of a commit.
const mark = "INSERT INTO writers (holder, n) VALUES ($1, $2) ON CONFLICT (holder) DO UPDATE SET n = excluded.n"

// settle finds out what became of commit n: nil when it was kept, again when it was
// not and never will be. why is how its answer was lost.
func (s *Store) settle(ctx context.Context, n int64, why error) error {
	for {
		kept, err := s.fence(ctx, n)
		switch {
		case err == nil && kept:
			return nil
		case err == nil:
			return &again{err: why}
		case !lost(err):
			return fmt.Errorf("look up a commit: %w", err)
		}
		if err := s.away.wait(ctx, err); err != nil {
			return unavailable("the database went away in a commit, which may have been kept or not", "do it again; what was kept is not made twice", err)
		}
	}
}

// fence waits for the transaction that commit n was in, if it still runs, and
// reports whether it was kept; if not, it cannot be any more.
func (s *Store) fence(ctx context.Context, n int64) (kept bool, err error) {
	if err := s.connect(ctx); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	s.n++
	err = pgx.BeginTxFunc(ctx, s.write, readCommitted, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, mark+" WHERE writers.n <> $3", s.holder, s.n, n)
		kept = tag.RowsAffected() == 0
		return err
	})
	return kept, err
}
