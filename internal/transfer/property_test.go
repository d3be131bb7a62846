package transfer_test

import (
	"bytes"
	"fmt"
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
func settled(t *testing.T, s store.Store, c map[string]any) map[string]any {
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
	cases := 12
	if testing.Short() {
		cases = 3
	}
	for seed := range uint64(cases) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			n := int(40 * (1 + seed%8*4))
			judge := memory.New()
			storetest.Fill(t, judge, seed, n)
			want := storetest.Content(t, judge)
			for name, pair := range map[string][2]transfer.Database{
				"sqlite to sqlite":     {sqliteStore(t), sqliteStore(t)},
				"sqlite to postgres":   {sqliteStore(t), postgresStore(t, server)},
				"postgres to postgres": {postgresStore(t, server), postgresStore(t, server)},
				"postgres to sqlite":   {postgresStore(t, server), sqliteStore(t)},
			} {
				from, into := pair[0], pair[1]
				storetest.Fill(t, from, seed, n)
				if d := cmp.Diff(want, storetest.Content(t, from), cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("%s: the databases differ before anything is copied (-memory +source):\n%s", name, d)
				}
				archive := export(t, from)
				if again := export(t, from); !bytes.Equal(archive, again) {
					t.Errorf("%s: the same store made two archives", name)
				}
				done := restore(t, into, archive)
				got := storetest.Content(t, into)
				if d := cmp.Diff(settled(t, judge, clone(want)), settled(t, into, got), cmpopts.EquateEmpty()); d != "" {
					t.Errorf("%s (-memory +restored):\n%s", name, d)
				}
				judgeRevived(t, name, want, into, done)
			}
		})
	}
}

func clone(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
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
