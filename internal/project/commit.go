package project

import (
	"os"
	"path/filepath"
	"strings"
)

// Commit is what the git checkout around dir stands at, in words: "main at
// 1f2e3d4c5b6a"; "" when there is none. It reads git's files and asks no git, so
// it does not know whether files were changed since.
func Commit(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if git := gitDir(filepath.Join(abs, ".git")); git != "" {
			return headOf(git)
		}
		up := filepath.Dir(abs)
		if up == abs {
			return ""
		}
		abs = up
	}
}

// gitDir is where a .git leads: itself, or for a worktree the place it names.
func gitDir(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	if info.IsDir() {
		return path
	}
	dir, ok := strings.CutPrefix(firstLine(path), "gitdir: ")
	if !ok {
		return ""
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(path), dir)
	}
	return dir
}

func headOf(git string) string {
	head := firstLine(filepath.Join(git, "HEAD"))
	ref, ok := strings.CutPrefix(head, "ref: ")
	if !ok {
		return short(head)
	}
	branch := strings.TrimPrefix(ref, "refs/heads/")
	for _, dir := range []string{git, common(git)} {
		if id := firstLine(filepath.Join(dir, filepath.FromSlash(ref))); id != "" {
			return branch + " at " + short(id)
		}
		packed, _ := os.ReadFile(filepath.Join(dir, "packed-refs"))
		for line := range strings.Lines(string(packed)) {
			if id, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref {
				return branch + " at " + short(id)
			}
		}
	}
	return branch
}

// common is where a worktree's refs are.
func common(git string) string {
	dir := firstLine(filepath.Join(git, "commondir"))
	if dir == "" || filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(git, dir)
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

func short(id string) string {
	for _, r := range id {
		if !strings.ContainsRune("0123456789abcdef", r) {
			return "" // no commit: not ours to print
		}
	}
	return id[:min(len(id), 12)]
}
