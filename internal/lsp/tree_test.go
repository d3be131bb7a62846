package lsp

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/source"
)

// same holds a tree against what the project's own reader makes of the file.
func same(t *testing.T, name string, tr *tree, text *text, n *node, s *source.Node) {
	t.Helper()
	at := func(line, col int) int { return text.at(line, col) }
	switch s.Kind() {
	case source.Map:
		if n.kind != mapNode || len(n.entries) != len(s.Pairs()) {
			t.Errorf("%s:%d: a map of %d is %d with %d", name, s.Span().Line, len(s.Pairs()), n.kind, len(n.entries))
			return
		}
		for i, p := range s.Pairs() {
			e := n.entries[i]
			if sp := p.Key.Span(); e.key != p.Key.Text() || e.start != at(sp.Line, sp.Col) {
				t.Errorf("%s:%d: key %q at %d, want %q", name, sp.Line, e.key, e.start, p.Key.Text())
			}
			same(t, name, tr, text, e.val, p.Value)
		}
	case source.List:
		if n.kind != listNode || len(n.items) != len(s.Items()) {
			t.Errorf("%s:%d: a list of %d is %d with %d", name, s.Span().Line, len(s.Items()), n.kind, len(n.items))
			return
		}
		for i, it := range s.Items() {
			same(t, name, tr, text, n.items[i], it)
		}
	case source.Scalar:
		sp := s.Span()
		if n.kind != scalarNode {
			t.Errorf("%s:%d: %q is no scalar", name, sp.Line, s.Text())
			return
		}
		if n.style == '|' || n.style == '>' {
			return
		}
		if n.start != at(sp.Line, sp.Col) || !strings.Contains(s.Text(), "\n") && strings.Join(strings.Fields(tr.word(n)), " ") != strings.Join(strings.Fields(s.Text()), " ") {
			t.Errorf("%s:%d: got %q, want %q", name, sp.Line, tr.word(n), s.Text())
		}
	case source.Null:
		if n.kind != nullNode && tr.raw(n) != "null" { // a word that is written is a word to complete
			t.Errorf("%s: got %q for nothing", name, tr.raw(n))
		}
	}
}

func TestTheTolerantTreeIsTheRealOneWhereTheFileIsRight(t *testing.T) {
	t.Parallel()
	files := 0
	for _, dir := range []string{"playbooks/library", "rules/library", "examples", "internal/cli/scaffold"} {
		err := filepath.WalkDir(filepath.Join("../..", filepath.FromSlash(dir)), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".yaml" {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			tr := parseTree(string(b))
			docs, _ := source.Parse(path, b)
			var roots []*node
			for _, r := range tr.docs {
				if r.kind != nullNode {
					roots = append(roots, r)
				}
			}
			if len(roots) != len(docs) {
				t.Errorf("%s: %d documents, want %d", path, len(roots), len(docs))
				return nil
			}
			for i, doc := range docs {
				same(t, path, tr, newText(string(b)), roots[i], doc)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 15 {
		t.Errorf("only %d files were looked at", files)
	}
}
