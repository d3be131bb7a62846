package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"holdfast/internal/cli"
	"holdfast/internal/reference"
)

func TestThePagesOfTheCommandsSayWhatTheyDo(t *testing.T) {
	t.Parallel()
	docs := os.DirFS("../../docs")
	gone, err := reference.Gone(docs, cli.Reference())
	if err != nil {
		t.Fatal(err)
	}
	if stale := append(reference.Stale(docs, cli.Reference()), gone...); len(stale) > 0 {
		t.Errorf("docs differ from the code: %v; run make gen", stale)
	}
}

// Pages of docs/start are sessions: their files (yaml blocks with a title) are
// written and their commands (sh blocks) run, in the order of the page.
func TestThePagesOfTheStartRun(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/start/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	dir := t.TempDir()
	var scripts []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(dir, strings.TrimSuffix(filepath.Base(page), ".md")+".txtar")
		if err := os.WriteFile(script, []byte(session(t, page, string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, script)
	}
	testscript.Run(t, testscript.Params{Files: scripts, RequireExplicitExec: true})
}

var fence = regexp.MustCompile("(?ms)^```(\\S+)(?: title=(\\S+))?\n(.*?)^```$")

// session is a page as a script. A file is copied into place when the page comes
// to it, so that what makes its directory may come first.
func session(t *testing.T, page, text string) string {
	t.Helper()
	var commands, files strings.Builder
	n := 0
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		kind, title, body := m[1], m[2], m[3]
		switch {
		case kind == "sh":
			for line := range strings.Lines(body) {
				words := strings.Fields(line)
				for i, w := range words {
					if strings.Contains(w, "#") {
						words[i] = "'" + w + "'"
					}
				}
				if len(words) > 0 {
					fmt.Fprintf(&commands, "exec %s\n", strings.Join(words, " "))
				}
			}
		case title != "":
			n++
			fmt.Fprintf(&commands, "cp page_%d %s\n", n, title)
			fmt.Fprintf(&files, "-- page_%d --\n%s", n, body)
		}
	}
	if commands.Len() == 0 {
		t.Errorf("%s runs nothing", page)
	}
	return commands.String() + files.String()
}
