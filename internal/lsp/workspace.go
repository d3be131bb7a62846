package lsp

import (
	"context"
	"maps"
	"path/filepath"
	"sync"

	"holdfast/internal/project"
	"holdfast/internal/schema"
)

// buffer is a document that the client has open. Immutable.
type buffer struct {
	uri     string
	path    string // "" when it is no file
	version int
	opened  int // which didOpen it came with
	text    *text
	home    home
}

// home is the project that a document belongs to: its directory, or for a
// document without one, the document alone.
type home struct {
	dir   string
	alone string // the URI; "" in a project
}

// workspace is what is open and what was found out about it. Safe for
// concurrent use.
type workspace struct {
	kinds     []schema.Kind
	versioned bool // the client takes edits of versions; set before the first request

	mu       sync.Mutex
	open     map[string]*buffer // by URI; replaced, never changed
	projects map[home]*analysis // as open
	dirty    map[home]bool
	ready    chan struct{} // closed and replaced with each new analysis
	shipped  *shipped
	opened   int // didOpens so far; of the goroutine that reads
}

// snapshot is the workspace at one moment. Immutable.
type snapshot struct {
	open     map[string]*buffer
	projects map[home]*analysis
}

func newWorkspace() *workspace {
	return &workspace{
		kinds: schema.Kinds(), open: map[string]*buffer{}, projects: map[home]*analysis{},
		dirty: map[home]bool{}, ready: make(chan struct{}), shipped: &shipped{},
	}
}

func (w *workspace) close() { w.shipped.remove() }

func (w *workspace) snapshot() *snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &snapshot{w.open, w.projects}
}

// put opens or changes a document.
func (w *workspace) put(b *buffer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	open := maps.Clone(w.open)
	open[b.uri] = b
	w.open = open
	w.dirty[b.home] = true
}

// edit changes an open document; one that is not open is left alone.
func (w *workspace) edit(uri string, version int, changes []change) {
	w.mu.Lock()
	b := w.open[uri]
	w.mu.Unlock()
	if b == nil {
		return
	}
	next := *b
	next.version = version
	for _, c := range changes {
		next.text = next.text.changed(c)
	}
	w.put(&next)
}

// drop closes a document: what is on disk holds again.
func (w *workspace) drop(uri string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.open[uri]
	if b == nil {
		return
	}
	open := maps.Clone(w.open)
	delete(open, uri)
	w.open = open
	w.dirty[b.home] = true
}

// stale says that files changed outside; homes names more projects to look at.
func (w *workspace) stale(more ...home) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for h := range w.projects {
		w.dirty[h] = true
	}
	for _, h := range more {
		w.dirty[h] = true
	}
}

// rehome finds the projects of what is open again: one may have been made, or
// taken away.
func (w *workspace) rehome() {
	w.mu.Lock()
	open := w.open
	w.mu.Unlock()
	for _, b := range open {
		if h := homeOf(b.uri, b.path); h != b.home {
			moved := *b
			moved.home = h
			w.put(&moved)
			w.mu.Lock()
			w.dirty[b.home] = true
			w.mu.Unlock()
		}
	}
}

// due are the homes to look at, and whether each was looked at before.
func (w *workspace) due() (homes []home, fresh bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for h := range w.dirty {
		homes = append(homes, h)
		fresh = fresh || w.projects[h] == nil
	}
	return homes, fresh
}

// begin takes h off the list of what is due, and shows what is open now.
func (w *workspace) begin(h home) *snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.dirty, h)
	return &snapshot{w.open, w.projects}
}

// found keeps an analysis; nil forgets its home.
func (w *workspace) found(h home, a *analysis) {
	w.mu.Lock()
	defer w.mu.Unlock()
	projects := maps.Clone(w.projects)
	projects[h] = a
	if a == nil {
		delete(projects, h)
	}
	w.projects = projects
	close(w.ready)
	w.ready = make(chan struct{})
}

// analysis of h: the newest that has seen a document, waited for when there is
// none.
func (w *workspace) analysis(ctx context.Context, h home, b *buffer) (*analysis, error) {
	for {
		w.mu.Lock()
		a, ready, now := w.projects[h], w.ready, w.open[b.uri]
		w.mu.Unlock()
		if a.saw(b) {
			return a, nil
		}
		if now == nil || now.opened != b.opened || now.home != h {
			return nil, &rpcError{contentModified, "the document was closed"}
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// homeOf a document: the nearest directory at or above it with a holdfast.yaml.
func homeOf(uri, path string) home {
	if path == "" {
		return home{alone: uri}
	}
	dir, _, err := project.Find(filepath.Dir(path))
	if err != nil {
		return home{dir: filepath.Dir(path), alone: uri}
	}
	return home{dir: filepath.Clean(dir)}
}
