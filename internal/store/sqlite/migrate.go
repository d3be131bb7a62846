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

// migrate brings the shape up to date: each step in a transaction of its own,
// which reads the version again because another process may be migrating too.
func migrate(ctx context.Context, conn *sql.Conn) error {
	steps, err := migrations.All()
	if err != nil {
		return err
	}
	for {
		more, err := migrateOne(ctx, conn, steps)
		if err != nil || !more {
			return err
		}
	}
}

func migrateOne(ctx context.Context, conn *sql.Conn, steps []migrations.Migration) (more bool, err error) {
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
		return false, fmt.Errorf("%w: its schema is version %d and this holdfast knows %d; start the newer holdfast, or restore the backup made before it", store.ErrNewer, version, len(steps))
	}
	if version < len(steps) {
		step := steps[version]
		mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", appID, step.Version)
		if _, err := conn.ExecContext(ctx, step.SQL+";\n"+mark); err != nil {
			return false, fmt.Errorf("migrate to %s: %w", step.Name, err)
		}
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	return version+1 < len(steps), nil
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
