package lsp

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/schema"
	"holdfast/rules"
)

// renaming is a step whose id is pointed at.
type renaming struct {
	playbook   string
	id         string
	start, end int // of the word pointed at
}

// renamingAt finds the step of the document's playbook that off names.
func (d *document) renamingAt(off int) (renaming, bool) {
	if d.template() != "" {
		return renaming{}, false
	}
	p := d.placeAt(off)
	if p.kind == nil || p.kind.Name != "playbook" {
		return renaming{}, false
	}
	r := renaming{playbook: p.tree.word(p.root.get("playbook"))}
	t, ok := d.targetAt(off)
	if !ok || t.local == nil || t.local.of == nil || p.onKey {
		return renaming{}, false
	}
	r.id = p.tree.word(t.local)
	for _, ref := range references(d.tree(), p.root, p.kind, r.id) {
		if off >= ref.start && off <= ref.end {
			r.start, r.end = ref.start, ref.end
			return r, true
		}
	}
	return renaming{}, false
}

func prepareRename(_ context.Context, _ *server, d *document, off int, _ placeParams) (any, error) {
	r, ok := d.renamingAt(off)
	if !ok {
		return nil, nil
	}
	return prepared{d.text.rng(r.start, r.end), r.id}, nil
}

func refused(format string, args ...any) error {
	return &rpcError{requestFailed, fmt.Sprintf(format, args...)}
}

// renameAt renames a step wherever it is named: in its playbook, in the texts
// and templates that show its result, and in tests. Enrollments that began under
// the old id go on, for the step then says was. A rename that would leave a
// mistake behind is refused.
func renameAt(ctx context.Context, s *server, d *document, off int, p placeParams) (any, error) {
	r, ok := d.renamingAt(off)
	if !ok {
		return nil, refused("only the id of a step can be renamed")
	}
	if p.NewName == r.id {
		return s.edits(d.snapshot, map[string][]textEdit{}), nil
	}
	at := d.snapshot
	before := d.analysis
	if !before.current(at) {
		before = analyse(d.home, d.kinds, at)
	}
	before.index()
	if err := legal(before, r, p.NewName); err != nil {
		return nil, err
	}
	if parse(d.path, d.text.s) == nil {
		return nil, refused("the file does not parse; mend it first")
	}
	changes := before.renamed(d, r, p.NewName)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	after := analyse(d.home, d.kinds, at.with(changes))
	if msg := worse(before.found, after.found); msg != "" {
		return nil, refused("%s cannot be renamed to %s: %s", r.id, p.NewName, msg)
	}
	out := map[string][]textEdit{}
	for uri, c := range changes {
		out[uri] = c.edits
	}
	return s.edits(at, out), nil
}

// legal reports why name can be no id of another step.
func legal(a *analysis, r renaming, name string) error {
	if rules.Reserved(name) {
		return refused("a step cannot be called %q: expressions need letters, digits and underscores, and no word of the language", name)
	}
	if slices.Contains(a.stepIDs(r.playbook), name) {
		return refused("there is a step %q already", name)
	}
	return nil
}

// worse is the first error that was not there before; "" when there is none.
func worse(before, after []diag.Diagnostic) string {
	had := map[string]int{}
	for _, d := range before {
		had[d.File+"\x00"+d.Check]++
	}
	for _, d := range after {
		key := d.File + "\x00" + d.Check
		if had[key]--; d.Severity == diag.Error && had[key] < 0 {
			return d.Message
		}
	}
	return ""
}

// rewritten is a document with edits, and its text after them.
type rewritten struct {
	path  string
	edits []textEdit
	text  string
}

// with is the snapshot after changes: each changed file is open.
func (at *snapshot) with(changes map[string]rewritten) *snapshot {
	open := map[string]*buffer{}
	maps.Copy(open, at.open)
	for uri, c := range changes {
		b := &buffer{uri: uri, path: c.path, home: homeOf(uri, c.path)}
		if old := open[uri]; old != nil {
			b.version, b.home = old.version, old.home
		}
		b.text = newText(c.text)
		open[uri] = b
	}
	return &snapshot{open, at.projects}
}

