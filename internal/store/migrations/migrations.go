// Package migrations holds the shape of our database, step by step: numbered
// SQL files that are applied forward, each once. A file that has shipped is
// never edited; to change the shape, add the next number, here in SQLite's
// language and in store/postgres/migrations in PostgreSQL's.
package migrations

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed *.sql
var files embed.FS

// Migration is one step. Version counts from 1 without gaps.
type Migration struct {
	Version int
	Name    string
	SQL     string
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
