package app

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"

	"go.temporal.io/sdk/client"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/telemetry"
	"holdfast/internal/temporal"
)

// Examine is Beside with the channels that the project names, to see whether they
// can be opened. Nothing is sent, and the errors are those that a server would end
// with. Where there is no store yet, it works over an empty one that is not kept.
func Examine(ctx context.Context, cfg Config) (*App, error) {
	cfg.Offline = false
	st, err := storeBeside(ctx, cfg.Dir, cfg.Env)
	if holdfast.CodeOf(err) == holdfast.NotFound {
		st, err = sqlite.OpenMemory(ctx)
	}
	if err != nil {
		return nil, err
	}
	return besideOver(ctx, cfg, st)
}

// Unusable are the settings of an environment that a server would end with, whatever
// is in its store: one error for each.
func Unusable(env config.Environment) (all []error) {
	_, migrate := migrating(env)
	_, keys := linkKeysOf(env)
	_, concurrency := tuningOf(config.Worker{Concurrency: env.Worker.Concurrency})
	_, rate := tuningOf(config.Worker{Rate: env.Worker.Rate})
	for _, err := range []error{migrate, keys, concurrency, rate, telemetry.CheckEndpoint(env.TraceEndpoint)} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
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

// MissingKeys are the ids of payload keys with which something that runs may be
// encrypted, and that the environment lacks. The errors are those of a server that
// starts with such keys.
func MissingKeys(ctx context.Context, st store.Store, env config.Environment) ([]string, error) {
	keys, err := temporal.ParsePayloadKeys(env.PayloadKeys)
	if err != nil {
		return nil, err
	}
	missing, err := missingKeys(ctx, st, keys)
	return slices.Sorted(maps.Keys(missing)), err
}

// NoneNeeds reads the histories of all that runs, through a client without keys. Its
// error is that of a server that starts without keys of these ids, of which one is
// needed.
func NoneNeeds(ctx context.Context, st store.Store, raw client.Client, ids []string) error {
	missing := map[string]bool{}
	for _, id := range ids {
		missing[id] = true
	}
	return noneNeeds(ctx, st, raw, missing)
}

// Cluster is the Temporal cluster that the environment names.
func Cluster(env config.Environment, log *slog.Logger) (temporal.ClientOptions, error) {
	return cluster(env.Temporal, log)
}
