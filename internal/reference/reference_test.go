package reference_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdfast/guards"
	"holdfast/internal/reference"
	"holdfast/playbooks"
)

// What the commands are is held in cmd/holdfast, which has them.
func TestTheReferenceSaysWhatTheCodeDoes(t *testing.T) {
	t.Parallel()
	if stale := reference.Stale(os.DirFS("../../docs"), nil); len(stale) > 0 {
		t.Errorf("docs differ from the code: %v; run make gen", stale)
	}
}

func TestPagesOfWhatIsGoneAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	commands := []reference.Command{{Path: "lint", Short: "Check", Use: "holdfast lint"}}
	if err := reference.Write(dir, commands); err != nil {
		t.Fatal(err)
	}
	email, err := os.ReadFile(filepath.Join(dir, "reference", "steps", "email.md"))
	if err != nil {
		t.Fatal(err)
	}
	former := filepath.Join(dir, "reference", "steps", "telex.md")
	byHand := filepath.Join(dir, "reference", "steps", "notes.md")
	for name, text := range map[string]string{former: string(email), byHand: "# Notes\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := reference.Write(dir, commands); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(former); !os.IsNotExist(err) {
		t.Errorf("the page of a verb that is gone is still there: %v", err)
	}
	if _, err := os.Stat(byHand); err != nil {
		t.Errorf("a page written by hand was removed: %v", err)
	}
	if stale := reference.Stale(os.DirFS(dir), commands); len(stale) > 0 {
		t.Errorf("stale right after writing: %v", stale)
	}
}

func TestGuardsNameKeysThatThereAre(t *testing.T) {
	t.Parallel()
	var known []string
	for _, k := range playbooks.Doc.Keys {
		known = append(known, k.Name)
	}
	for _, g := range guards.All {
		for _, key := range g.Keys {
			if !slices.Contains(known, key) {
				t.Errorf("guard %s names %q, which is no key of a playbook", g.Name, key)
			}
		}
	}
}

func TestEveryTypeOfAKeyIsExplained(t *testing.T) {
	t.Parallel()
	pages := reference.Pages([]reference.Command{{Path: "lint", Short: "Check", Use: "holdfast lint"}})
	index := pages["reference/README.md"]
	row := regexp.MustCompile("(?m)^\\| `[^`]+` \\| (\\w+)")
	for name, text := range pages {
		if !strings.Contains(text, "| key | what stands there |") || !strings.HasSuffix(name, ".md") {
			continue
		}
		_, table, _ := strings.Cut(text, "| key | what stands there |")
		table, _, _ = strings.Cut(table, "\n\n")
		for _, m := range row.FindAllStringSubmatch(table, -1) {
			if !strings.Contains(index, "| "+m[1]+" | ") {
				t.Errorf("%s: what is %q?", name, m[1])
			}
		}
	}
}

func TestEveryPageHasAPlaceInTheIndexes(t *testing.T) {
	t.Parallel()
	pages := reference.Pages([]reference.Command{{Path: "lint", Short: "Check", Use: "holdfast lint"}})
	for name := range pages {
		below, ok := strings.CutPrefix(name, "reference/")
		if !ok || !strings.HasSuffix(name, ".md") || below == "README.md" {
			continue
		}
		if !strings.Contains(pages["reference/README.md"], "("+below+")") {
			t.Errorf("the index does not link %s", below)
		}
		if !strings.Contains(pages["llms.txt"], "("+name+")") && !strings.HasSuffix(name, "README.md") {
			t.Errorf("llms.txt does not link %s", name)
		}
	}
}
