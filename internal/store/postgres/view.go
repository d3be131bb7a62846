package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast/internal/store"
)

// View runs fn on one snapshot; see store.Store. What an Update that has returned
// wrote is in it. Waiting for a free connection ends with ctx. A database that is
// away is waited for before fn runs; one that goes away meanwhile is an error with
// code unavailable.
func (s *Store) View(ctx context.Context, fn func(tx store.Tx) error) error {
	c, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer c.Release() // closes what is not as new
	defer rollback(ctx, c.Conn())
	t := &tx{conn: c.Conn(), ctx: ctx, read: true}
	defer func() { t.over = true }()
	err = fn(t)
	switch {
	case t.broken != nil && ctx.Err() == nil && c.Conn().IsClosed():
		return unavailable("the database went away", "", t.broken)
	case err != nil:
		return err
	}
	return t.broken
}

// reader is a connection with a snapshot open.
func (s *Store) reader(ctx context.Context) (*pgxpool.Conn, error) {
	for {
		c, err := s.read.Acquire(ctx)
		if err == nil {
			if err = run(ctx, c.Conn(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err == nil {
				s.away.over()
				return c, nil
			}
			c.Release()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.closed.Load() {
			return nil, errClosed
		}
		if !lost(err) {
			return nil, fmt.Errorf("begin: %w", err)
		}
		if err := s.away.wait(ctx, err); err != nil {
			return nil, err
		}
	}
}
