package temporal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"

	"holdfast"
)

// dirFormat is the layout of a data directory that this binary writes.
const dirFormat = 1

// Clock modes of a data directory.
const (
	ClockProduction = "production"
	ClockVirtual    = "virtual"
)

// Dir is a data directory that this process holds: alone, or with others that keep
// nothing in it. Safe for concurrent use except FixClock, FixStore and Close.
type Dir struct {
	path string // "" is none at all
	mark dirMark
	lock *flock.Flock
}

// dirMark is holdfast.json.
type dirMark struct {
	Format int    `json:"format"`
	Clock  string `json:"clock,omitempty"`
	Store  string `json:"store,omitempty"`
}

// StorePostgres is the Store of a directory whose rows are in PostgreSQL; "" are
// those in a file of its own.
const StorePostgres = "postgres"

// Peek reads the clock mode and store of a data directory without taking it. Both
// are "" where there is none yet.
func Peek(dir string) (clock, store string, err error) {
	if dir == "" {
		return "", "", nil
	}
	d := Dir{path: dir}
	if err := readJSON(d.markFile(), &d.mark); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", "", err
	}
	return d.mark.Clock, d.mark.Store, nil
}

// OpenDir takes the data directory, making it (mode 0700) when it is not there.
// The error has code conflict when another process holds the directory or a newer
// holdfast wrote it.
func OpenDir(dir string) (*Dir, error) { return takeDir(dir, lockDir) }

// ShareDir is OpenDir for a process that keeps nothing in the directory, the
// database and Temporal being elsewhere: others may share it at the same time. It is
// held against those that want it alone. dir "" is no directory: nothing is held and
// nothing is written down.
func ShareDir(dir string) (*Dir, error) {
	if dir == "" {
		return &Dir{}, nil
	}
	return takeDir(dir, shareDir)
}

func takeDir(dir string, take func(string) (*flock.Flock, error)) (*Dir, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open data directory %s: %w", dir, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	lock, err := take(path)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: lock}
	if err := d.readMark(); err != nil {
		_ = lock.Unlock()
		return nil, err
	}
	return d, nil
}

// Path is the directory's absolute path.
func (d *Dir) Path() string { return d.path }

// Clock is ClockProduction or ClockVirtual, or "" until FixClock.
func (d *Dir) Clock() string { return d.mark.Clock }

// FixClock writes the clock mode of a new directory, for good. For an older one
// it checks that the mode is the same; the error then has code conflict.
func (d *Dir) FixClock(mode string) error {
	if d.mark.Clock == mode {
		return nil
	}
	if d.mark.Clock != "" {
		e := holdfast.Errorf(holdfast.Conflict, "data directory %s runs on a %s clock, not a %s one", d.path, d.mark.Clock, mode)
		e.Hint = "use another data directory"
		return e
	}
	d.mark.Clock = mode
	return d.writeMark()
}

// Store is "" or StorePostgres.
func (d *Dir) Store() string { return d.mark.Store }

// FixStore writes where the rows of a directory are, for good. Whoever calls it
// has seen that there is no other place.
func (d *Dir) FixStore(store string) error {
	if d.mark.Store == store {
		return nil
	}
	d.mark.Store = store
	return d.writeMark()
}

// Close gives the directory back.
func (d *Dir) Close() error {
	if d.lock == nil {
		return nil
	}
	if err := d.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock data directory: %w", err)
	}
	return nil
}

func (d *Dir) markFile() string { return filepath.Join(d.path, "holdfast.json") }

func (d *Dir) readMark() error {
	err := readJSON(d.markFile(), &d.mark)
	if errors.Is(err, fs.ErrNotExist) {
		d.mark.Format = dirFormat
		return d.writeMark()
	}
	if err != nil {
		return err
	}
	if d.mark.Format > dirFormat {
		e := holdfast.Errorf(holdfast.Conflict, "data directory %s was written by a newer holdfast (format %d, this one knows %d)", d.path, d.mark.Format, dirFormat)
		e.Hint = "upgrade holdfast, or use another data directory"
		return e
	}
	return nil
}

func (d *Dir) writeMark() error {
	if d.path == "" {
		return nil
	}
	return writeJSON(d.markFile(), d.mark)
}

// shareDir takes the lock file beside others that share it. It names nobody: who
// wants the directory alone has all of them in its way.
func shareDir(path string) (*flock.Flock, error) {
	file := filepath.Join(path, "LOCK")
	lock := flock.New(file, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ok, err := lock.TryRLock()
	if err != nil {
		return nil, fmt.Errorf("share data directory: %w", err)
	}
	if !ok {
		return nil, &heldError{holdfast.Errorf(holdfast.Conflict, "data directory %s is in use by %s", path, holder(file))}
	}
	if err := os.Truncate(file, 0); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("write lock file: %w", err)
	}
	return lock, nil
}

// lockDir takes the lock file, which names the process that holds it. The kernel
// drops the lock when that process dies, so a stale file never blocks.
func lockDir(path string) (*flock.Flock, error) {
	file := filepath.Join(path, "LOCK")
	lock := flock.New(file, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if !ok {
		return nil, &heldError{holdfast.Errorf(holdfast.Conflict, "data directory %s is in use by %s", path, holder(file))}
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("write lock file: %w", err)
	}
	return lock, nil
}

// heldError is that another process holds the directory.
type heldError struct{ cause *holdfast.Error }

func (e *heldError) Error() string { return e.cause.Error() }
func (e *heldError) Unwrap() error { return e.cause }

// IsHeld reports whether err is that another process holds the directory.
func IsHeld(err error) bool {
	_, ok := errors.AsType[*heldError](err)
	return ok
}

func holder(file string) string {
	b, err := os.ReadFile(file)
	pid := strings.TrimSpace(string(b))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}

func readJSON(file string, into any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Base(file), err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// writeJSON replaces file in one step, so that a crash leaves the old or the new.
func writeJSON(file string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	tmp := file + "." + rand.Text() + ".tmp" // others that share the directory may write the same
	if err := os.WriteFile(tmp, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	if err := os.Rename(tmp, file); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
