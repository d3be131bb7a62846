package app_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/store/postgres/pgtest"
)

// TestPostgresTellsTheSameStoryAsTheFile runs the same accounts over the one and
// over the other, whose server is restarted between two lives of the process.
func TestPostgresTellsTheSameStoryAsTheFile(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	files := lively(9)
	_, want := newWorld(t, files).run(20)

	w := newWorld(t, files)
	w.env.DatabaseURL = server.Database(t)
	a, got := w.run(6)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Restart(t)
	_, more := w.run(20)
	if len(got) < 10 || len(more) < 10 {
		t.Fatalf("%d lines, then %d: the test sees too little", len(got), len(more))
	}
	if d := cmp.Diff(strings.Split(story(want), "\n"), strings.Split(story(append(got, more...)), "\n")); d != "" {
		t.Errorf("the stories differ (-file +postgres):\n%s", d)
	}
	if found, err := filepath.Glob(filepath.Join(w.dir, "holdfast.db*")); err != nil || len(found) > 0 {
		t.Errorf("the data directory has %v, %v", found, err)
	}
}

// A directory keeps to the store that it began with: an empty one would make
// everybody get everything again.
func TestADirectoryKeepsToItsStore(t *testing.T) {
	t.Parallel()
	url := pgtest.Start(t).Database(t)
	w := newWorld(t, hostile)
	opened := func(dir, url string) error {
		cfg := app.Config{Dir: filepath.Join(w.dir, dir), Project: w.project, Log: slog.New(slog.DiscardHandler)}
		cfg.Env.DatabaseURL = url
		a, err := app.Open(t.Context(), cfg)
		if err == nil {
			err = a.Close()
		}
		return err
	}
	for _, dir := range []string{"file", "postgres"} {
		here, other := "", url
		if dir == "postgres" {
			here, other = url, ""
		}
		for range 2 {
			if err := opened(dir, here); err != nil {
				t.Fatalf("%s: %v", dir, err)
			}
		}
		if err := opened(dir, other); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "HOLDFAST_DATABASE_URL") {
			t.Errorf("a directory of %s, opened as the other: %v", dir, err)
		}
	}
	if _, err := app.OpenStore(t.Context(), filepath.Join(w.dir, "postgres")); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("beside it, without the address: %v", err)
	}
	if _, err := app.OpenStore(t.Context(), filepath.Join(w.dir, "none")); holdfast.CodeOf(err) != holdfast.NotFound {
		t.Errorf("a directory that is not there: %v", err)
	}
}

// Two engines over one database would deliver each other's rows.
func TestADatabaseHasOneEngine(t *testing.T) {
	t.Parallel()
	first, second := newWorld(t, hostile), newWorld(t, hostile)
	first.env.DatabaseURL = pgtest.Start(t).Database(t)
	second.env = first.env
	first.run(1)
	err := second.open(1).Start(t.Context())
	if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "another Temporal namespace") {
		t.Errorf("a second data directory over the same database: %v", err)
	}
}
