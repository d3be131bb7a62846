package temporal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
)

func openDir(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOneProcessHoldsTheDataDirectory(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := openDir(t, path)

	_, err := OpenDir(path)
	want := fmt.Sprintf("data directory %s is in use by process %d", path, os.Getpid())
	if err == nil || err.Error() != want || holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("second open: got %v, want conflict: %s", err, want)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openDir(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}

// Those who keep nothing in it share a directory, against who wants it alone.
func TestADataDirectoryIsSharedByThoseWhoKeepNothingInIt(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	var held []*Dir
	for range 3 {
		d, err := ShareDir(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.FixClock(ClockProduction), d.FixStore(StorePostgres)); err != nil {
			t.Fatal(err)
		}
		held = append(held, d)
	}
	for _, d := range held {
		if _, err := OpenDir(path); !IsHeld(err) || !strings.Contains(err.Error(), "in use by another process") {
			t.Errorf("alone, beside others: %v", err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d := openDir(t, path)
	if d.Store() != StorePostgres || d.Clock() != ClockProduction {
		t.Errorf("it says store %q and clock %q", d.Store(), d.Clock())
	}
	if _, err := ShareDir(path); !IsHeld(err) || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("shared, beside who has it alone: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	none, err := ShareDir("")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(none.FixClock(ClockProduction), none.FixStore(StorePostgres), none.Close()); err != nil {
		t.Errorf("no directory: %v", err)
	}
}

func TestTheDataDirectoryIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "data")
	d := openDir(t, path)
	defer d.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode %o, want 700", got)
	}
}

func TestTheClockModeIsFixedAtCreation(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := openDir(t, path)
	if got := d.Clock(); got != "" {
		t.Errorf("a new directory's clock is %q, want none yet", got)
	}
	if err := d.FixClock(ClockVirtual); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	d = openDir(t, path)
	defer d.Close()
	if got := d.Clock(); got != ClockVirtual {
		t.Errorf("reopened clock is %q, want %q", got, ClockVirtual)
	}
	if err := d.FixClock(ClockVirtual); err != nil {
		t.Errorf("the same mode again: %v", err)
	}
	if err := d.FixClock(ClockProduction); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("another mode: got %v, want conflict", err)
	}
}

func TestANewerDataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "holdfast.json"), []byte(`{"format": 9}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the refusal gives the lock back
		_, err := OpenDir(path)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "newer holdfast") {
			t.Errorf("got %v, want a conflict that says newer", err)
		}
	}
}
