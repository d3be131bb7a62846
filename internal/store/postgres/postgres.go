// Package postgres remembers everything in a PostgreSQL database, version 13 or
// later: for a database that is looked after by others, and for several processes
// over one. It holds SQL and no decisions. To change the shape, add a file to
// migrations here and one of the same number to store/migrations.
//
// # Transactions
//
// A process has one writer, in its turn (package turns), as the databases with one
// file have: its own updates never meet, so that they run once and in the order in
// which they came. Other processes write beside it: every update is SERIALIZABLE,
// and one that lost against another process (40001, 40P01) is run again, the third
// time alone. One that begins by reading much, as a batch of messages does, comes
// alone at once: it would be in conflict with all who write. Row locks in an order
// that all callers keep would do with READ COMMITTED, but each new query would have to
// be proven not to need one.
//
// # Writes
//
// Rows that nobody asks about wait, and go together (see later). The events of a batch
// are foreseen: the database, which would have nothing to do while the batch is decided
// on, writes them meanwhile (see ahead, and ADR 0014).
//
// # A database that goes away
//
// What was begun and not committed is run again on a new connection, for up to
// half a minute. A commit whose answer was lost is looked up (see fence), so that
// it is neither reported as failed though it was kept, nor made twice. Only when the
// database stays away is the caller told that it may be either: callers' writes
// have keys, and may be made again.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/turns"
)

// readers is how many snapshots may be open at once; more wait their turn. With
// the writer's, a process has at most one connection more.
const readers = 8

// connectTimeout bounds a try to connect when the address does not say
// connect_timeout.
const connectTimeout = 10 * time.Second

// Store is an open database. Safe for concurrent use. A transaction must not be
// opened inside another one's function: the inner would wait for the outer.
type Store struct {
	config *pgx.ConnConfig
	read   *pgxpool.Pool
	away   outage

	closed atomic.Bool

	turns   turns.Queue
	write   *pgx.Conn       // guarded by the turn, as all below
	holder  string          // this process in table writers
	forever context.Context //nolint:containedctx // never ends; for Close, which has none
	n       int64           // the last commit, in table writers
	shy     wary            // see foresee
	looks   wary            // see expecting
}

var _ store.Store = (*Store)(nil)

// Open connects to the database at an address as libpq takes it
// (postgres://user:password@host:port/database?sslmode=verify-full) and brings its
// shape up to date. It returns store.ErrNewer when a newer holdfast has written it.
// No error names the password.
func Open(ctx context.Context, address string) (*Store, error) {
	return OpenAs(ctx, address, migrations.Newest)
}

// OpenAs is Open under a policy for shapes of an older holdfast.
func OpenAs(ctx context.Context, address string, policy migrations.Policy) (*Store, error) {
	pool, err := poolConfig(address)
	if err != nil {
		return nil, err
	}
	return connected(ctx, pool, policy)
}

// Where names the database of an address so that another one has another name: with its
// host, its port and its schema where they are not the usual ones, and no secret.
func Where(address string) (string, error) {
	pool, err := poolConfig(address)
	if err != nil {
		return "", err
	}
	c := pool.ConnConfig
	where := place(c)
	if c.Port != usualPort {
		where += fmt.Sprintf(":%d", c.Port)
	}
	if path := c.RuntimeParams["search_path"]; path != "" {
		where += ", schema " + path
	}
	return where, nil
}

// usualPort is PostgreSQL's.
const usualPort = 5432

func place(c *pgx.ConnConfig) string { return fmt.Sprintf("database %s at %s", c.Database, c.Host) }

func connected(ctx context.Context, pool *pgxpool.Config, policy migrations.Policy) (_ *Store, err error) {
	s := &Store{forever: context.WithoutCancel(ctx), config: pool.ConnConfig, holder: rand.Text(), away: outage{patience: patience}}
	where := place(s.config)
	if s.write, err = dial(ctx, s.config); err != nil {
		return nil, unopened(where, err)
	}
	if err := shape(ctx, s.write, policy); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", where, err), s.write.Close(context.WithoutCancel(ctx)))
	}
	if s.read, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), pool); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", where, err), s.write.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func poolConfig(address string) (*pgxpool.Config, error) {
	pool, err := pgxpool.ParseConfig(address)
	if err != nil {
		e := holdfast.Errorf(holdfast.Invalid, "the database's address is not one: %v", err) // pgx leaves the password out
		e.Hint = "write postgres://user:password@host:5432/database"
		return nil, e
	}
	pool.MaxConns = readers
	c := pool.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	// A host that is gone is noticed within half a minute, not when TCP gives up.
	dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}}
	c.DialFunc = dialer.DialContext
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "holdfast"
	}
	return pool, nil
}

// errClosed answers everything after Close.
var errClosed = errors.New("the database is closed")

// Close waits for the transactions under way and closes the connections. Later
// calls of Update and View fail; a second Close does nothing.
func (s *Store) Close() error {
	if err := s.turns.Take(s.forever); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	if s.closed.Swap(true) {
		return nil
	}
	s.read.Close()
	if s.write == nil || s.write.IsClosed() {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.forever, connectTimeout)
	defer cancel()
	if s.n > 0 {
		// A row that stays is no harm: it is one process's, and never read again.
		_, _ = s.write.Exec(ctx, "DELETE FROM writers WHERE holder = $1", s.holder)
	}
	if err := s.write.Close(ctx); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}
