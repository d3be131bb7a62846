package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"holdfast"
	"holdfast/internal/config"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
	"holdfast/internal/transfer"
)

// Database is a store as it is, whatever its shape, for what migrates or copies it.
// Close it.
type Database struct {
	transfer.Database

	Where string // in words; no secret
	Clock string // production, virtual; "" where no process has run yet
	File  string // of a data directory, or "" for PostgreSQL

	dir  *temporal.Dir // held, or nil
	made bool          // the file was not there before
}

// Close closes the store and gives the directory back.
func (d *Database) Close() error {
	err := d.Database.Close()
	if d.dir != nil {
		err = errors.Join(err, d.dir.Close())
	}
	return err
}

// OpenDatabase opens the database that the environment names, else the file of a
// data directory. With hold no other process may use that directory, and it and its
// file are made where they are not there; without, they must be there. A database
// that does not answer is an error with code unavailable.
func OpenDatabase(ctx context.Context, dir string, env config.Environment, hold bool) (_ *Database, err error) {
	clock, kept, err := temporal.Peek(dir)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, storeFile)
	there, err := exists(dir, file)
	switch away := env.DatabaseURL != "" && clock != temporal.ClockVirtual; {
	case err != nil:
		return nil, err
	case away && there && kept != temporal.StorePostgres:
		return nil, hasFile(dir)
	case away:
		s, err := postgres.OpenAs(ctx, env.DatabaseURL, migrations.Keep)
		if err != nil {
			return nil, err
		}
		where, err := postgres.Where(env.DatabaseURL)
		return &Database{Database: s, Where: where, Clock: temporal.ClockProduction}, err
	case kept == temporal.StorePostgres:
		return nil, needsDatabase(dir)
	case !there && !hold:
		e := holdfast.Errorf(holdfast.NotFound, "%s holds no data", dir)
		e.Hint = "name the data directory with --dir, or a database with HOLDFAST_DATABASE_URL"
		return nil, e
	}
	d := &Database{Where: file, Clock: clock, File: file, made: !there}
	if hold {
		if d.dir, err = temporal.OpenDir(dir); err != nil {
			return nil, err
		}
	}
	if d.Database, err = sqlite.OpenAs(ctx, file, migrations.Keep); err != nil {
		if d.dir != nil {
			err = errors.Join(err, d.dir.Close())
		}
		return nil, err
	}
	return d, nil
}

// Restore fills the database that OpenDatabase names from an archive; see
// transfer.Restore. A file that was made for it is gone again after an error.
func Restore(ctx context.Context, dir string, env config.Environment, from io.Reader, o transfer.RestoreOptions) (_ *transfer.Restored, where string, err error) {
	if engine, err := exists(dir, filepath.Join(dir, "temporal.db")); err != nil {
		return nil, "", err
	} else if engine && env.DatabaseURL == "" {
		e := holdfast.Errorf(holdfast.Conflict, "data directory %s has an engine in which other enrollments run", dir)
		e.Hint = "restore into a directory that is not there yet"
		return nil, "", e
	}
	d, err := OpenDatabase(ctx, dir, env, true)
	if err != nil {
		return nil, "", err
	}
	o.Accept = d.accept
	done, err := transfer.Restore(ctx, d, from, o)
	err = errors.Join(err, d.Close())
	if err != nil && d.made {
		for _, tail := range []string{"", "-wal", "-shm"} {
			if gone := os.Remove(d.File + tail); gone != nil && !errors.Is(gone, os.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}
	return done, d.Where, err
}

// accept takes an archive of a clock that fits.
func (d *Database) accept(h transfer.Header) error {
	switch {
	case d.dir != nil:
		return d.dir.FixClock(h.Clock)
	case h.Clock == temporal.ClockVirtual:
		e := holdfast.Errorf(holdfast.Conflict, "the archive is of a compressed run, which never uses a database")
		e.Hint = "unset HOLDFAST_DATABASE_URL and restore it into a data directory"
		return e
	}
	return nil
}

// MoveOptions say what is moved, and where to: the database and the cluster of Env.
// Without a cluster the enrollments stay in the engine that they run in.
type MoveOptions struct {
	Dir  string
	Env  config.Environment
	Now  time.Time
	Told transfer.Progress
	Log  *slog.Logger
}

// Move takes a data directory's store to PostgreSQL, and its enrollments to another
// engine; see transfer.Move. No other process may use the directory.
func Move(ctx context.Context, o MoveOptions) (_ *transfer.Moved, err error) {
	m, err := openMove(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	to := transfer.MoveOptions{To: m.where, Now: o.Now, Plain: postgres.Plain, Told: o.Told}
	if o.Env.Temporal.Address != "" {
		if to.Engine, err = m.engine(ctx, o); err != nil {
			return nil, err
		}
		to.Temporal = o.Env.Temporal.Address
	}
	done, err := transfer.Move(ctx, m.from, m.to, to)
	if err != nil {
		return nil, err
	}
	return done, m.dir.FixStore(temporal.StorePostgres)
}

// CancelMove gives a move up that is not done; see transfer.Cancel.
func CancelMove(ctx context.Context, o MoveOptions) (err error) {
	m, err := openMove(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	return transfer.Cancel(ctx, m.from, m.to, m.where)
}

// mover is both ends of a move, open.
type mover struct {
	dir      *temporal.Dir
	from, to transfer.Database
	where    string
}

func openMove(ctx context.Context, o MoveOptions) (_ *mover, err error) {
	if o.Env.DatabaseURL == "" {
		e := holdfast.Errorf(holdfast.Invalid, "it is not said where to")
		e.Hint = "give --to-database postgres://…, or set HOLDFAST_DATABASE_URL"
		return nil, e
	}
	m := &mover{}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.where, err = postgres.Where(o.Env.DatabaseURL); err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, storeFile)
	if there, err := exists(o.Dir, file); err != nil {
		return nil, err
	} else if !there {
		e := holdfast.Errorf(holdfast.NotFound, "%s holds no data that could be moved", o.Dir)
		e.Hint = "name the data directory with --dir"
		return nil, e
	}
	if m.dir, err = temporal.OpenDir(o.Dir); err != nil {
		return nil, err
	}
	if m.dir.Clock() == temporal.ClockVirtual {
		return nil, holdfast.Errorf(holdfast.Conflict, "data directory %s is of a compressed run, which never uses a database", o.Dir)
	}
	policy, err := migrating(o.Env)
	if err != nil {
		return nil, err
	}
	from, err := sqlite.OpenAs(ctx, file, policy)
	if err != nil {
		return nil, err
	}
	m.from = from
	to, err := postgres.OpenAs(ctx, o.Env.DatabaseURL, migrations.Keep)
	if err != nil {
		return nil, err
	}
	m.to = to
	return m, nil
}

func (m *mover) close() error {
	var errs []error
	if m.to != nil {
		errs = append(errs, m.to.Close())
	}
	if m.from != nil {
		errs = append(errs, m.from.Close())
	}
	if m.dir != nil {
		errs = append(errs, m.dir.Close())
	}
	return errors.Join(errs...)
}

// engine is the id of the namespace to run in.
func (m *mover) engine(ctx context.Context, o MoveOptions) (string, error) {
	options, err := cluster(o.Env.Temporal, o.Log)
	if err != nil {
		return "", err
	}
	c, err := temporal.Connect(ctx, options)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return temporal.NamespaceID(ctx, c, o.Env.Temporal.Namespace)
}
