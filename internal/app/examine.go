package app

import (
	"context"
	"log/slog"
	"path/filepath"

	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
)

// Examine is Beside with the channels that the project names, to see whether they
// can be opened. Nothing is sent, and the errors are those that a server would end
// with.
func Examine(ctx context.Context, cfg Config) (*App, error) {
	cfg.Offline = false
	return beside(ctx, cfg)
}

// OpenStoreIn is OpenStore under another environment than the process's.
func OpenStoreIn(ctx context.Context, dir string, env config.Environment) (store.Store, error) {
	return storeBeside(ctx, dir, env)
}

// Shape reads how far the tables of a data directory are, without changing any,
// and whether they are in a file of it. The error has code not_found where
// there is no data yet.
func Shape(ctx context.Context, dir string, env config.Environment) (s store.Shape, inFile bool, err error) {
	clock, kept, err := temporal.Peek(dir)
	if err != nil {
		return s, false, err
	}
	if inFile, err = placeOf(dir, clock, kept, env); err != nil {
		return s, false, err
	}
	if inFile {
		s, err = sqlite.Inspect(ctx, filepath.Join(dir, storeFile))
		return s, true, err
	}
	s, err = postgres.Inspect(ctx, env.DatabaseURL)
	return s, false, err
}

// Cluster is the Temporal cluster that the environment names.
func Cluster(env config.Environment, log *slog.Logger) (temporal.ClientOptions, error) {
	return cluster(env.Temporal, log)
}
