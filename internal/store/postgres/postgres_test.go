package postgres_test

import (
	"sync"
	"testing"

	"holdfast/internal/store"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/storetest"
)

func open(t *testing.T, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address)
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

func TestPostgresKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	var mu sync.Mutex // of the server, whose databases are made by parallel tests
	storetest.Run(t, func(t *testing.T) store.Store {
		mu.Lock()
		defer mu.Unlock()
		return open(t, server.Database(t))
	})
}
