package sqlite_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/sqlite"
)

func TestAnOlderShapeIsAsThePolicySays(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	open := func(policy migrations.Policy, wantVersion int) {
		t.Helper()
		s, err := sqlite.OpenAs(t.Context(), path, policy)
		if err != nil {
			t.Fatal(err)
		}
		version, newest, err := s.Schema(t.Context())
		if wantVersion < 0 {
			wantVersion = newest
		}
		if err := errors.Join(err, s.Close()); err != nil || version != wantVersion || newest < 7 {
			t.Fatalf("schema %d of %d, %v; want %d", version, newest, err, wantVersion)
		}
	}
	refused := func(want string) {
		t.Helper()
		_, err := sqlite.OpenAs(t.Context(), path, migrations.Refuse)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "(run holdfast migrate)") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	refused("the database has no tables of holdfast yet")
	open(migrations.Keep, 0)

	s, err := sqlite.OpenAs(t.Context(), path, migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []int{3, 3, 1} { // forward alone
		if err := s.Migrate(t.Context(), to); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") }), s.Close()); err != nil {
		t.Fatal(err)
	}
	refused("the database's schema is version 3, and this holdfast needs")
	open(migrations.Keep, 3)
	open(migrations.Newest, -1)
	open(migrations.Refuse, -1)

	if _, err := raw(t, path).Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	for _, policy := range []migrations.Policy{migrations.Newest, migrations.Refuse, migrations.Keep} {
		if _, err := sqlite.OpenAs(t.Context(), path, policy); !errors.Is(err, store.ErrNewer) {
			t.Errorf("a newer one under policy %d: %v", policy, err)
		}
	}
}
