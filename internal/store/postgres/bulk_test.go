package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

func bothHaveTheSameTables(t *testing.T, here store.Store) {
	t.Helper()
	there, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close() })
	tables := map[store.Store][]store.Table{}
	for _, s := range []store.Store{here, there} {
		if err := s.View(t.Context(), func(tx store.Tx) (err error) {
			tables[s], err = tx.(store.Bulk).Tables()
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(tables[there], tables[here], cmpopts.IgnoreFields(store.Column{}, "Type")); d != "" {
		t.Errorf("(-sqlite +postgres):\n%s", d)
	}
	placed := map[string]bool{}
	for _, table := range tables[here] {
		if len(table.Key) == 0 {
			t.Errorf("table %s has no primary key", table.Name)
		}
		if placed[table.Name] = true; table.Name == "signals" && !placed["enrollments"] {
			t.Error("signals come before the enrollments that they refer to")
		}
	}
	if len(tables[here]) < 24 {
		t.Errorf("only %d tables", len(tables[here]))
	}
}
