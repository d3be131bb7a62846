package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/store/migrations"
)

// SetPatience changes how long the database may be away.
func (s *Store) SetPatience(d time.Duration) { s.away.patience = d }

// OpenTraced is Open with each statement of the writer told.
func OpenTraced(ctx context.Context, address string, told func(query string, args []any)) (*Store, error) {
	pool, err := poolConfig(address)
	if err != nil {
		return nil, err
	}
	pool.ConnConfig.Tracer = tracer(told)
	return connected(ctx, pool, migrations.Newest)
}

type tracer func(query string, args []any)

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t(data.SQL, data.Args)
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (t tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t(data.SQL, data.Args)
}

func (tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
