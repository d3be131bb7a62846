package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
)

// storeFile is our database in the data directory; Temporal's lies beside it.
const storeFile = "holdfast.db"

// openStore opens the directory's file, or the database that the environment
// names. A directory keeps to the one it began with: to begin again in an empty
// one would send again what was sent. A compressed run's file is always its own.
func (a *App) openStore(ctx context.Context) (store.Store, error) {
	file := filepath.Join(a.dir.Path(), storeFile)
	url := a.cfg.Env.DatabaseURL
	there, err := exists(file)
	switch {
	case err != nil:
		return nil, err
	case there && url != "" && a.dir.Clock() != temporal.ClockVirtual:
		return nil, hasFile(a.dir.Path())
	case !there && url == "" && a.dir.Store() == temporal.StorePostgres:
		return nil, needsDatabase(a.dir.Path())
	case there || url == "":
		return sqlite.Open(ctx, file)
	}
	s, err := postgres.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := a.dir.FixStore(temporal.StorePostgres); err != nil {
		return nil, errors.Join(err, s.Close()) //nolint:contextcheck // it takes none
	}
	return s, nil
}

// OpenStore opens a data directory's store beside a running process, for
// commands that read or leave a row. The environment's database is that of every
// directory but those that have a file of their own.
func OpenStore(ctx context.Context, dir string) (store.Store, error) {
	return storeBeside(ctx, dir, config.FromEnvironment().DatabaseURL)
}

func storeBeside(ctx context.Context, dir, url string) (store.Store, error) {
	file, url, err := placeOf(dir, url)
	switch {
	case err != nil:
		return nil, err
	case file != "":
		return sqlite.Open(ctx, file)
	}
	return postgres.Open(ctx, url)
}

// placeOf a data directory's rows: a file, or else the address of a database.
func placeOf(dir, url string) (file, address string, err error) {
	file = filepath.Join(dir, storeFile)
	there, err := exists(file)
	if err != nil {
		return "", "", err
	}
	clock, kept, err := temporal.Peek(dir)
	switch {
	case err != nil:
		return "", "", err
	case there && url != "" && clock != temporal.ClockVirtual:
		return "", "", hasFile(dir)
	case there:
		return file, "", nil
	case url != "":
		return "", url, nil
	case kept == temporal.StorePostgres:
		return "", "", needsDatabase(dir)
	}
	e := holdfast.Errorf(holdfast.NotFound, "%s holds no data", dir)
	e.Hint = "name the data directory with --dir"
	return "", "", e
}

func hasFile(dir string) error {
	e := holdfast.Errorf(holdfast.Conflict, "data directory %s keeps its rows in %s, and HOLDFAST_DATABASE_URL names another place", dir, storeFile)
	e.Hint = "unset it, or use another data directory"
	return e
}

func needsDatabase(dir string) error {
	e := holdfast.Errorf(holdfast.Conflict, "data directory %s keeps its rows in PostgreSQL", dir)
	e.Hint = "set HOLDFAST_DATABASE_URL"
	return e
}

func exists(file string) (bool, error) {
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
