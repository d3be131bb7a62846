// Package memory remembers everything in Go maps, for simulations and tests: no
// file, no SQL, gone when it is closed. It keeps the promises of package store
// that sqlite keeps, and storetest checks both. To remember one more thing, add
// a table to tables and its methods to the file of its concern.
package memory

import (
	"context"
	"errors"

	"holdfast/internal/store"
	"holdfast/internal/store/turns"
)

// Store is a store in memory. Safe for concurrent use: transactions run one
// after the other, reading ones too. One must not be opened inside another's
// function: the inner would wait for the outer.
type Store struct {
	turns  turns.Queue
	tables tables // guarded by the turn
	closed bool   // guarded by the turn
}

var _ store.Store = (*Store)(nil)

// New makes an empty store.
func New() *Store { return &Store{tables: newTables()} }

// errClosed answers everything after Close.
var errClosed = errors.New("the store is closed")

// Update runs fn in one serialisable write transaction; see store.Store. Waiting
// ends with ctx, and a ctx that ends before fn returns undoes it.
func (s *Store) Update(ctx context.Context, fn func(tx store.Tx) error) error {
	return s.transact(ctx, fn, false)
}

// View runs fn on one snapshot; see store.Store.
func (s *Store) View(ctx context.Context, fn func(tx store.Tx) error) error {
	return s.transact(ctx, fn, true)
}

func (s *Store) transact(ctx context.Context, fn func(tx store.Tx) error, read bool) error {
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	if s.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{tables: &s.tables, ctx: ctx, read: read}
	defer t.end() // undoes what was not kept, also when fn panics
	if err := fn(t); err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken
	}
	if err := ctx.Err(); err != nil && !read {
		return err
	}
	t.undo = nil
	return nil
}

// Close waits for the transaction under way and forgets everything. Later calls
// of Update and View fail; a second Close does nothing.
func (s *Store) Close() error {
	ctx := context.Background() //nolint:forbidigo // whoever made a store closes it, to its end
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	s.closed, s.tables = true, newTables()
	return nil
}
