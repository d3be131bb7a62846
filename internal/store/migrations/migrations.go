// Package migrations holds the shape of our database, step by step: numbered
// SQL files that are applied forward, each once. A file that has shipped is
// never edited; to change the shape, add the next number, here in SQLite's
// language and in store/postgres/migrations in PostgreSQL's.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"

	"holdfast"
)

//go:embed *.sql
var files embed.FS

// Migration is one step. Version counts from 1 without gaps.
type Migration struct {
	Version int
	Name    string
	SQL     string
}

// Policy is what opening a database does when its shape is of an older holdfast. One
// of a newer holdfast is refused whatever the policy.
type Policy int

// Policies.
const (
	Newest Policy = iota // bring it up to date
	Refuse               // an error that names the command which does
	Keep                 // leave it as it is: for whatever copies or migrates it
)

// Check is nil when a shape of a version may be used under p, of which want is the
// newest. An older one is to be brought up to date first under Newest.
func (p Policy) Check(version, want int) error {
	if p != Refuse || version >= want {
		return nil
	}
	what := fmt.Sprintf("the database's schema is version %d, and this holdfast needs %d", version, want)
	if version == 0 {
		what = "the database has no tables of holdfast yet"
	}
	e := holdfast.Errorf(holdfast.Conflict, "%s; HOLDFAST_MIGRATE=off keeps it from changing them", what)
	e.Hint = "run holdfast migrate"
	return e
}

// All steps of SQLite, in order.
func All() ([]Migration, error) { return Read(files) }

// Read gives the steps in dir, in order: files named 0001_what.sql and so on.
func Read(dir fs.FS) ([]Migration, error) {
	entries, err := fs.ReadDir(dir, ".") // sorted by name
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	all := make([]Migration, 0, len(entries))
	for i, e := range entries {
		var version int
		if _, err := fmt.Sscanf(e.Name(), "%04d_", &version); err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", e.Name(), i+1)
		}
		text, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", e.Name(), err)
		}
		all = append(all, Migration{Version: version, Name: e.Name(), SQL: string(text)})
	}
	return all, nil
}
