package holdfast_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryPromiseNamesTestsThatExist reads docs/invariants.md.
func TestEveryPromiseNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			there[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("docs/invariants.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.TrimSpace(cells[1]) == "#" || strings.Contains(cells[1], "-") {
			continue
		}
		rows++
		named := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(cells[3], -1)
		if len(named) == 0 {
			t.Errorf("promise %s names no test", strings.TrimSpace(cells[1]))
		}
		for _, m := range named {
			if !there[m[1]] {
				t.Errorf("promise %s is kept by %s, which does not exist", strings.TrimSpace(cells[1]), m[1])
			}
		}
	}
	if rows < 13 {
		t.Errorf("%d promises, want 13 or more", rows)
	}
}

// TestWorkflowCodeIsChecked holds workflowcheck in `make test` and in CI. The
// tool itself runs there: here it would need its own module.
func TestWorkflowCodeIsChecked(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`(?m)^test:.*\bworkflowcheck\b`, `(?m)^workflowcheck:.*\n(?:.*\n)?\t.*workflowcheck .*\./workflows/\.\.\.`} {
		if !regexp.MustCompile(want).Match(text) {
			t.Errorf("the Makefile has no %s", want)
		}
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil || !regexp.MustCompile(`(?m)^exec make test`).Match(ci) {
		t.Errorf("CI does not run make test: %v\n%s", err, ci)
	}
}
