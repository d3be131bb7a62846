//go:build !noembed

package temporal

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"holdfast"
)

// TestMain lets a test run in a process of its own: the server never closes a
// file it has opened, so that a file is migrated only by a process that has not.
func TestMain(m *testing.M) {
	if role := os.Getenv("HOLDFAST_TEST_ROLE"); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// asProcess runs a role of this test binary against dir until it ends.
func asProcess(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), "HOLDFAST_TEST_ROLE="+role, "HOLDFAST_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// age makes the file look as if server 1.29.1 had written it: a table is missing,
// a column is missing, and another index is there.
func age(t *testing.T, file string) {
	t.Helper()
	db, err := openSQL(file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, stmt := range []string{
		`DROP TABLE current_chasm_executions`,
		`ALTER TABLE cluster_metadata_info ADD COLUMN retired INTEGER`,
		`CREATE INDEX by_something_old ON executions_visibility (namespace_id, start_time)`,
	} {
		if _, err := db.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeJSON(markOf(file), fileMark{Server: "1.29.1", Schema: "of another time"}); err != nil {
		t.Fatal(err)
	}
}

func TestAFileFromAnOlderServerIsMigratedWithItsSleepers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "temporal.db")
	if err := asProcess(t, "sleepers", dir).Run(); err != nil {
		t.Fatal(err)
	}
	age(t, file)

	c := dial(t, start(t, Options{Dir: dir, FastTimers: true}))
	work(t, c)
	var got string
	if err := c.GetWorkflow(t.Context(), "sleeper", "").Get(t.Context(), &got); err != nil || got != "rested" {
		t.Errorf("the sleeper ended with %q, %v", got, err)
	}
	if _, err := c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID:     "scan",
		Spec:   client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: time.Hour}}},
		Action: &client.ScheduleWorkflowAction{Workflow: nap, Args: []any{time.Millisecond}, TaskQueue: TaskQueue},
	}); err != nil {
		t.Errorf("a schedule, which needs the table that was missing: %v", err)
	}
	if _, err := os.Stat(file + ".1.29.1.bak"); err != nil {
		t.Errorf("the old file was not kept: %v", err)
	}
	var was, linked fileMark
	if err := readJSON(markOf(file), &was); err != nil {
		t.Fatal(err)
	}
	linked, err := linkedMark()
	if err != nil {
		t.Fatal(err)
	}
	if was != linked {
		t.Errorf("mark is %+v, want %+v", was, linked)
	}
}

func TestAFileTooOldToMigrateIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "temporal.db")
	if err := createFile(t.Context(), file, fileMark{Server: "1.20.0", Schema: "ancient"}); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("got %v, want conflict", err)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("the refused file was changed")
	}
}

func TestAFileWithoutItsMarkIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "temporal.db")
	if err := createFile(t.Context(), file, fileMark{Server: "1.32.1"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(markOf(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{Dir: dir}); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("got %v, want conflict", err)
	}
}

// A process that is killed while it migrates leaves the old file, or the new one with
// the old mark, and what it had begun to write. The next one finishes.
func TestAMigrationThatIsKilledIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	linked, err := linkedMark()
	if err != nil {
		t.Fatal(err)
	}
	for name, kill := range map[string]func(file string, was fileMark) error{
		"before the swap": func(file string, _ fileMark) error {
			return errors.Join(os.WriteFile(file+".new", []byte("half a file"), 0o600), os.WriteFile(file+".new-journal", []byte("half a journal"), 0o600))
		},
		"after the swap, before the mark": func(file string, was fileMark) error { return migrateFile(t.Context(), file, was) },
	} {
		file := filepath.Join(t.TempDir(), "temporal.db")
		if err := createFile(t.Context(), file, linked); err != nil {
			t.Fatal(err)
		}
		version := func(file, set string) (n int) {
			db, err := openSQL(file)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if set != "" {
				if _, err := db.ExecContext(t.Context(), set); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.QueryRowContext(t.Context(), "SELECT notification_version FROM namespace_metadata").Scan(&n); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return n
		}
		version(file, "UPDATE namespace_metadata SET notification_version = 4711")
		age(t, file)
		was := fileMark{Server: "1.29.1", Schema: "of another time"}
		if err := kill(file, was); err != nil {
			t.Fatal(err)
		}
		if err := openFile(t.Context(), file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var now fileMark
		if err := readJSON(markOf(file), &now); err != nil || now != linked {
			t.Errorf("%s: mark %+v, %v", name, now, err)
		}
		if n := version(file, ""); n != 4711 {
			t.Errorf("%s: a row was lost: %d", name, n)
		}
		if n := version(file+".1.29.1.bak", ""); n != 4711 {
			t.Errorf("%s: the backup is not the old file: %d", name, n)
		}
		if !hasTable(t, file, "current_chasm_executions") || hasTable(t, file+".1.29.1.bak", "current_chasm_executions") {
			t.Errorf("%s: the new file has the old shape, or the backup the new one", name)
		}
	}
}

func hasTable(t *testing.T, file, table string) bool {
	t.Helper()
	db, err := openSQL(file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n == 1
}
