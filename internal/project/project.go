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
	"holdfast/internal/source"
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
	Broken    []string              // names of those that have errors
	Team      []Person
	Pools     []Pool            // of the team, in file order
	Inbound   []Source          // who may send what happens, by name
	Notes     []diag.Diagnostic // matters of taste, sorted: lint --notes
	Templates fs.FS             // the project's own over the library's
	Tests     []*source.Node    // documents of *.test.yaml, by file and place; package playtest reads them
	// TestFindings are of files of tests that cannot be read; no error of the project.
	TestFindings []diag.Diagnostic
	Sources      map[string]string // file -> text, for carets
	Files        map[string]string // all it was read from, by path below Dir; the library's below library/
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
// them and below rules/, playbooks/ and sources/, templates/, and what holdfast.yaml takes
// from the shipped library. path is a directory, or one file: then its playbooks
// alone are compiled and their tests alone kept, or, if it is a *.test.yaml, its
// tests alone are kept. The project is the nearest directory at or above it with
// a holdfast.yaml.
//
// The findings are all there are but the notes, sorted; where one is an error the Project is
// as much as could be read. The error is that there is nothing to read.
func Load(path string) (*Project, []diag.Diagnostic, error) {
	dir, only, err := Find(path)
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

// LoadFS is Load of a whole project whose files are those of fsys, rooted where
// holdfast.yaml lies: an editor lays over them what is not saved yet. dir is
// where the project is said to be; nothing is read from there.
func LoadFS(dir string, fsys fs.FS) (*Project, []diag.Diagnostic) {
	return read(dir, fsys, theLibrary(), "")
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
	if isTest(only) {
		ld.only, ld.onlyTests = "", only
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

// Find is the directory of the project that path belongs to and, when path is a
// file, its name below it, in slashes. The error is not_found when no directory
// at or above path has a holdfast.yaml.
func Find(path string) (dir, only string, err error) {
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

const testSuffix = ".test.yaml"

// isTest reports whether name is a test of playbooks.
func isTest(name string) bool { return strings.HasSuffix(name, testSuffix) }

// Tested is the playbook that a `test:` document is about: what it says or, by
// default, what its file is named after.
func Tested(doc *source.Node) string {
	if n := doc.Get("playbook"); n.Kind() == source.Scalar {
		return n.Text()
	}
	return strings.TrimSuffix(filepath.Base(doc.File()), testSuffix)
}
