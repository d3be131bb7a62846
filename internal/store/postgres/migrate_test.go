package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
)

func TestAnOlderShapeIsAsThePolicySays(t *testing.T) {
	t.Parallel()
	address := pgtest.Start(t).Database(t)
	refused := func(want string) {
		t.Helper()
		_, err := postgres.OpenAs(t.Context(), address, migrations.Refuse)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "(run holdfast migrate)") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	refused("the database has no tables of holdfast yet")

	s, err := postgres.OpenAs(t.Context(), address, migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []int{3, 3, 1} { // forward alone
		if err := s.Migrate(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	version, newest, err := s.Schema(t.Context())
	if files, errAll := migrations.All(); errAll != nil || newest != len(files) {
		t.Errorf("the newest schema is %d, and that of a file %d (%v): an archive of one must fit the other", newest, len(files), errAll)
	}
	if err := errors.Join(err, s.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") })); err != nil || version != 3 || newest < 7 {
		t.Fatalf("schema %d of %d, %v", version, newest, err)
	}
	refused("the database's schema is version 3, and this holdfast needs")
	if err := errors.Join(s.Migrate(t.Context(), newest), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = postgres.OpenAs(t.Context(), address, migrations.Refuse); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, raw(t, address), "UPDATE holdfast_schema SET version = 999")
	for _, policy := range []migrations.Policy{migrations.Newest, migrations.Refuse, migrations.Keep} {
		if _, err := postgres.OpenAs(t.Context(), address, policy); !errors.Is(err, store.ErrNewer) {
			t.Errorf("a newer one under policy %d: %v", policy, err)
		}
	}
}

// What is copied is the same in both databases: a migration that is in one alone, or
// of another kind there, or a table without a key, would be seen here first.
func TestBothDatabasesHaveTheSameTables(t *testing.T) {
	t.Parallel()
	bothHaveTheSameTables(t, open(t, pgtest.Start(t).Database(t)))
}
