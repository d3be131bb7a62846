//go:build !noembed

package temporal

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives/timestamp"
	"go.temporal.io/server/schema"
	"go.temporal.io/server/schema/sqlite"

	"holdfast"
)

// fileMark is temporal.json: which server wrote temporal.db. The file itself
// does not say, and the server does not ask.
type fileMark struct {
	Server string `json:"server"`
	Schema string `json:"schema_sha256"`
}

// openFile makes file ready for the linked server: new, the same, or migrated.
func openFile(ctx context.Context, file string) error {
	linked, err := linkedMark()
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return createFile(ctx, file, linked)
	}
	var was fileMark
	err = readJSON(markOf(file), &was)
	if errors.Is(err, fs.ErrNotExist) {
		e := holdfast.Errorf(holdfast.Conflict, "%s has no temporal.json beside it, so the server version that wrote it is unknown", file)
		e.Hint = "restore both files from the same backup"
		return e
	}
	if err != nil {
		return err
	}
	return bringUp(ctx, file, was, linked)
}

// bringUp takes a file that was's server wrote to the linked one. Patches of one
// minor version read each other's files; an older minor never reads a newer one's.
func bringUp(ctx context.Context, file string, was, linked fileMark) error {
	if was == linked {
		return nil
	}
	if minorOf(was.Server) > minorOf(linked.Server) {
		e := holdfast.Errorf(holdfast.Conflict, "%s was written by Temporal server %s, and this holdfast has %s", file, was.Server, linked.Server)
		e.Hint = "upgrade holdfast; Temporal does not read newer files"
		return e
	}
	if was.Schema != linked.Schema {
		if err := migrateFile(ctx, file, was); err != nil {
			return err
		}
	}
	return writeJSON(markOf(file), linked)
}

func markOf(file string) string { return strings.TrimSuffix(file, ".db") + ".json" }

// minorOf is major*1000+minor of "1.32.1".
func minorOf(version string) int {
	var major, minor int
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor) // an unreadable version counts as 0, the oldest
	return major*1000 + minor
}

func linkedMark() (fileMark, error) {
	sum := sha256.New()
	for _, f := range []string{"sqlite/v3/temporal/schema.sql", "sqlite/v3/visibility/schema.sql"} {
		b, err := fs.ReadFile(schema.Assets(), f)
		if err != nil {
			return fileMark{}, fmt.Errorf("read the linked server's schema: %w", err)
		}
		sum.Write(b)
	}
	return fileMark{Server: headers.ServerVersion, Schema: hex.EncodeToString(sum.Sum(nil))}, nil
}

// createFile builds the schema aside and moves it into place, mark first: a file
// that is there is whole, and always has its mark.
func createFile(ctx context.Context, file string, linked fileMark) error {
	tmp := file + ".new"
	if err := buildFile(ctx, tmp); err != nil {
		return err
	}
	if err := writeJSON(markOf(file), linked); err != nil {
		return err
	}
	if err := os.Rename(tmp, file); err != nil {
		return fmt.Errorf("put temporal.db in place: %w", err)
	}
	return nil
}

// buildFile makes an empty database of the linked schema at path, replacing what
// an interrupted start left there.
func buildFile(ctx context.Context, path string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("clear %s: %w", filepath.Base(path), err)
	}
	db, err := openSQL(path)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // the close at the end counts
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("make temporal.db: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := sqlite.SetupSchemaOnDB(schemaTx{tx: tx}); err != nil {
		return fmt.Errorf("make temporal.db: %w", err)
	}
	if err := dropIndexes(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("make temporal.db: %w", err)
	}
	return db.Close()
}

// openSQL opens path on one connection of our own, outside the server's pool
// (which never closes a file).
func openSQL(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=rwc&_pragma=busy_timeout=10000&_pragma=synchronous=2")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// schemaTx is all that SetupSchemaOnDB uses of an admin database.
type schemaTx struct {
	sqlplugin.AdminDB
	tx *sql.Tx
}

// Exec runs one statement of the schema.
func (s schemaTx) Exec(stmt string, args ...any) error {
	_, err := s.tx.Exec(stmt, args...) //nolint:noctx // the interface has none
	return err
}

// keptIndexes of the visibility table are those that the server and our own
// look-ups use. The other fifty are four fifths of the file and a quarter of the
// processor time; a query on one of their columns still works, by scanning.
var keptIndexes = []string{
	"default_idx", "by_workflow_id", "by_workflow_type", "by_status",
	"by_temporal_namespace_division", "by_keyword_01", "by_keyword_02", "by_int_01",
}

func dropIndexes(ctx context.Context, tx *sql.Tx) error {
	names, err := column(ctx, tx, `SELECT name FROM sqlite_master
		WHERE type = 'index' AND tbl_name = 'executions_visibility' AND sql IS NOT NULL
		AND name NOT IN ('`+strings.Join(keptIndexes, "','")+`')`)
	if err != nil {
		return err
	}
	for _, n := range names {
		if _, err := tx.ExecContext(ctx, `DROP INDEX "`+n+`"`); err != nil {
			return fmt.Errorf("drop index %s: %w", n, err)
		}
	}
	return nil
}

func column(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read temporal.db: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, fmt.Errorf("read temporal.db: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// makeNamespace adds the namespace when it is not there.
func makeNamespace(conf *config.SQL, o Options) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, o.Namespace, false, nil)
	if err != nil {
		return fmt.Errorf("make namespace %s: %w", o.Namespace, err)
	}
	ns.Detail.Config.Retention = timestamp.DurationFromSeconds(int64(o.Retention.Seconds()))
	if err := sqlite.CreateNamespaces(conf, ns); err != nil {
		return fmt.Errorf("make namespace %s: %w", o.Namespace, err)
	}
	return nil
}
