package app

import (
	"context"
	"errors"
	"fmt"
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

// OpenStore opens a data directory's store beside a running process, for
// commands that read or leave a row. The environment's database is that of every
// directory but those that have a file of their own, and of "", which is none.
//
// It never changes a schema, under which others may be at work: one of an older
// holdfast is refused with code conflict. Where nothing is yet, in a directory or a
// database, the error has code not_found, and nothing is made.
func OpenStore(ctx context.Context, dir string) (store.Store, error) {
	return storeBeside(ctx, dir, config.FromEnvironment())
}

func storeBeside(ctx context.Context, dir string, env config.Environment) (store.Store, error) {
	s, err := storeAsItIs(ctx, dir, env)
	if err != nil {
		return nil, err
	}
	version, newest, err := s.Schema(ctx)
	if err == nil && version == 0 {
		err = noData(s.where, s.other)
	}
	if err == nil {
		err = s.View(ctx, transfer.Admit)
	}
	if err == nil && version < newest {
		err = older(s.where, version, newest, s.remedy)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s.Database, nil
}

// asItIs is a store of whatever schema, and what to say of it.
type asItIs struct {
	transfer.Database
	where  string // it is
	other  string // how to name another
	remedy string // how it is brought up to date
}

func storeAsItIs(ctx context.Context, dir string, env config.Environment) (s asItIs, err error) {
	clock, kept, err := temporal.Peek(dir)
	if err != nil {
		return s, err
	}
	inFile, err := placeOf(dir, clock, kept, env)
	switch {
	case err != nil:
		return s, err
	case inFile:
		s = asItIs{where: dir, other: nameDir, remedy: "end the holdfast that runs on it, then run holdfast migrate --dir " + dir}
		s.Database, err = sqlite.OpenAs(ctx, filepath.Join(dir, storeFile), migrations.Keep)
		return s, err
	}
	s = asItIs{other: "look whether HOLDFAST_DATABASE_URL names the right one; holdfast server, apply and migrate make its tables",
		remedy: "run holdfast migrate with the same HOLDFAST_DATABASE_URL"}
	if s.where, err = postgres.Where(env.DatabaseURL); err != nil {
		return s, err
	}
	s.Database, err = postgres.OpenAs(ctx, env.DatabaseURL, migrations.Keep)
	return s, err
}

// Upgrade brings the store of an older holdfast up to date, for a process that is
// about to run on it: the directory is held meanwhile, and HOLDFAST_MIGRATE may forbid
// it. Where nothing is yet, nothing is made.
func Upgrade(ctx context.Context, dir string, env config.Environment) (err error) {
	shape, _, err := Shape(ctx, dir, env)
	switch {
	case holdfast.CodeOf(err) == holdfast.NotFound:
		return nil
	case err != nil:
		return err
	case shape.Version == 0 || shape.Version >= shape.Known:
		return nil // whoever opens it makes it, or refuses a newer one
	}
	held, err := takeDir(Config{Dir: dir, Env: env})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	s, err := storeOf(ctx, dir, held.Clock(), held.Store(), env)
	if err != nil {
		return err
	}
	return s.Close()
}

const nameDir = "name the data directory with --dir"

func noData(where, hint string) error {
	e := holdfast.Errorf(holdfast.NotFound, "%s holds no data", where)
	e.Hint = hint
	return e
}

// older refuses a schema that only whoever runs on it may change.
func older(where string, version, newest int, remedy string) error {
	e := holdfast.Errorf(holdfast.Conflict, "%s has schema version %d, and this holdfast needs %d", where, version, newest)
	e.Hint = fmt.Sprintf("make a backup and %s; a start of holdfast server does the same", remedy)
	return e
}
