// Package reference writes the reference pages from the code that does what
// they describe: documents and their keys, verbs, triggers, guards, functions,
// checks, and the JSON Schema. It holds no words of its own beyond headings. To add a page, add it to Pages.
package reference

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/guards"
	"holdfast/internal/project"
	"holdfast/internal/schema"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
	"holdfast/triggers"
)

// Pages are the pages by file name, complete.
func Pages() map[string]string {
	pages := map[string]string{
		"steps.md":     stepsPage(),
		"triggers.md":  triggersPage(),
		"guards.md":    guardsPage(),
		"functions.md": functionsPage(),
		"checks.md":    checksPage(),
		"playbook.md":  playbookPage(),
		"rules.md":     rulesPage(),
		"project.md":   projectPage(),
		"tests.md":     testsPage(),
		schema.File:    schema.JSON(),
	}
	for _, c := range project.Checks() {
		pages["checks/"+c.Name+".md"] = checkPage(c)
	}
	return pages
}

// Write puts the pages into dir.
func Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	pages := Pages()
	if err := os.MkdirAll(filepath.Join(dir, "checks"), 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(pages[name]), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// Stale are the names of pages in fsys that differ from what Write would put there.
func Stale(fsys fs.FS) []string {
	var out []string
	for name, want := range Pages() {
		if got, err := fs.ReadFile(fsys, name); err != nil || string(got) != want {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// page begins one.
func page(title, intro string) *strings.Builder {
	b := &strings.Builder{}
	fmt.Fprintf(b, "# %s\n\n%s\n\nGenerated from the code by `make gen`.\n", title, intro)
	return b
}

// cell is text that may stand in a table.
func cell(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "|", "\\|") }

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// entry is one thing that an author can write: what it does, its keys, an example.
func entry(b *strings.Builder, name, summary string, rows []source.KeyDoc, example string) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n", name, summary)
	table(b, rows)
	fmt.Fprintf(b, "\n```yaml\n%s\n```\n", strings.TrimSpace(example))
}

func table(b *strings.Builder, rows []source.KeyDoc) {
	if len(rows) == 0 {
		return
	}
	b.WriteString("\n| key | what stands there | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, f := range rows {
		fallback := code(strings.Trim(f.Default, "`"))
		if f.Required {
			fallback = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.Name, cell(f.Type), fallback, cell(meaning(f)))
	}
}

func stepsPage() string {
	b := page("Steps", "What a playbook does. Each step has an `id`, its verb, the keys below, and may have `if:`, a condition without which it is skipped.")
	for _, v := range steps.All {
		entry(b, v.Doc.Name, v.Doc.Summary, v.Doc.Fields, v.Doc.Example)
	}
	return b.String()
}

func triggersPage() string {
	b := page("Triggers", "Why a playbook starts. `trigger:` is one of these, or `any:` with a list of them and a `when:` that must hold whichever fires.")
	for _, k := range triggers.All {
		entry(b, k.Doc.Name, k.Doc.Summary, k.Doc.Fields, k.Doc.Example)
	}
	return b.String()
}

func guardsPage() string {
	b := page("Guards", "Why a touch does not go now, in the order they are asked. The reason stands on the timeline with each shift and skip.")
	b.WriteString("\n| reason | meaning |\n| --- | --- |\n")
	for _, g := range guards.All {
		fmt.Fprintf(b, "| `%s` | %s |\n", g.Name, cell(g.Summary))
	}
	return b.String()
}

func functionsPage() string {
	b := page("Functions", "What expressions can call besides CEL's own. One that reads the clock changes without an event, so conditions that use it are looked at by the scan.")
	for _, f := range rules.Functions {
		clock := ""
		if f.Clock {
			clock = " Reads the clock."
		}
		fmt.Fprintf(b, "\n## %s\n\n`%s`\n\n%s%s\n\n```\n%s\n```\n\ngives `%s`%s\n", f.Name, f.Signature, f.Summary, clock, f.Example.Expr, f.Example.Result, given(f.Example))
	}
	return b.String()
}

// given says under which facts an example gives its result.
func given(e rules.Example) string {
	var facts []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		facts = append(facts, name+" = "+e.Fields[name])
	}
	if e.Series != "" {
		facts = append(facts, "the metric's last days are "+e.Series)
	}
	if e.Now != "" {
		facts = append(facts, "now is "+e.Now)
	}
	if len(facts) == 0 {
		return ""
	}
	return ", when " + strings.Join(facts, ", ")
}
