// Package project reads a directory (or the shipped library) into compiled
// rules, playbooks and settings, with every finding. It writes nothing.
package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/mail"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Project is a directory that lints, compiled. Immutable: it keeps no file open
// and sees no later change.
type Project struct {
	Dir       string
	Settings  Settings
	Rules     *rules.Set
	Playbooks []*playbooks.Playbook // by name
	Team      []Person
	Templates fs.FS             // the project's own over the library's
	Sources   map[string]string // file -> text, for carets
	Notes     []diag.Diagnostic // matters of taste, sorted: lint --notes
	Files     map[string]string // all it was read from, by path below Dir; the library's below library/
}

// Playbook by name, or nil.
func (p *Project) Playbook(name string) *playbooks.Playbook {
	i := slices.IndexFunc(p.Playbooks, func(b *playbooks.Playbook) bool { return b.Name == name })
	if i < 0 {
		return nil
	}
	return p.Playbooks[i]
}

// settingsFile marks the directory of a project.
const settingsFile = "holdfast.yaml"

// Load reads a project: holdfast.yaml, team.yaml, the documents in *.yaml beside
// them and below rules/ and playbooks/ (tests left out), templates/, and what
// holdfast.yaml takes from the shipped library. path is a directory, or one file
// whose playbooks alone are compiled; the project is the nearest directory at or
// above it with a holdfast.yaml.
//
// The findings are all there are but the notes, sorted; where one is an error the Project is
// as much as could be read. The error is that there is nothing to read.
func Load(path string) (*Project, []diag.Diagnostic, error) {
	dir, only, err := find(path)
	if err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open project: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read from
	p, found := read(dir, root.FS(), theLibrary(), only)
	return p, found, nil
}

func read(dir string, own fs.FS, lib shippedFiles, only string) (*Project, []diag.Diagnostic) {
	ld := &loader{
		p:      &Project{Dir: dir, Sources: map[string]string{}, Files: map[string]string{}},
		own:    own,
		lib:    lib,
		only:   only,
		files:  map[string]string{},
		known:  map[string]diag.Span{},
		parsed: map[string][]mail.Variant{},
	}
	ld.load()
	ld.p.trim()
	found := ld.allowed(ld.diags.All)
	for _, d := range found {
		if d.Severity == diag.Note {
			ld.p.Notes = append(ld.p.Notes, d)
		}
	}
	return ld.p, slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Note })
}

// find is the project's directory and, when path is a file, its name below it.
func find(path string) (dir, only string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", "", holdfast.Errorf(holdfast.NotFound, "there is no %s", path)
		}
		return "", "", fmt.Errorf("open %s: %w", path, err)
	}
	start := path
	if !info.IsDir() {
		start = filepath.Dir(path)
	}
	for dir = start; ; {
		if _, err := os.Stat(filepath.Join(dir, settingsFile)); err == nil {
			break
		}
		up := filepath.Join(dir, "..")
		if abs, err := filepath.Abs(dir); err != nil || abs == filepath.Dir(abs) {
			e := holdfast.Errorf(holdfast.NotFound, "there is no %s in %s, nor in a directory above it", settingsFile, start)
			e.Hint = "`holdfast init` makes a project"
			return "", "", e
		}
		dir = up
	}
	if info.IsDir() {
		return dir, "", nil
	}
	return relative(dir, path)
}

// relative is path's name below dir, in slashes.
func relative(dir, path string) (string, string, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return "", "", fmt.Errorf("open %s: %w", dir, err)
	}
	to, err := filepath.Abs(path)
	if err != nil {
		return "", "", fmt.Errorf("open %s: %w", path, err)
	}
	rel, err := filepath.Rel(from, to)
	if err != nil || !filepath.IsLocal(rel) {
		return "", "", holdfast.Errorf(holdfast.Invalid, "%s is not below %s", path, dir)
	}
	return dir, filepath.ToSlash(rel), nil
}

// isTest reports whether name is a test of playbooks.
func isTest(name string) bool { return strings.HasSuffix(name, ".test.yaml") }
