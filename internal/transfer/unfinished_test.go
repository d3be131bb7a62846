package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/store/storetest"
	"holdfast/internal/transfer"
)

// What a process that was killed had restored is in nobody's way, and is not used.
func TestAnInterruptedRestoreIsBegunAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from := sqliteStore(t)
	storetest.Fill(t, from, 3, 3000)
	archive, want := export(t, from), storetest.Content(t, from)
	for name, into := range map[string]transfer.Database{"sqlite": sqliteStore(t), "postgres": postgresStore(t, server)} {
		ended, release := restoreHeld(t, into, archive)
		err := into.View(t.Context(), transfer.Admit)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "run the same holdfast restore again") {
			t.Errorf("%s: a half restored store is admitted: %v", name, err)
		}
		restore(t, into, archive)
		release()
		if err := <-ended; err == nil {
			t.Errorf("%s: the first restore went on into another's", name)
		}
		if d := cmp.Diff(settled(t, clone(want)), settled(t, storetest.Content(t, into)), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}

		ctx, cancel := context.WithCancel(t.Context())
		empty := transfer.Database(sqliteStore(t))
		if name == "postgres" {
			empty = postgresStore(t, server)
		}
		_, err = transfer.Restore(ctx, empty, bytes.NewReader(archive), transfer.RestoreOptions{
			Name: "a.gz", Now: now, Told: func(string, int64, bool) { cancel() },
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled, it ended with %v", name, err)
		}
		restore(t, empty, archive) // nothing was left
	}
}

// A restore that fails takes the tables away that it made: an archive of an older
// holdfast needs those of its own time. So does the next one after a kill.
func TestAFailedRestoreLeavesNoTables(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from, old := sqliteStore(t), bareSQLite(t)
	storetest.Fill(t, from, 13, 900)
	archive := export(t, from)
	if err := old.Migrate(t.Context(), 11); err != nil {
		t.Fatal(err)
	}
	if err := old.Update(t.Context(), func(tx store.Tx) error { return tx.MetaSet("k", "v") }); err != nil {
		t.Fatal(err)
	}
	older := export(t, old)
	for name, into := range map[string]transfer.Database{"sqlite": bareSQLite(t), "postgres": barePostgres(t, server.Database(t))} {
		none := func(when string) {
			t.Helper()
			if version, _, err := into.Schema(t.Context()); err != nil || version != 0 {
				t.Errorf("%s, %s: the schema is version %d, %v", name, when, version, err)
			}
		}
		for _, bad := range [][]byte{archive, older} {
			bad = bad[:len(bad)-1]
			if _, err := transfer.Restore(t.Context(), into, bytes.NewReader(bad), transfer.RestoreOptions{Name: "a.gz", Now: now}); holdfast.CodeOf(err) != holdfast.Invalid {
				t.Fatalf("%s: %v", name, err)
			}
			none("after a refusal")
		}
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := transfer.Restore(ctx, into, bytes.NewReader(archive), transfer.RestoreOptions{
			Name: "a.gz", Now: now, Told: func(string, int64, bool) { cancel() },
		}); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", name, err)
		}
		none("after an interrupt")

		ended, release := restoreHeld(t, into, archive)
		if done := restore(t, into, older); done.Schema != 11 {
			t.Errorf("%s: done %+v", name, done)
		}
		release()
		if err := <-ended; err == nil {
			t.Errorf("%s: the first restore went on into another's", name)
		}
		if err := into.View(t.Context(), func(tx store.Tx) error {
			v, err := tx.MetaGet("k")
			if v != "v" {
				t.Errorf("%s: got %q", name, v)
			}
			return errors.Join(err, transfer.Admit(tx))
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Tables that were there before stay.
	kept := barePostgres(t, server.Database(t))
	if err := kept.Migrate(t.Context(), 11); err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Restore(t.Context(), kept, bytes.NewReader(older[:len(older)-1]), transfer.RestoreOptions{Name: "a.gz", Now: now}); holdfast.CodeOf(err) != holdfast.Invalid {
		t.Fatal(err)
	}
	if version, _, err := kept.Schema(t.Context()); err != nil || version != 11 {
		t.Errorf("the schema is version %d, %v", version, err)
	}
	restore(t, kept, older)
}

// An archive of a store that is not whole would be restored as one that is: without
// the ledger, people would be written to again.
func TestAStoreThatIsNotWholeIsNotExported(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	from := sqliteStore(t)
	storetest.Fill(t, from, 3, 3000)
	archive := export(t, from)
	refused := func(name string, st transfer.Database) {
		t.Helper()
		var b bytes.Buffer
		_, err := transfer.Export(t.Context(), st, &b, "production", now, nil)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "and is not done") || b.Len() > 0 {
			t.Errorf("%s: %d bytes were written, %v", name, b.Len(), err)
		}
	}
	for name, into := range map[string]transfer.Database{"sqlite": bareSQLite(t), "postgres": barePostgres(t, server.Database(t))} {
		ended, release := restoreHeld(t, into, archive)
		refused(name+", half restored", into)
		release()
		if err := <-ended; err == nil {
			t.Errorf("%s: it did not fail", name)
		}
	}
	half := postgresStore(t, server)
	if err := transfer.MoveUntil(t.Context(), from, half, moveOptions(), 9); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	refused("half moved to", half)
	// What is being moved away, and what was, is whole.
	if !bytes.Equal(export(t, from), archive) {
		t.Error("a store on its way makes another archive")
	}
	if _, err := transfer.Move(t.Context(), from, half, moveOptions()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(export(t, from), archive) {
		t.Error("a store that was moved away makes another archive")
	}
	export(t, half)
}

// restoreHeld is a restore that stands still near the end, as one that was killed
// does, until it is released.
func restoreHeld(t *testing.T, into transfer.Database, archive []byte) (ended <-chan error, release func()) {
	t.Helper()
	held, released := make(chan struct{}), make(chan struct{})
	end := make(chan error, 1)
	go func() {
		half := io.MultiReader(bytes.NewReader(archive[:len(archive)*9/10]), holding{held, released})
		_, err := transfer.Restore(t.Context(), into, half, transfer.RestoreOptions{Name: "a.gz", Now: now})
		end <- err
	}()
	select {
	case <-held:
	case err := <-end:
		t.Fatalf("it ended before it was killed: %v", err)
	}
	return end, func() { close(released) }
}

func bareSQLite(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.OpenAs(t.Context(), filepath.Join(t.TempDir(), "bare.db"), migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func barePostgres(t *testing.T, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.OpenAs(t.Context(), address, migrations.Keep)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// holding is a reader that says that it was asked, and waits.
type holding struct{ held, release chan struct{} }

func (h holding) Read([]byte) (int, error) {
	close(h.held)
	<-h.release
	return 0, io.ErrUnexpectedEOF
}
