// Package sqlite remembers everything in one SQLite file: a single writer,
// readers beside it, each commit on the disk before it is acknowledged. It holds
// SQL and no decisions. To change the shape, add a file to store/migrations.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	// The driver registers itself as "sqlite".
	_ "modernc.org/sqlite"

	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/turns"
)

// readers is how many snapshots may be open at once; more wait their turn.
const readers = 8

// Store is an open database. Safe for concurrent use. A transaction must not be
// opened inside another one's function: the inner would wait for the outer.
type Store struct {
	db     *sql.DB // owns the connections
	write  *session
	idle   chan *session // readers; nil in memory, where there is one connection
	turns  turns.Queue
	group  *group // the commit being gathered; guarded by the turn
	closed chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open opens or makes the database at path and brings its shape up to date. It
// returns store.ErrNewer when a newer holdfast has written it.
func Open(ctx context.Context, path string) (*Store, error) {
	return OpenAs(ctx, path, migrations.Newest)
}

// OpenAs is Open under a policy for shapes of an older holdfast.
func OpenAs(ctx context.Context, path string, policy migrations.Policy) (*Store, error) {
	s, err := open(ctx, fileDSN(path), readers, policy)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return s, nil
}

// OpenMemory makes an empty database that is gone when it is closed. It has one
// connection, so that reads wait for writes too.
func OpenMemory(ctx context.Context) (*Store, error) {
	s, err := open(ctx, "file::memory:?_pragma=foreign_keys(1)&_pragma=temp_store(memory)", 0, migrations.Newest)
	if err != nil {
		return nil, fmt.Errorf("make database in memory: %w", err)
	}
	return s, nil
}

// fileDSN asks for what decision 21 wants of every connection. Begin is
// immediate for the writer because session says so itself.
func fileDSN(path string) string {
	pragmas := []string{
		"busy_timeout(10000)", // first: the others may have to wait for another process
		"journal_mode(wal)",
		"synchronous(full)",
		"foreign_keys(1)",
		"secure_delete(1)", // what is removed is overwritten
		"temp_store(memory)",
		"cache_size(-16384)", // KiB
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?_txlock=immediate&_pragma=" + strings.Join(pragmas, "&_pragma=")
}

func open(ctx context.Context, dsn string, readers int, policy migrations.Policy) (*Store, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db, closed: make(chan struct{})}
	if err := s.connect(ctx, readers, policy); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Store) connect(ctx context.Context, readers int, policy migrations.Policy) error {
	var err error
	if s.write, err = newSession(ctx, s.db, false); err != nil {
		return err
	}
	if err := shape(ctx, s.write.conn, policy); err != nil {
		return err
	}
	if readers == 0 {
		return nil
	}
	s.idle = make(chan *session, readers)
	for range readers {
		r, err := newSession(ctx, s.db, true)
		if err != nil {
			return err
		}
		s.idle <- r
	}
	return nil
}

// errClosed answers everything after Close.
var errClosed = errors.New("the database is closed")

// Close waits for the transactions under way and closes the file. Later calls of
// Update and View fail; a second Close does nothing.
func (s *Store) Close() error {
	if err := s.turns.Take(s.write.forever); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	select {
	case <-s.closed:
		return nil
	default:
	}
	close(s.closed)
	errs := []error{s.flush(), s.write.close()}
	for range cap(s.idle) {
		errs = append(errs, (<-s.idle).close())
	}
	if err := errors.Join(append(errs, s.db.Close())...); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
