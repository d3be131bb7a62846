package lsp_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestARealEditorsClientDrivesTheServer builds the binary and lets the protocol
// library of VS Code talk to it.
func TestARealEditorsClientDrivesTheServer(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("the race detector sees nothing of the binary that this builds; make test runs it")
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("this test needs %s, to run the client that editors use: scripts/need installs it", tool)
		}
	}
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", "editor.test.js"} {
		text, err := os.ReadFile(filepath.Join("client", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	bin, project := filepath.Join(dir, "holdfast"), filepath.Join(dir, "project")
	run := func(in string, env []string, name string, args ...string) {
		t.Helper()
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir, c.Env = in, append(os.Environ(), env...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	run(repo, nil, "go", "build", "-tags", "noembed", "-o", bin, "./cmd/holdfast")
	run(dir, nil, bin, "init", project)
	run(dir, nil, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
	env := []string{"HOLDFAST=" + bin, "PROJECT=" + project, "README=" + filepath.Join(repo, "README.md")}
	run(dir, env, "node", "--test", "--test-reporter", "spec", "editor.test.js")
}
