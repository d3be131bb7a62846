package cli

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store/postgres/pgtest"
)

// What works over a directory's file works over a database.
func TestCommandsBesideADatabase(t *testing.T) {
	t.Setenv("HOLDFAST_DATABASE_URL", pgtest.Start(t).Database(t))
	project := filepath.Join(t.TempDir(), "p")
	data := filepath.Join(t.TempDir(), "data")
	run := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := Main(args, Streams{In: strings.NewReader(""), Out: &out, Err: &out}); code != ExitOK {
			t.Errorf("holdfast %s ends with %d:\n%s", strings.Join(args, " "), code, &out)
		}
		return out.String()
	}
	run("init", project)
	run("import", filepath.Join(project, "accounts.csv"), "--as", "accounts", "--project", project, "--dir", data)
	run("import", filepath.Join(project, "contacts.csv"), "--as", "contacts", "--project", project, "--dir", data)
	run("suppressions", "add", "--address", "dana@acme.example", "--project", project, "--dir", data)
	if said := run("suppressions", "list", "--dir", data); !strings.Contains(said, "dana@acme.example") {
		t.Errorf("nobody is suppressed:\n%s", said)
	}
	run("merge", "globex", "acme", "--dry-run", "--project", project, "--dir", data)
}

// A worker waits for the tables of a server, and makes none where its address may be wrong.
func TestAWorkerWaitsForAServersTables(t *testing.T) {
	t.Setenv("HOLDFAST_DATABASE_URL", pgtest.Start(t).Database(t))
	env := config.FromEnvironment()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	_, err := firstRelease(ctx, runOptions{}, env, newSayer(Streams{Err: ender(stop)}, false))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if s, _, err := app.Shape(t.Context(), "", env); err != nil || s.Version != 0 {
		t.Errorf("the database has version %d, %v", s.Version, err)
	}
}

// ender ends somebody's work at the first word that it hears.
type ender func()

func (e ender) Write(p []byte) (int, error) {
	e()
	return len(p), nil
}
