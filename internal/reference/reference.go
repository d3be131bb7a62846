// Package reference writes docs/reference, llms.txt and llms-full.txt from the
// code that does what they describe: a folder for each kind of thing and a page
// for each thing, the documents and their keys, and the JSON Schema. It holds no
// words of its own beyond headings and what leads into a folder. To add a folder,
// add a part to parts.
package reference

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"holdfast/internal/schema"
)

// folder of the pages below the docs.
const folder = "reference"

// Pages are all generated files by their path below docs/, complete. The
// commands are given, since they know what a binary links; without them the
// pages that name them (commands/, the index, llms.txt, llms-full.txt) are left out.
func Pages(commands []Command) map[string]string {
	pages := map[string]string{path.Join(folder, schema.File): schema.JSON()}
	all := parts(commands)
	for _, p := range all {
		if p.dir != "" {
			pages[path.Join(folder, p.dir, "README.md")] = p.indexPage()
		}
		for _, t := range p.things {
			pages[path.Join(folder, p.dir, t.file)] = t.page
		}
	}
	if commands != nil {
		pages[path.Join(folder, "README.md")] = indexPage(all)
		pages["llms.txt"] = llms(all)
		pages["llms-full.txt"] = llmsFull(all)
	}
	return pages
}

// Write puts the pages into the docs directory, and removes those below
// reference/ that it once wrote and that nothing stands for any more.
func Write(docs string, commands []Command) error {
	pages := Pages(commands)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		file := filepath.Join(docs, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("make %s: %w", filepath.Dir(file), err)
		}
		if err := os.WriteFile(file, []byte(pages[name]), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	gone, err := Gone(os.DirFS(docs), commands)
	for _, name := range gone {
		err = errors.Join(err, os.Remove(filepath.Join(docs, filepath.FromSlash(name))))
	}
	if err != nil {
		return fmt.Errorf("remove what is gone: %w", err)
	}
	return nil
}

// Stale are the paths of pages in the docs that differ from what Write would put there.
func Stale(docs fs.FS, commands []Command) []string {
	var out []string
	for name, want := range Pages(commands) {
		if got, err := fs.ReadFile(docs, name); err != nil || string(got) != want {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Gone are the paths of generated pages below reference/ that stand for nothing.
func Gone(docs fs.FS, commands []Command) ([]string, error) {
	pages := Pages(commands)
	var gone []string
	err := fs.WalkDir(docs, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || pages[name] != "" || path.Ext(name) != ".md" {
			return err
		}
		text, err := fs.ReadFile(docs, name)
		if bytes.Contains(text, []byte(mark)) || bytes.Contains(text, []byte(formerMark)) {
			gone = append(gone, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look through the pages: %w", err)
	}
	return gone, nil
}

// part is a folder of pages, or with dir "" pages beside the folders.
type part struct {
	dir, title string
	intro      string // Markdown that leads in: what is common to all things of it
	things     []thing
	listed     bool // llms-full.txt has a line for each thing, and not its page
}

// thing is what a page is about.
type thing struct {
	name, says string // says is one line
	file, page string
}

// one is the first sentence of a summary.
func one(summary string) string {
	for i := range len(summary) - 1 {
		if strings.ContainsRune(".!?", rune(summary[i])) && summary[i+1] == ' ' {
			return summary[:i+1]
		}
	}
	return summary
}