// renamed are the edits of each document that names the step.
func (a *analysis) renamed(d *document, r renaming, name string) map[string]rewritten {
	out := map[string]rewritten{}
	playbook := schema.KindNamed(a.kinds, "playbook")
	templates := map[string]bool{}
	files := a.files(func(name string) bool {
		return filepath.Ext(name) == ".yaml" || templateName(name) != ""
	})
	if d.path == "" || a.home.alone != "" {
		files[d.path] = d.text.s
	}
	for _, path := range sortedKeys(files) {
		if filepath.Ext(path) == ".md" {
			continue
		}
		t := parseTree(files[path])
		e := newEdits(files[path])
		for _, root := range t.docs {
			if root.kind != mapNode || len(root.entries) == 0 {
				continue
			}
			switch kind := root.entries[0].key; {
			case kind == "playbook" && t.word(root.entries[0].val) == r.playbook:
				for _, ref := range references(t, root, playbook, r.id) {
					e.replace(ref.start, ref.end, name)
				}
				e.was(t, root, playbook, r.id, name)
				every(root, playbook.Map, func(_ *node, _ *schema.Map, en *entry, k *schema.Key) {
					if k != nil && k.Names == "template" && en.val != nil {
						templates[t.word(en.val)] = true
					}
				})
			case kind == "test" && t.word(root.get("playbook")) == r.playbook:
				for _, ref := range references(t, root, schema.KindNamed(a.kinds, "test"), r.id) {
					e.replace(ref.start, ref.end, name)
				}
			case kind == "cast":
				for _, n := range ofCast(t, root, r.playbook, r.id) {
					e.replace(n.start, n.end, name)
				}
			}
		}
		a.keep(out, d, path, e)
	}
	for _, path := range sortedKeys(files) {
		if !templates[templateName(path)] || len(a.users(templateName(path))) > 1 {
			continue // shared with another playbook: its own step may be meant
		}
		e := newEdits(files[path])
		for _, ref := range liquidReferences(files[path], 0, len(files[path]), r.id) {
			e.replace(ref.start, ref.end, name)
		}
		a.keep(out, d, path, e)
	}
	return out
}

func (a *analysis) keep(out map[string]rewritten, d *document, path string, e *edits) {
	if len(e.all) == 0 {
		return
	}
	uri := a.uriOf(path)
	if path == d.path {
		uri = d.uri
	}
	list, text := e.done()
	out[uri] = rewritten{path, list, text}
}

// stretch of a text.
type stretch struct{ start, end int }

// references to a step in its own playbook: its id, what names it, and what
// reads its result.
func references(t *tree, root *node, kind *schema.Kind, id string) []stretch {
	var out []stretch
	every(root, kind.Map, func(_ *node, m *schema.Map, e *entry, k *schema.Key) {
		if k == nil || e.val == nil {
			return
		}
		switch {
		case isStep(m) && k.Name == "id", k.Names == "step":
			for _, n := range append([]*node{e.val}, e.val.items...) {
				if n.kind == scalarNode && t.word(n) == id {
					start, end := n.inner(t.src)
					out = append(out, stretch{start, end})
				}
			}
		case k.Type == "cel" && e.val.kind == scalarNode:
			out = append(out, celReferences(expressionAt(t, e.val), id)...)
		case k.Type == "liquid" && e.val.kind == scalarNode:
			start, end := e.val.inner(t.src)
			out = append(out, liquidReferences(t.src, start, end, id)...)
		}
	})
	return out
}

// celReferences are the places at which an expression names a step.
func celReferences(x expression, id string) []stretch {
	var out []stretch
	for i, tok := range x.tokens {
		if tok.kind != 'i' || tok.text != id || i > 0 && x.tokens[i-1].kind == '.' {
			continue
		}
		if i+1 < len(x.tokens) && x.tokens[i+1].kind == '(' {
			continue
		}
		if _, bound := x.binding(id, i); !bound {
			out = append(out, stretch{tok.start, tok.end})
		}
	}
	return out
}

// liquidReferences are the places at which a text shows a step's result.
func liquidReferences(src string, from, to int, id string) []stretch {
	var out []stretch
	for _, o := range outlets(src, from, to) {
		for _, at := range liquidPath.FindAllStringIndex(src[o.start:o.end], -1) {
			start := o.start + at[0]
			path := strings.Split(src[start:o.start+at[1]], ".")
			if len(path) > 1 && path[0] == "steps" && path[1] == id && !quotedIn(src[o.start:start]) {
				start += len("steps.")
				out = append(out, stretch{start, start + len(id)})
			}
		}
	}
	return out
}
