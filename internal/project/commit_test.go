package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"holdfast/internal/project"
)

func TestTheCommitOfACheckoutIsReadPlainly(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef01234567"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a branch":        {map[string]string{".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": id + "\n"}, "main at 0123456789ab"},
		"a packed branch": {map[string]string{".git/HEAD": "ref: refs/heads/a/b\n", ".git/packed-refs": "# pack-refs\n" + id + " refs/heads/a/b\n"}, "a/b at 0123456789ab"},
		"no branch":       {map[string]string{".git/HEAD": id + "\n"}, "0123456789ab"},
		"no commit yet":   {map[string]string{".git/HEAD": "ref: refs/heads/main\n"}, "main"},
		"a worktree": {map[string]string{
			".git": "gitdir: other/worktrees/w\n", "other/worktrees/w/HEAD": "ref: refs/heads/w\n",
			"other/worktrees/w/commondir": "../..\n", "other/refs/heads/w": id + "\n",
		}, "w at 0123456789ab"},
		"nonsense": {map[string]string{".git/HEAD": "<script>\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			below := filepath.Join(dir, "a", "project")
			if err := os.MkdirAll(below, 0o700); err != nil {
				t.Fatal(err)
			}
			if got := project.Commit(below); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
