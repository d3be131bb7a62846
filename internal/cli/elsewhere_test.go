package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

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
