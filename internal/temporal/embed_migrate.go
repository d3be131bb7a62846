//go:build !noembed

package temporal

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	"holdfast"
)

// oldestMigrated is the oldest server whose files were migrated in a trial
// (1.29.1 to 1.32.1). Temporal itself promises one minor version at a time.
const oldestMigrated = "1.29"

// migrateFile copies file's rows into a fresh file of the linked schema and swaps
// them; the old one stays beside it as temporal.db.<version>.bak. Nothing is
// changed in place, so that a crash or an error leaves the old file whole.
func migrateFile(ctx context.Context, file string, was fileMark) error {
	if minorOf(was.Server) < minorOf(oldestMigrated) {
		e := holdfast.Errorf(holdfast.Conflict, "%s was written by Temporal server %s; the oldest that can be migrated is %s", file, was.Server, oldestMigrated)
		e.Hint = "upgrade through a holdfast release in between"
		return e
	}
	fresh := file + ".new"
	if err := buildFile(ctx, fresh); err != nil {
		return err
	}
	if err := copyRows(ctx, file, fresh); err != nil {
		return fmt.Errorf("migrate temporal.db from server %s: %w", was.Server, err)
	}
	if err := os.Link(file, file+"."+was.Server+".bak"); err != nil && !os.IsExist(err) {
		return fmt.Errorf("keep the old temporal.db: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("put the migrated temporal.db in place: %w", err)
	}
	return nil
}

// copyRows fills fresh, in one transaction, with every row of old: of each table
// that both have, the columns that both have. Full-text tables follow by trigger.
func copyRows(ctx context.Context, old, fresh string) error {
	if err := checkpoint(ctx, old); err != nil {
		return err
	}
	db, err := openSQL(fresh)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the close at the end counts
	if _, err := db.ExecContext(ctx, `ATTACH DATABASE ? AS old`, old); err != nil {
		return fmt.Errorf("open the old file: %w", err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	// A virtual table's shadow tables are named after it.
	tables, err := column(ctx, tx, `SELECT m.name FROM main.sqlite_master m JOIN old.sqlite_master o USING (type, name)
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND NOT EXISTS (
			SELECT 1 FROM main.sqlite_master v WHERE v.sql LIKE 'CREATE VIRTUAL%'
			AND (m.name = v.name OR m.name LIKE v.name || '\_%' ESCAPE '\'))`)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := copyTable(ctx, tx, t); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return db.Close()
}

func copyTable(ctx context.Context, tx *sql.Tx, table string) error {
	// hidden is 0 for plain columns: a generated one cannot be written.
	cols, err := column(ctx, tx, `SELECT '"' || n.name || '"' FROM pragma_table_xinfo(?, 'main') n
		JOIN pragma_table_xinfo(?, 'old') o ON o.name = n.name AND o.hidden = 0 WHERE n.hidden = 0`, table, table)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM main."`+table+`"`); err != nil { // the rows a new schema begins with
		return fmt.Errorf("clear table %s: %w", table, err)
	}
	list := strings.Join(cols, ", ")
	if _, err := tx.ExecContext(ctx, `INSERT INTO main."`+table+`" (`+list+`) SELECT `+list+` FROM old."`+table+`"`); err != nil {
		return fmt.Errorf("copy table %s: %w", table, err)
	}
	return nil
}

// checkpoint moves the old file's write-ahead log into it, since the backup is
// the main file alone.
func checkpoint(ctx context.Context, file string) error {
	db, err := openSQL(file)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the close at the end counts
	if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("fold the write-ahead log: %w", err)
	}
	return db.Close()
}
