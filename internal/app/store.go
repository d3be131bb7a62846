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
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
	"holdfast/internal/transfer"
)

// storeFile is our database in the data directory; Temporal's lies beside it.
const storeFile = "holdfast.db"

// openStore opens the directory's file, or the database that the environment
// names. A directory keeps to the one it began with: to begin again in an empty
// one would send again what was sent. A compressed run's file is always its own.
func (a *App) openStore(ctx context.Context) (store.Store, error) {
	there, err := exists(a.dir.Path(), filepath.Join(a.dir.Path(), storeFile))
	if err != nil {
		return nil, err
	}
	if !there && a.cfg.Env.DatabaseURL == "" && a.dir.Store() != temporal.StorePostgres {
		return openFile(ctx, a.dir.Path(), a.dir.Clock(), a.cfg.Env) // a new one
	}
	s, err := storeOf(ctx, a.dir.Path(), a.dir.Clock(), a.dir.Store(), a.cfg.Env)
	if _, away := s.(*postgres.Store); !away || err != nil {
		return s, err
	}
	if err := a.dir.FixStore(temporal.StorePostgres); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// storeOf opens the store that is there: the file of a directory, or the database.
func storeOf(ctx context.Context, dir, clock, kept string, env config.Environment) (store.Store, error) {
	inFile, err := placeOf(dir, clock, kept, env)
	switch {
	case err != nil:
		return nil, err
	case inFile:
		return openFile(ctx, dir, clock, env)
	}
	return openPostgres(ctx, env)
}

// placeOf says where the rows of a data directory are: in a file of it, or in the
// database. A file that was moved to a database is passed over where that is named.
func placeOf(dir, clock, kept string, env config.Environment) (inFile bool, err error) {
	there, err := exists(dir, filepath.Join(dir, storeFile))
	switch {
	case err != nil:
		return false, err
	case there && (env.DatabaseURL == "" || clock == temporal.ClockVirtual):
		return true, nil
	case there && kept != temporal.StorePostgres:
		return false, hasFile(dir)
	case env.DatabaseURL != "":
		return false, nil
	case kept == temporal.StorePostgres:
		return false, needsDatabase(dir)
	}
	return false, noData(dir, nameDir)
}

// openFile opens a directory's file, or makes it. That of a compressed run is always
// brought up to date: nobody looks after it.
func openFile(ctx context.Context, dir, clock string, env config.Environment) (store.Store, error) {
	policy, err := migrating(env)
	if err != nil {
		return nil, err
	}
	if clock == temporal.ClockVirtual {
		policy = migrations.Newest
	}
	s, err := sqlite.OpenAs(ctx, filepath.Join(dir, storeFile), policy)
	if err != nil {
		return nil, err
	}
	return admitted(ctx, s)
}

func openPostgres(ctx context.Context, env config.Environment) (store.Store, error) {
	policy, err := migrating(env)
	if err != nil {
		return nil, err
	}
	s, err := postgres.OpenAs(ctx, env.DatabaseURL, policy)
	if err != nil {
		return nil, err
	}
	return admitted(ctx, s)
}

// admitted closes a store that was moved away, or is not whole yet.
func admitted(ctx context.Context, s store.Store) (store.Store, error) {
	if err := s.View(ctx, transfer.Admit); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// migrating is what HOLDFAST_MIGRATE says.
func migrating(env config.Environment) (migrations.Policy, error) {
	switch env.Migrate {
	case "", "on":
		return migrations.Newest, nil
	case "off":
		return migrations.Refuse, nil
	}
	return 0, holdfast.Errorf(holdfast.Invalid, "HOLDFAST_MIGRATE is %q; expected on or off", env.Migrate)
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

// exists reports whether file is there; where there is no directory, it is not.
func exists(dir, file string) (bool, error) {
	if dir == "" {
		return false, nil
	}
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
