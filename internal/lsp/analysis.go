package lsp

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/schema"
	"holdfast/internal/source"
)

// analysis is a project as it was read, with the open texts over its files.
// Immutable, but for what is made when it is first asked for.
type analysis struct {
	home    home
	kinds   []schema.Kind
	project *project.Project
	found   []diag.Diagnostic
	open    map[string]*buffer // what was open, by path
	seen    map[string]int     // and which opening of it, by URI

	indexed sync.Once
	defs    map[string]definition
	texts   map[string]*text    // by the name under which findings appear
	books   map[string]*book    // compiled steps, by playbook
	uses    map[string][]string // playbooks, by the template that they name
}

// bareProject stands in for the settings of a document that has no project.
const bareProject = "project: untitled\nrules: library\n"

// analyse reads h's project.
func analyse(h home, kinds []schema.Kind, at *snapshot) *analysis {
	a := &analysis{home: h, kinds: kinds, open: map[string]*buffer{}, seen: map[string]int{}}
	for uri, b := range at.open {
		if b.home == h {
			a.seen[uri] = b.opened
		}
	}
	if h.alone != "" {
		a.alone(at.open[h.alone])
		return a
	}
	texts := map[string]string{}
	for _, b := range at.open {
		rel, err := filepath.Rel(h.dir, b.path)
		if b.path == "" || b.home != h || err != nil || !filepath.IsLocal(rel) {
			continue
		}
		texts[filepath.ToSlash(rel)] = b.text.s
		a.open[b.path] = b
	}
	root, err := os.OpenRoot(h.dir)
	if err != nil {
		at := diag.Span{File: filepath.Join(h.dir, "holdfast.yaml"), Line: 1, Col: 1}
		a.project, a.found = project.LoadFS(h.dir, newOverlay(nil, texts))
		a.found = append(a.found, diag.Diagnostic{Span: at, Check: "unreadable-file", Message: fmt.Sprintf("the project cannot be read: %v", err)})
		return a
	}
	defer root.Close() //nolint:errcheck // only read from
	a.project, a.found = project.LoadFS(h.dir, newOverlay(root.FS(), texts))
	return a
}

// saw reports whether a document was open when the project was read, since it
// was opened last.
func (a *analysis) saw(b *buffer) bool { return a != nil && a.seen[b.uri] == b.opened }

// current reports whether what is open is what was looked at.
func (a *analysis) current(at *snapshot) bool {
	for _, b := range at.open {
		if b.home == a.home && a.open[b.path] != b {
			return false
		}
	}
	return true
}

// alone is a document without a project, held against the shipped rules. One
// that is no document of ours has no findings.
func (a *analysis) alone(b *buffer) {
	texts := map[string]string{"holdfast.yaml": bareProject}
	dir, name := a.home.dir, "untitled.yaml"
	if b != nil && b.path != "" {
		name = filepath.Base(b.path)
	}
	if b != nil && a.ours(b) {
		texts[name] = b.text.s
		a.open[filepath.Join(dir, name)] = b
	}
	a.project, a.found = project.LoadFS(dir, newOverlay(nil, texts))
	if len(texts) == 1 {
		a.found = nil
		return
	}
	a.found = append(a.found, diag.Diagnostic{
		Span: diag.Span{File: filepath.Join(dir, name), Line: 1, Col: 1}, Severity: diag.Note, Check: "no-project",
		Message: "this file belongs to no project: it is held against the shipped rules, and has no templates",
		Hint:    "`holdfast init` makes a project",
	})
}

// ours reports whether a document begins with one of our kinds.
func (a *analysis) ours(b *buffer) bool {
	if strings.HasSuffix(b.path, ".md") {
		return false
	}
	for _, doc := range parseTree(b.text.s).docs {
		if len(doc.entries) > 0 && schema.KindNamed(a.kinds, doc.entries[0].key) != nil {
			return true
		}
	}
	return false
}

// textOf the file that findings call name.
func (a *analysis) textOf(name string) *text {
	a.index()
	return a.texts[name]
}

// uriOf the file that findings call name; "" for what we ship.
func (a *analysis) uriOf(name string) string {
	if b := a.open[name]; b != nil {
		return b.uri
	}
	if !filepath.IsAbs(name) {
		return ""
	}
	return uriOf(name)
}

// files are the paths of the project's own files, tests among them, with their
// texts: what is open before what is on disk.
func (a *analysis) files(keep func(name string) bool) map[string]string {
	out := map[string]string{}
	texts := map[string]string{}
	for file, b := range a.open {
		if rel, err := filepath.Rel(a.home.dir, file); err == nil {
			texts[filepath.ToSlash(rel)] = b.text.s
		}
	}
	var disk fs.FS
	if a.home.alone == "" {
		root, err := os.OpenRoot(a.home.dir)
		if err != nil {
			return out
		}
		defer root.Close() //nolint:errcheck // only read from
		disk = root.FS()
	}
	over := newOverlay(disk, texts)
	_ = fs.WalkDir(over, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil //nolint:nilerr // what cannot be listed is not there
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || another(over, name)):
			return fs.SkipDir
		case d.IsDir() || !keep(name):
			return nil
		}
		if text, err := fs.ReadFile(over, name); err == nil && len(text) < 4<<20 {
			out[filepath.Join(a.home.dir, filepath.FromSlash(name))] = string(text)
		}
		return nil
	})
	return out
}

// another reports whether a directory is a project of its own, or none at all.
func another(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, dir+"/holdfast.yaml")
	return err == nil || path.Base(dir) == "node_modules"
}

// parse is a file as the project reads it; nil when it has a mistake of YAML.
func parse(name, s string) []*source.Node {
	docs, found := source.Parse(name, []byte(s))
	if diag.Failed(found) {
		return nil
	}
	return docs
}
