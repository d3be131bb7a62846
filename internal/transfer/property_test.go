package transfer_test

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast/internal/store"
	"holdfast/internal/store/memory"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/store/storetest"
	"holdfast/internal/transfer"
)

var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func sqliteStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "holdfast.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func postgresStore(t *testing.T, server *pgtest.Server) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func export(t *testing.T, from transfer.Database) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := transfer.Export(t.Context(), from, &b, "production", now, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func restore(t *testing.T, into transfer.Database, archive []byte) *transfer.Restored {
	t.Helper()
	r, err := transfer.Restore(t.Context(), into, bytes.NewReader(archive), transfer.RestoreOptions{Name: "a.gz", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What a restore changes on purpose is taken out of the comparison.
func settled(t *testing.T, c map[string]any) map[string]any {
	t.Helper()
	for _, what := range []string{"meta stopped", "meta engine", "relay", "unsettled", "touches", "dues", "lines"} {
		delete(c, what)
	}
	return c
}

// Whatever a store has been through, an archive of it is the same store again, in
// either database: memory, to which the same was done, is the judge.
func TestAnArchiveIsTheSameStoreAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	cases := uint64(4)
	if testing.Short() {
		cases = 2
	}
	for seed := range cases {
		n := []int{300, 40, 900, 0}[seed%4]
		judge := memory.New()
		storetest.Fill(t, judge, seed, n)
		for name, from := range map[string]transfer.Database{"sqlite": sqliteStore(t), "postgres": postgresStore(t, server)} {
			storetest.Fill(t, from, seed, n)
			want := storetest.Content(t, from)
			if d := cmp.Diff(storetest.Content(t, judge), want, cmpopts.EquateEmpty(), unnumbered); d != "" {
				t.Fatalf("seed %d: the databases differ before anything is copied (-memory +%s):\n%s", seed, name, d)
			}
			archive := export(t, from)
			if again := export(t, from); !bytes.Equal(archive, again) {
				t.Errorf("seed %d: the same store made two archives", seed)
			}
			for other, into := range map[string]transfer.Database{"sqlite": sqliteStore(t), "postgres": postgresStore(t, server)} {
				what := fmt.Sprintf("seed %d: %s to %s", seed, name, other)
				done := restore(t, into, archive)
				if d := cmp.Diff(settled(t, clone(want)), settled(t, storetest.Content(t, into)), cmpopts.EquateEmpty()); d != "" {
					t.Errorf("%s (-before +restored):\n%s", what, d)
				}
				judgeRevived(t, what, want, into, done)
				storetest.Fill(t, into, seed+100, 100) // it goes on as any other
			}
		}
	}
}

// unnumbered leaves out the numbers that a database gives: PostgreSQL's have gaps.
var unnumbered = cmp.Options{
	cmpopts.IgnoreFields(store.Event{}, "Seq"), cmpopts.IgnoreFields(store.Line{}, "Seq"),
	cmpopts.IgnoreFields(store.Outmail{}, "Seq"), cmpopts.IgnoreFields(store.Relayed{}, "Seq"),
}

func clone(m map[string]any) map[string]any {
	return maps.Clone(m)
}

// A move changes nothing at all, but for the starts where the engine is another one.
func TestAMoveIsTheSameStoreElsewhere(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	for seed := range uint64(4) {
		from, to := sqliteStore(t), postgresStore(t, server)
		storetest.Fill(t, from, seed, 600)
		want := storetest.Content(t, from)
		m, err := transfer.Move(t.Context(), from, to, transfer.MoveOptions{To: "there", Now: now, Plain: postgres.Plain})
		if err != nil {
			t.Fatal(err)
		}
		if !m.Kept || m.Started != 0 || len(m.Tables) < 20 {
			t.Errorf("done %+v", m)
		}
		if d := cmp.Diff(want, storetest.Content(t, to), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("seed %d (-old +new):\n%s", seed, d)
		}
	}
}
