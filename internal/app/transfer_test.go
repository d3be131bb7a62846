package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/transfer"
)

// opens opens and closes a directory as a server of production's would.
func (w *world) opens(env config.Environment) error {
	cfg := app.Config{Dir: w.dir, Project: w.project, Env: env, Log: slog.New(slog.DiscardHandler)}
	a, err := app.Open(w.t.Context(), cfg)
	if err == nil {
		err = a.Close()
	}
	return err
}

// A directory that was moved is used with its database from then on, and refused
// without.
func TestAMovedDirectoryIsUsedWithItsDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lively(3))
	a := w.open(0, func(c *app.Config) { c.Virtual = nil })
	if _, err := a.Intake.Take(t.Context(), w.msgs, intake.History); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	server := pgtest.Start(t)
	env := config.Environment{DatabaseURL: server.Database(t)}
	move := app.MoveOptions{Dir: w.dir, Env: env, Now: monday, Log: slog.New(slog.DiscardHandler)}

	// Given up on the way: the directory is as it was.
	stopped, stop := context.WithCancel(t.Context())
	defer stop()
	cut := move
	cut.Told = func(string, int64, bool) { stop() }
	if _, err := app.Move(stopped, cut); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := w.opens(config.Environment{}); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "is being moved to database") {
		t.Errorf("opened on the way: %v", err)
	}
	if _, err := app.OpenStore(t.Context(), w.dir); holdfast.CodeOf(err) != holdfast.Conflict {
		t.Errorf("opened beside, on the way: %v", err)
	}
	wrong := move
	wrong.Env.DatabaseURL = server.Database(t)
	if err := app.CancelMove(t.Context(), wrong); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "holds nothing of it") {
		t.Errorf("given up in another database: %v", err)
	}
	if err := app.CancelMove(t.Context(), move); err != nil {
		t.Fatal(err)
	}
	if err := w.opens(config.Environment{}); err != nil {
		t.Errorf("after it was given up: %v", err)
	}

	done, err := app.Move(t.Context(), move)
	if err != nil || done.Finished || !done.Kept {
		t.Fatalf("%+v, %v", done, err)
	}
	if err := w.opens(config.Environment{}); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "was moved to database") {
		t.Errorf("without its database: %v", err)
	}
	for range 2 {
		if err := w.opens(env); err != nil {
			t.Errorf("with its database: %v", err)
		}
	}
	again, err := app.Move(t.Context(), move)
	if err != nil || !again.Finished {
		t.Errorf("again: %+v, %v", again, err)
	}
	w.env = env
	b := w.open(0, func(c *app.Config) { c.Virtual = nil })
	if err := b.Store.View(t.Context(), func(tx store.Tx) error {
		known, _, err := tx.CountAccounts()
		if known < 3 {
			t.Errorf("%d accounts in the database", known)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}

	// A file that still holds rows is not taken for a moved one.
	other := newWorld(t, lively(1))
	if err := other.opens(config.Environment{}); err != nil {
		t.Fatal(err)
	}
	if err := other.opens(env); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "keeps its rows in holdfast.db") {
		t.Errorf("another directory's file: %v", err)
	}
}

// An archive of a compressed run is one of a compressed run wherever it goes.
func TestAnArchiveKeepsItsClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lively(1))
	if err := w.open(0).Close(); err != nil {
		t.Fatal(err)
	}
	from, err := app.OpenDatabase(t.Context(), w.dir, config.Environment{}, false)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if _, err := transfer.Export(t.Context(), from, &archive, from.Clock, monday, nil); err != nil {
		t.Fatal(err)
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	restore := func(dir string, env config.Environment) error {
		_, _, err := app.Restore(t.Context(), dir, env, bytes.NewReader(archive.Bytes()), transfer.RestoreOptions{Name: "a.gz", Now: monday})
		return err
	}
	if err := restore(t.TempDir(), config.Environment{DatabaseURL: pgtest.Start(t).Database(t)}); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "compressed run, which never uses a database") {
		t.Errorf("into a database: %v", err)
	}
	w.dir = filepath.Join(t.TempDir(), "again")
	if err := restore(w.dir, config.Environment{}); err != nil {
		t.Fatal(err)
	}
	if err := w.opens(config.Environment{}); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "runs on a virtual clock") {
		t.Errorf("opened for production: %v", err)
	}
	if err := w.open(0).Close(); err != nil {
		t.Error(err)
	}
}
