package lsp

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	library "holdfast/playbooks/library"
	rulelib "holdfast/rules/library"
)

// shipped puts the library's files where an editor can show them: in a temporary
// directory that goes with the server. The zero value is ready.
type shipped struct {
	mu  sync.Mutex
	dir string
}

// path of the file that findings call library/….
func (s *shipped) path(name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rel, ok := strings.CutPrefix(filepath.ToSlash(name), "library/")
	if !ok || !fs.ValidPath(rel) {
		return "", &rpcError{requestFailed, name + " is no file of the library"}
	}
	var text []byte
	var err error
	if rule, isRule := strings.CutPrefix(rel, "rules/"); isRule {
		text, err = fs.ReadFile(rulelib.Files, rule)
	} else {
		text, err = fs.ReadFile(library.Files, rel)
	}
	if err != nil {
		return "", fmt.Errorf("open %s: %w", name, err)
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "holdfast-library-"); err != nil {
			return "", fmt.Errorf("show %s: %w", name, err)
		}
	}
	path := filepath.Join(s.dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.WriteFile(path, text, 0o400); err != nil {
		return "", fmt.Errorf("show %s: %w", name, err)
	}
	return path, nil
}

func (s *shipped) remove() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}
