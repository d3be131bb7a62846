package playbooks_test

import (
	"os"
	"path/filepath"
	"testing"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/playbooks"
)

// Whatever an author types is compiled or explained: findings lie in the file,
// and what compiles opens again as the same version.
func FuzzCompile(f *testing.F) {
	files, err := filepath.Glob("library/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal(files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(book(stops))
	f.Add(book("guardrails: {send_window: {days: [mon-fri], hours: \"09:00-17:00\"}, caps: [], avoid: x}", "exit: [{when: 'x', rest: {for: 1d}}]", "goal: []"))
	set := load(f, schema)
	f.Fuzz(func(t *testing.T, src string) {
		docs, _ := source.Parse("p.yaml", []byte(src))
		lines := len(diag.Lines(src))
		for _, doc := range docs {
			p, found := playbooks.Lint(doc, set, templates)
			if p == nil && !diag.Failed(found) {
				t.Error("no playbook, and nothing says why")
			}
			for _, d := range found {
				if d.Line < 1 || d.Line > lines || d.Col < 1 || d.Message == "" || d.Check == "" {
					t.Errorf("finding outside the file: %s", d)
				}
			}
			if p == nil {
				continue
			}
			again, err := playbooks.Open(p.Bundle, set)
			if err != nil || again.Digest != p.Digest {
				t.Errorf("a version does not open again: %v", err)
			}
		}
	})
}
