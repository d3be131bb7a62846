package sqlite_test

import (
	"path/filepath"
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/store/storetest"
)

func openFile(t *testing.T) store.Store {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a #odd? name%.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openMemory(t *testing.T) store.Store {
	s, err := sqlite.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFileKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openFile)
}

func TestMemoryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	storetest.Run(t, openMemory)
}
