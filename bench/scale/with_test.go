package scale

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"holdfast/internal/heap"
	"holdfast/internal/paired"
	"holdfast/internal/store/postgres/pgtest"
)

// TestMain has the collector run as every command has it, for both sides of each pair.
func TestMain(m *testing.M) {
	heap.Keep()
	os.Exit(m.Run())
}

// TestBenchWith notes on which PostgreSQL the rows were measured.
func TestBenchWith(t *testing.T) { //nolint:paralleltest // it writes the file of rows
	conn, err := pgx.Connect(t.Context(), pgtest.StartDurable(t).Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // it only asked
	var version string
	if err := conn.QueryRow(t.Context(), "SHOW server_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	version, _, _ = strings.Cut(version, " ") // what follows is whose package it is
	paired.With(t, "PostgreSQL", version)
}
