package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
)

// appID marks our files ("Hold" in ASCII), so that no other program's database
// is changed by mistake.
const appID = 0x486f6c64

// Schema is the version of the database's shape, 0 for an empty one, and the
// newest that there is.
func (s *Store) Schema(ctx context.Context) (version, newest int, err error) {
	steps, err := migrations.All()
	if err != nil {
		return 0, 0, err
	}
	if err := s.turns.Take(ctx); err != nil {
		return 0, 0, err
	}
	defer s.turns.Pass(false)
	if err := s.flush(); err != nil {
		return 0, 0, err
	}
	version, err = schemaVersion(ctx, s.write.conn)
	return version, len(steps), err
}

// Migrate brings the shape forward to a version, each step in a transaction of its
// own. One that is there already is left alone.
func (s *Store) Migrate(ctx context.Context, to int) error {
	if err := s.turns.Take(ctx); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	if err := s.flush(); err != nil {
		return err
	}
	return migrate(ctx, s.write.conn, to)
}

// shape makes the database's shape such as the policy wants it.
func shape(ctx context.Context, conn *sql.Conn, policy migrations.Policy) error {
	steps, err := migrations.All()
	if err != nil {
		return err
	}
	if policy == migrations.Newest {
		return migrate(ctx, conn, len(steps))
	}
	version, err := schemaVersion(ctx, conn)
	switch {
	case err != nil:
		return err
	case version > len(steps):
		return newer(version, len(steps))
	}
	return policy.Check(version, len(steps))
}

func newer(version, known int) error {
	return fmt.Errorf("%w: its schema is version %d and this holdfast knows %d; start the newer holdfast, or restore the backup made before it", store.ErrNewer, version, known)
}

// migrate brings the shape forward: each step in a transaction of its own, which
// reads the version again because another process may be migrating too.
func migrate(ctx context.Context, conn *sql.Conn, to int) error {
	steps, err := migrations.All()
	if err != nil {
		return err
	}
	for {
		more, err := migrateOne(ctx, conn, steps, to)
		if err != nil || !more {
			return err
		}
	}
}

func migrateOne(ctx context.Context, conn *sql.Conn, steps []migrations.Migration, to int) (more bool, err error) {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if err != nil {
			_, undo := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, undo)
		}
	}()
	version, err := schemaVersion(ctx, conn)
	if err != nil {
		return false, err
	}
	if version > len(steps) {
		return false, newer(version, len(steps))
	}
	if version < to {
		step := steps[version]
		mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", appID, step.Version)
		if _, err := conn.ExecContext(ctx, step.SQL+";\n"+mark); err != nil {
			return false, fmt.Errorf("migrate to %s: %w", step.Name, err)
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	return version+1 < to, nil
}

// schemaVersion is 0 for an empty file and an error for somebody else's.
func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var version, app, tables int
	err := conn.QueryRowContext(ctx, `SELECT v.user_version, a.application_id, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_user_version v, pragma_application_id a`).Scan(&version, &app, &tables)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	if tables > 0 && app != appID {
		return 0, errors.New("the file is a database of another program")
	}
	return version, nil
}
