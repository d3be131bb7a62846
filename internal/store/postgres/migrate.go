package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
)

//go:embed migrations/*.sql
var files embed.FS

// lockKey is the advisory lock under which the shape is changed ("Hold" in ASCII).
const lockKey = 0x486f6c64

// oldest is the oldest PostgreSQL that still gets fixes; we test with 15.
const oldest = 130000

// readCommitted sees what was committed while it waited, whatever the database's default.
var readCommitted = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// steps are the migrations, in order.
func steps() ([]migrations.Migration, error) {
	dir, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	return migrations.Read(dir)
}

// Schema is the version of the database's shape, 0 for an empty one, and the
// newest that there is.
func (s *Store) Schema(ctx context.Context) (version, newest int, err error) {
	err = s.alone(ctx, func(all []migrations.Migration) (err error) {
		newest = len(all)
		version, err = schemaVersion(ctx, s.write)
		return err
	})
	return version, newest, err
}

// Migrate brings the shape forward to a version, all missing steps in one
// transaction. One that is there already is left alone.
func (s *Store) Migrate(ctx context.Context, to int) error {
	return s.alone(ctx, func(all []migrations.Migration) error { return migrate(ctx, s.write, all, to) })
}

// alone gives fn the writer's connection, in its turn, and the migrations there are.
func (s *Store) alone(ctx context.Context, fn func([]migrations.Migration) error) error {
	all, err := steps()
	if err != nil {
		return err
	}
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	if err := s.connect(ctx); err != nil {
		return err
	}
	return fn(all)
}

// shape makes the database's shape such as the policy wants it.
func shape(ctx context.Context, conn *pgx.Conn, policy migrations.Policy) error {
	all, err := steps()
	if err != nil {
		return err
	}
	if err := suits(ctx, conn); err != nil {
		return err
	}
	version, err := schemaVersion(ctx, conn)
	if err != nil || version == len(all) {
		return err // the usual start takes no lock
	}
	if policy == migrations.Newest {
		return migrate(ctx, conn, all, len(all))
	}
	if version > len(all) {
		return newer(version, len(all))
	}
	if version == 0 {
		if err := vacant(ctx, conn); err != nil {
			return err
		}
	}
	return policy.Check(version, len(all))
}

func newer(version, known int) error {
	return fmt.Errorf("%w: its schema is version %d and this holdfast knows %d; start the newer holdfast, or restore the backup made before it", store.ErrNewer, version, known)
}

// migrate brings the shape forward. Of processes that start together one does it
// while the others wait.
func migrate(ctx context.Context, conn *pgx.Conn, all []migrations.Migration, to int) error {
	return pgx.BeginTxFunc(ctx, conn, readCommitted, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", lockKey); err != nil {
			return fmt.Errorf("wait for another process: %w", err)
		}
		return forward(ctx, conn, all, to)
	})
}

// forward runs what is missing, inside a transaction.
func forward(ctx context.Context, conn *pgx.Conn, all []migrations.Migration, to int) error {
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return err
	}
	if version > len(all) {
		return newer(version, len(all))
	}
	if version >= to {
		return nil
	}
	if version == 0 {
		if err := vacant(ctx, conn); err != nil {
			return err
		}
		if err := run(ctx, conn, "CREATE TABLE holdfast_schema (version bigint NOT NULL); INSERT INTO holdfast_schema VALUES (0)"); err != nil {
			return mayNot(err)
		}
	}
	for _, step := range all[version:to] {
		if err := run(ctx, conn, step.SQL); err != nil {
			return fmt.Errorf("migrate to %s: %w", step.Name, mayNot(err))
		}
	}
	return run(ctx, conn, fmt.Sprintf("UPDATE holdfast_schema SET version = %d", to))
}

// suits checks what cannot be changed later: the server's version, the encoding,
// and that there is a schema to work in.
func suits(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding string
	var schema *string
	err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), current_schema()::text").
		Scan(&version, &encoding, &schema)
	switch {
	case err != nil:
		return fmt.Errorf("ask the server what it is: %w", err)
	case version < oldest:
		return holdfast.Errorf(holdfast.Invalid, "the server is PostgreSQL %d; 13 is the oldest that is supported", version/10000)
	case encoding != "UTF8":
		e := holdfast.Errorf(holdfast.Invalid, "the database's encoding is %s, not UTF8", encoding)
		e.Hint = "CREATE DATABASE holdfast ENCODING 'UTF8' TEMPLATE template0"
		return e
	case schema == nil:
		e := holdfast.Errorf(holdfast.Invalid, "none of the schemas in search_path is there")
		e.Hint = "CREATE SCHEMA it first"
		return e
	}
	return nil
}

// schemaVersion is 0 before the first migration. It asks the catalogue itself:
// to_regclass may answer from what this connection saw before it waited for the lock.
func schemaVersion(ctx context.Context, conn *pgx.Conn) (version int, err error) {
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relname = 'holdfast_schema')`).Scan(&there); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	if !there {
		return 0, nil
	}
	if err := conn.QueryRow(ctx, "SELECT version FROM holdfast_schema").Scan(&version); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

// vacant refuses a schema with tables of another program; those of extensions
// do not count.
func vacant(ctx context.Context, conn *pgx.Conn) error {
	var schema, table string
	err := conn.QueryRow(ctx, `SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
		AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
		ORDER BY 2 LIMIT 1`).Scan(&schema, &table)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for other tables: %w", err)
	}
	e := holdfast.Errorf(holdfast.Conflict, "schema %s has table %s of another program", schema, table)
	e.Hint = "make a database for holdfast alone, or a schema, and name it with ?search_path="
	return e
}

// mayNot explains a role that may not make tables, as is usual from PostgreSQL 15 on.
func mayNot(err error) error {
	if code(err) != insufficientRights {
		return err
	}
	e := holdfast.Errorf(holdfast.Invalid, "the role may not make tables: %v", err)
	e.Hint = "make it the database's owner, or GRANT CREATE ON SCHEMA"
	return e
}
