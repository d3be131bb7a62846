package activities_test

import (
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
)

// stores are all that an enrollment may be remembered in.
var stores = map[string]func(t *testing.T) store.Store{
	"memory": func(*testing.T) store.Store { return memory.New() },
	"sqlite": func(t *testing.T) store.Store {
		t.Helper()
		return closing(sqlite.Open(t.Context(), t.TempDir()+"/h.db"))(t)
	},
	"postgres": func(t *testing.T) store.Store {
		t.Helper()
		return closing(postgres.Open(t.Context(), pgtest.Start(t).Database(t)))(t)
	},
}

// closing is a store that was opened, for as long as the test runs.
func closing[S store.Store](db S, err error) func(t *testing.T) store.Store {
	return func(t *testing.T) store.Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
}
