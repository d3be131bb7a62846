package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"

	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
)

// Inspect reads the shape of the database at path, which must be there, beside
// whoever has it open. It changes nothing.
func Inspect(ctx context.Context, path string) (s store.Shape, err error) {
	steps, err := migrations.All()
	if err != nil {
		return s, err
	}
	s.Known = len(steps)
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return s, fmt.Errorf("look at database %s: %w", path, err)
	}
	defer db.Close() //nolint:errcheck // it was only read
	conn, err := db.Conn(ctx)
	if err != nil {
		return s, fmt.Errorf("look at database %s: %w", path, err)
	}
	defer conn.Close() //nolint:errcheck // it was only read
	if s.Version, err = schemaVersion(ctx, conn); err != nil {
		return s, fmt.Errorf("look at database %s: %w", path, err)
	}
	return s, nil
}
