package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/store/storetest"
	"holdfast/internal/transfer"
)

// What a move is still filling is not exported; what it has left is, and is said to
// be no more than that.
func TestAnArchiveOfAMovedStoreSaysSo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(name string) *sqlite.Store {
		st, err := sqlite.Open(t.Context(), filepath.Join(dir, name, "holdfast.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = st.Close() })
		return st
	}
	for _, name := range []string{"old", "new"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	from, to := open("old"), open("new")
	storetest.Fill(t, from, 1, 100)
	move := func(ctx context.Context, told transfer.Progress) error {
		_, err := transfer.Move(ctx, from, to, transfer.MoveOptions{To: "database b at c", Now: realClock.Now(), Told: told})
		return err
	}
	export := func(file, name string) (said string, err error) {
		var words bytes.Buffer
		file = filepath.Join(dir, file)
		err = exportStore(t.Context(), Streams{Out: io.Discard, Err: &words}, file, filepath.Join(dir, name), false)
		if _, gone := os.Stat(file); (gone == nil) != (err == nil) {
			t.Errorf("%s: %v, and its file: %v", file, err, gone)
		}
		return words.String(), err
	}

	if said, err := export("before.gz", "old"); err != nil || said != "" {
		t.Errorf("before: %q, %v", said, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := move(ctx, func(string, int64, bool) { stop() }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if said, err := export("between.gz", "old"); err != nil || !strings.HasPrefix(said, "this store is being moved to database b at c: the archive is of what the move found") {
		t.Errorf("on the way: %q, %v", said, err)
	}
	if _, err := export("half.gz", "new"); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "a move into this database was begun") {
		t.Errorf("what is being filled: %v", err)
	}
	if err := move(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if said, err := export("after.gz", "old"); err != nil || !strings.HasPrefix(said, "this store was moved to database b at c: ") {
		t.Errorf("after it: %q, %v", said, err)
	}
	if said, err := export("new.gz", "new"); err != nil || said != "" {
		t.Errorf("the new one: %q, %v", said, err)
	}
}
