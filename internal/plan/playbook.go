// Package plan says what a change would do before it is made: what a directory
// changes of what is published, and what becomes of every enrollment that runs.
// It reads compiled projects, versions and states, and writes nothing.
package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/internal/source"
	"holdfast/playbooks"
)

// document is the text of a bundle's document as a node, or nil.
func document(name, text string) *source.Node {
	docs, _ := source.Parse(name, []byte(text))
	if len(docs) == 0 {
		return nil
	}
	return docs[0]
}

// Bundles says what a version changes of another of the same playbook: its own
// parts, the rules it reaches, and its templates. One that only reads otherwise
// is a single change of kind text; the same version is none.
func Bundles(old, now playbooks.Bundle) []Change {
	if old.Digest() == now.Digest() {
		return nil
	}
	var all []Change
	for _, name := range union(old.Docs, now.Docs) {
		a, b := document(name, old.Docs[name]), document(name, now.Docs[name])
		if name == "playbook" {
			all = append(all, playbookChanges(a, b)...)
			continue
		}
		kind, of, _ := strings.Cut(name, ":")
		what := kind + " " + of
		switch {
		case a == nil:
			all = append(all, Change{Op: Added, What: what, Note: "the playbook reaches it now"})
		case b == nil:
			all = append(all, Change{Op: Removed, What: what, Note: "the playbook does not reach it any more"})
		default:
			all = append(all, differ(what, "", a, b, nil)...)
		}
	}
	for _, file := range union(old.Files, now.Files) {
		all = append(all, fileChange(file, old.Files, now.Files)...)
	}
	if len(all) == 0 {
		return []Change{{Op: Text, What: "text only", Note: "formatting or comments; what it does is the same"}}
	}
	return all
}

func union[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)))))
}

// parts of a playbook in the order in which people think of it.
var parts = []string{"title", "class", "owner", "lane", "trigger", "enroll", "goal", "exit", "guardrails"}

func playbookChanges(a, b *source.Node) []Change {
	var all []Change
	keys := slices.DeleteFunc(keysOf(a, b), func(k string) bool {
		return k == "playbook" || k == "steps" || slices.Contains(parts, k)
	})
	for _, key := range append(slices.Clone(parts), keys...) {
		all = append(all, differ(key, "", a.Get(key), b.Get(key), nil)...)
	}
	for i, c := range all {
		all[i].Note = effect(c)
	}
	return append(all, stepChanges(a, b)...)
}

// effect is when a change of a part is felt by whom.
func effect(c Change) string {
	switch c.What {
	case "trigger", "enroll":
		return "for new entries"
	case "exit", "goal", "guardrails", "lane", "class":
		return "for new entries, and for those that run from their move on"
	}
	return c.Note
}

// fileChange counts what changed in a template.
func fileChange(file string, old, now map[string]string) []Change {
	a, hadIt := old[file]
	b, hasIt := now[file]
	what := "template " + strings.TrimPrefix(file, "templates/")
	switch {
	case a == b && hadIt == hasIt:
		return nil
	case !hadIt:
		return []Change{{Op: Added, What: what}}
	case !hasIt:
		return []Change{{Op: Removed, What: what}}
	}
	more, fewer := lines(a, b)
	c := Change{Op: Changed, What: what, Note: fmt.Sprintf("%d lines more, %d fewer", len(more), len(fewer))}
	if len(more)+len(fewer) == 0 {
		c.Note = "spaces at the ends of lines"
	}
	if len(more) == 1 && len(fewer) == 1 {
		c.Old, c.New, c.Note = fewer[0], more[0], ""
	}
	return []Change{c}
}

// lines are those that b has more and fewer than a, by their longest common run.
func lines(a, b string) (more, fewer []string) {
	x, y := splitLines(a), splitLines(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	if len(x)*len(y) > 1<<22 {
		return y, x // too long to be read in any case
	}
	common := make([][]int, len(x)+1)
	for i := range common {
		common[i] = make([]int, len(y)+1)
	}
	for i, before := range slices.Backward(x) {
		for j, after := range slices.Backward(y) {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if before == after {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(x) || j < len(y) {
		switch {
		case i < len(x) && j < len(y) && x[i] == y[j]:
			i, j = i+1, j+1
		case j == len(y) || (i < len(x) && common[i+1][j] >= common[i][j+1]):
			fewer, i = append(fewer, x[i]), i+1
		default:
			more, j = append(more, y[j]), j+1
		}
	}
	return more, fewer
}

func splitLines(s string) []string {
	all := strings.Split(s, "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " \t\r")
	}
	return all
}
