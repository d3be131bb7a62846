package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store"
)

// Inspect reads the shape of the database at an address, and what time it is
// there. It changes nothing. The errors are those of Open.
func Inspect(ctx context.Context, address string) (s store.Shape, err error) {
	all, err := steps()
	if err != nil {
		return s, err
	}
	s.Known = len(all)
	pool, err := poolConfig(address)
	if err != nil {
		return s, err
	}
	where := fmt.Sprintf("database %s at %s", pool.ConnConfig.Database, pool.ConnConfig.Host)
	conn, err := pgx.ConnectConfig(ctx, pool.ConnConfig)
	if err != nil {
		return s, unopened(where, err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it was only read
	if err := suits(ctx, conn); err != nil {
		return s, fmt.Errorf("look at %s: %w", where, err)
	}
	if s.Version, err = schemaVersion(ctx, conn); err != nil {
		return s, fmt.Errorf("look at %s: %w", where, err)
	}
	if s.Version == 0 {
		if err := vacant(ctx, conn); err != nil {
			return s, fmt.Errorf("look at %s: %w", where, err)
		}
	}
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&s.Now); err != nil {
		return s, fmt.Errorf("ask %s for the time: %w", where, err)
	}
	s.Now = s.Now.UTC()
	return s, nil
}
