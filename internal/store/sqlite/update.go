package sqlite

import (
	"context"
	"errors"
	"fmt"

	"holdfast/internal/store"
)

// groupMax is how many waiting updates may share one commit, and so one fsync.
const groupMax = 32

// group is one write transaction of the database. Updates that wait while
// another runs join its group: each runs in its own savepoint, and all return
// when the one commit is on the disk.
type group struct {
	members int
	open    bool // BEGIN was run and not undone
	done    chan struct{}
	err     error // set before done is closed
}

// Update runs fn in one serialisable write transaction; see store.Store. Waiting
// ends with ctx, and a ctx that ends before the commit undoes fn. When the
// commit itself fails, nothing of fn is kept and that failure is returned.
func (s *Store) Update(ctx context.Context, fn func(tx store.Tx) error) (err error) {
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	g, err := s.join(ctx)
	if err != nil {
		s.turns.Pass(false)
		return err
	}
	// Deferred, so that a panic of fn passes the turn on too.
	defer func() {
		if failed := s.leave(g); failed != nil {
			err = failed
		}
	}()
	return s.attempt(ctx, g, fn)
}

// join begins a group, or finds the one that the turn's last holder left open.
func (s *Store) join(ctx context.Context) (*group, error) {
	select {
	case <-s.closed:
		return nil, errClosed
	default:
	}
	if s.group == nil {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.write.begin(ctx); err != nil {
			return nil, fmt.Errorf("begin: %w", err)
		}
		s.group = &group{open: true, done: make(chan struct{})}
	}
	s.group.members++
	return s.group, nil
}

// attempt runs fn and undoes exactly it when it fails, panics or is cancelled.
// The first member needs no savepoint: undoing it is undoing all there is.
func (s *Store) attempt(ctx context.Context, g *group, fn func(tx store.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	first := g.members == 1
	if !first {
		if err := s.write.run("SAVEPOINT part"); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	kept := false
	defer func() {
		if kept {
			return
		}
		if undo := s.undo(g, first); undo != nil {
			err = errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
	}()
	t := &tx{session: s.write, ctx: ctx}
	defer func() { t.over = true }()
	if err := fn(t); err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !first {
		if err := s.write.run("RELEASE part"); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	kept = true
	return nil
}

// undo rolls fn back. When that is impossible, as after a full disk, SQLite has
// rolled all back already: then the whole group has failed.
func (s *Store) undo(g *group, first bool) error {
	if first {
		g.open = false
		return s.write.rollback()
	}
	if err := s.write.run("ROLLBACK TO part"); err != nil {
		g.open = false
		g.err = fmt.Errorf("a transaction in the same commit failed: %w", err)
		return s.write.rollback()
	}
	return s.write.run("RELEASE part")
}

// leave commits the group, or leaves that to the next in the queue and waits.
func (s *Store) leave(g *group) error {
	if g.open && g.members < groupMax && s.turns.Pass(true) {
		<-g.done
		return g.err
	}
	defer s.turns.Pass(false)
	return s.flush()
}

// flush commits the open group, if any, and tells its members.
func (s *Store) flush() error {
	g := s.group
	if g == nil {
		return nil
	}
	s.group = nil
	if g.open {
		if err := s.write.run("COMMIT"); err != nil {
			g.err = errors.Join(fmt.Errorf("commit: %w", err), s.write.rollback())
		}
	}
	close(g.done)
	return g.err
}
