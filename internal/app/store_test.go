package app_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store/migrations"
	"holdfast/internal/store/postgres"
	"holdfast/internal/store/postgres/pgtest"
	"holdfast/internal/store/sqlite"
	"holdfast/internal/temporal"
	"holdfast/internal/transfer"
)

// aged is a database whose schema is one step behind.
func aged(t *testing.T, d transfer.Database, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	_, newest, err := d.Schema(t.Context())
	if err := errors.Join(err, d.Migrate(t.Context(), newest-1), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// behind is how many steps a store lacks.
func behind(t *testing.T, dir string, env config.Environment) int {
	t.Helper()
	s, _, err := app.Shape(t.Context(), dir, env)
	if err != nil {
		t.Fatal(err)
	}
	return s.Known - s.Version
}

func openBeside(ctx context.Context, dir string, env config.Environment) error {
	s, err := app.OpenStoreIn(ctx, dir, env)
	if err == nil {
		err = s.Close()
	}
	return err
}

// A command beside a server leaves the schema alone, and a server that starts does not.
func TestOnlyWhoRunsOnAStoreUpgradesIt(t *testing.T) {
	t.Parallel()
	file, away := t.TempDir(), config.Environment{DatabaseURL: pgtest.Start(t).Database(t)}
	s, err := sqlite.OpenAs(t.Context(), filepath.Join(file, "holdfast.db"), migrations.Keep)
	aged(t, s, err)
	p, err := postgres.OpenAs(t.Context(), away.DatabaseURL, migrations.Keep)
	aged(t, p, err)
	for name, c := range map[string]struct {
		dir    string
		env    config.Environment
		remedy string
	}{
		"a file":   {file, config.Environment{}, "holdfast migrate --dir " + file},
		"postgres": {t.TempDir(), away, "HOLDFAST_DATABASE_URL"},
	} {
		err := openBeside(t.Context(), c.dir, c.env)
		if holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "has schema version") || !strings.Contains(err.Error(), c.remedy) {
			t.Errorf("%s, beside a server: %v", name, err)
		}
		c.env.Migrate = "off"
		if err := app.Upgrade(t.Context(), c.dir, c.env); holdfast.CodeOf(err) != holdfast.Conflict || !strings.Contains(err.Error(), "HOLDFAST_MIGRATE=off") {
			t.Errorf("%s, where it is forbidden: %v", name, err)
		}
		c.env.Migrate = ""
		other, err := temporal.OpenDir(c.dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Upgrade(t.Context(), c.dir, c.env); !temporal.IsHeld(err) {
			t.Errorf("%s, while another runs on it: %v", name, err)
		}
		if n := behind(t, c.dir, c.env); n != 1 {
			t.Errorf("%s lacks %d steps after all that", name, n)
		}
		if err := errors.Join(other.Close(), app.Upgrade(t.Context(), c.dir, c.env), openBeside(t.Context(), c.dir, c.env)); err != nil {
			t.Errorf("%s, upgraded: %v", name, err)
		}
		if n := behind(t, c.dir, c.env); n != 0 {
			t.Errorf("%s lacks %d steps after its upgrade", name, n)
		}
	}
}

func TestAnEmptyDatabaseIsNoStore(t *testing.T) {
	t.Parallel()
	env := config.Environment{DatabaseURL: pgtest.Start(t).Database(t)}
	err := openBeside(t.Context(), "", env)
	if holdfast.CodeOf(err) != holdfast.NotFound || !strings.Contains(err.Error(), "holds no data") || !strings.Contains(err.Error(), "HOLDFAST_DATABASE_URL") {
		t.Errorf("a database without tables: %v", err)
	}
	if err := app.Upgrade(t.Context(), "", env); err != nil {
		t.Error(err)
	}
	if s, _, err := app.Shape(t.Context(), "", env); err != nil || s.Version != 0 {
		t.Errorf("it has been made: version %d, %v", s.Version, err)
	}
}
