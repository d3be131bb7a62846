package sqlite

import (
	"context"
	"fmt"

	"holdfast/internal/store"
)

// View runs fn on one snapshot; see store.Store. What an Update that has returned
// wrote is in it. Waiting for a free reader ends with ctx.
func (s *Store) View(ctx context.Context, fn func(tx store.Tx) error) error {
	if s.idle == nil {
		return s.viewWriter(ctx, fn)
	}
	var r *session
	select {
	case r = <-s.idle:
	case <-s.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.idle <- r }()
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	if err := r.begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return look(ctx, r, fn)
}

// look runs fn and ends the snapshot, whatever fn does.
func look(ctx context.Context, r *session, fn func(tx store.Tx) error) (err error) {
	defer func() {
		if failed := r.rollback(); failed != nil && err == nil {
			err = fmt.Errorf("end of view: %w", failed)
		}
	}()
	t := &tx{session: r, ctx: ctx}
	defer func() { t.over = true }()
	if err := fn(t); err != nil {
		return err
	}
	return t.broken
}

// viewWriter reads on the only connection, in its turn. A commit being gathered
// is finished first, so that nothing is seen that may yet be undone.
func (s *Store) viewWriter(ctx context.Context, fn func(tx store.Tx) error) error {
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	if err := s.flush(); err != nil {
		return err
	}
	r := &session{conn: s.write.conn, prepared: s.write.prepared, read: true, forever: s.write.forever}
	if err := r.begin(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return look(ctx, r, fn)
}
