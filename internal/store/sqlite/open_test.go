package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
)

// raw opens the file beside the store's own connections.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
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

func TestReopeningKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	for i, want := range []string{"", "v"} {
		s, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Update(t.Context(), func(tx store.Tx) error {
			got, err := tx.MetaGet("k")
			if got != want {
				t.Errorf("opened %d times: got %q, want %q", i+1, got, want)
			}
			return errors.Join(err, tx.MetaSet("k", "v"))
		})
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestANewerDatabaseIsRefusedUntouched(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := raw(t, path).Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path)
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "version 999") {
		t.Errorf("got %v, want ErrNewer that names the version", err)
	}
	var version int
	if err := raw(t, path).QueryRow("PRAGMA user_version").Scan(&version); err != nil || version != 999 {
		t.Errorf("version is %d, %v; want 999 still", version, err)
	}
}

func TestAnotherProgramsFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "other.db")
	if _, err := raw(t, path).Exec("CREATE TABLE theirs (x)"); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("another database: got %v", err)
	}
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), text); err == nil {
		t.Error("a text file opened as a database")
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(dir, "no", "such", "dir.db")); err == nil {
		t.Error("a file in a missing directory opened")
	}
}

func TestCommitsAreOnTheDiskBeforeTheyReturn(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		for name, read := range map[string]func(string) (string, error){"writer": s.WriterPragma, "reader": s.ReaderPragma} {
			if got, err := read(pragma); err != nil || got != want {
				t.Errorf("%s of the %s: got %q, %v; want %q", pragma, name, got, err, want)
			}
		}
	}
	if got, err := s.ReaderPragma("query_only"); err != nil || got != "1" {
		t.Errorf("query_only of a reader: got %q, %v", got, err)
	}
}

// The questions asked for every event, claim or tick must not read a whole table.
func TestHotQuestionsUseTheirIndexes(t *testing.T) {
	t.Parallel()
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	queries, err := s.Queries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 15 {
		t.Fatalf("only %d queries were recorded", len(queries))
	}
	// These hold only what is open: reading all of them is the point. The last is
	// walked from its start to its first row.
	open := regexp.MustCompile(`INDEX (enrollments_unsettled|relay_waiting|touches_open|dues_by_time)\b`)
	for query, plan := range queries {
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" && !open.MatchString(step) {
				t.Errorf("%s\n\tplan: %s", query, step)
			}
		}
	}
}

func TestTheAuditLogIsNotChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "holdfast.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Update(t.Context(), func(tx store.Tx) error { return tx.AddAudit(store.Audit{Who: "os:mira", What: "stop"}) }), s.Close()); err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	for _, change := range []string{"UPDATE audit SET who = 'os:nobody'", "DELETE FROM audit"} {
		if _, err := db.ExecContext(t.Context(), change); err == nil {
			t.Errorf("%s: it was done", change)
		}
	}
}
