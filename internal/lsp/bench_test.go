package lsp

import (
	"os"
	"strings"
	"testing"
)

// BenchmarkAnswers is how long an editor waits for an answer about the library's
// longest playbook, pipe and JSON included; findings are those of the whole
// project after a change of one letter.
func BenchmarkAnswers(b *testing.B) {
	text := readFileOf(b, "../../playbooks/library/renewal-90.yaml")
	c := open(b, map[string]string{})
	if err := os.CopyFS(c.dir+"/lib", os.DirFS("../../playbooks/library")); err != nil {
		b.Fatal(err)
	}
	name := "lib/renewal-90.yaml"
	uri := c.uri(name)
	tx := newText(text)
	place := func(word string, more int) position { return tx.position(strings.Index(text, word) + more) }
	c.edit(name, text)
	c.published(name, 1)

	step := strings.Index(text, "- id: ") + len("- id: ")
	for _, tt := range []struct {
		name, method string
		at           position
		newName      string
	}{
		{"completion of a key", "textDocument/completion", tx.position(strings.Index(text, "\nsteps:") + 1), ""},
		{"completion in an expression", "textDocument/completion", place("account.", len("account.")), ""},
		{"hover", "textDocument/hover", place("account.", len("account.")+1), ""},
		{"definition", "textDocument/definition", place("email: ", len("email: ")+1), ""},
		{"symbols", "textDocument/documentSymbol", position{}, ""},
		{"rename", "textDocument/rename", tx.position(step), "renamed"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			p := at(uri, tt.at)
			if tt.newName != "" {
				p["newName"] = tt.newName
			}
			for b.Loop() {
				if m := c.request(tt.method, p); m.Error != nil || string(m.Result) == "null" {
					b.Fatalf("%s %v", m.Result, m.Error)
				}
			}
		})
	}
	b.Run("findings", func(b *testing.B) {
		version := 1
		for b.Loop() {
			version++
			c.notify("textDocument/didChange", map[string]any{
				"textDocument":   map[string]any{"uri": uri, "version": version},
				"contentChanges": []any{map[string]any{"range": textRange{position{0, 0}, position{0, 0}}, "text": ""}},
			})
			c.published(name, version)
		}
	})
}

func readFileOf(tb testing.TB, path string) string {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}
