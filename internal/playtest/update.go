package playtest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
)

// Update is text, a file of tests, with the expect of each failing test among
// results made what happened. Entries that hold stay as they are written, with
// the comments below them, and so does everything outside expect. results are of
// that file. changed counts the tests rewritten; one that could not be played
// stays.
func Update(text string, results []Result) (updated string, changed int, err error) {
	lines := strings.SplitAfter(text, "\n")
	results = slices.Clone(results)
	slices.SortFunc(results, func(a, b Result) int { return cmp.Compare(b.Test.At.Line, a.Test.At.Line) }) // from below, so that lines keep their numbers
	for _, r := range results {
		if r.OK() || r.Err != nil {
			continue
		}
		from, to := section(lines, r.Test.doc)
		entries := r.entries(lines, to)
		fresh := append([]string{"expect:\n"}, entries...)
		if len(entries) == 0 {
			fresh = []string{"expect: []\n"}
		}
		if from > 0 && !strings.HasSuffix(lines[from-1], "\n") {
			lines[from-1] += "\n"
		}
		lines = slices.Replace(lines, from, to, fresh...)
		changed++
	}
	updated = strings.Join(lines, "")
	if !alike(text, updated) {
		return "", 0, fmt.Errorf("%s: its expect is written in a way that cannot be changed safely; write it as a list, one entry a line", results[0].Test.At.File)
	}
	return updated, changed, nil
}

// alike reports whether both texts read as the same documents but for expect.
func alike(before, after string) bool {
	rest := func(text string) (docs []any, ok bool) {
		all, found := source.Parse("", []byte(text))
		for _, doc := range all {
			value := doc.JSON()
			if m, ok := value.(map[string]any); ok {
				delete(m, "expect")
			}
			docs = append(docs, value)
		}
		return docs, !diag.Failed(found)
	}
	a, _ := rest(before)
	b, ok := rest(after)
	return ok && reflect.DeepEqual(a, b)
}

// section is the lines of a document's expect, from its key on; where there is
// none, the place after the document's last line.
func section(lines []string, doc *source.Node) (from, to int) {
	key := doc.Key("expect")
	if key == nil {
		from = doc.Span().Line
		for from < len(lines) && !separates(lines[from]) {
			from++
		}
		for from > 0 && idle(lines[from-1]) {
			from--
		}
		return from, from
	}
	from = key.Span().Line - 1
	for to = from + 1; to < len(lines) && within(lines[to]); to++ {
	}
	for to > from+1 && idle(lines[to-1]) {
		to--
	}
	return from, to
}

// within reports whether a line can belong to the value of a key at the margin.
func within(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "- ") || strings.ContainsRune(" \t#]}", rune(line[0]))
}

// idle reports whether a line is empty or a comment at the margin: those at the
// end of expect belong to what comes next.
func idle(line string) bool { return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") }

func separates(line string) bool {
	return strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...")
}

// entries are the lines of the new list.
func (r Result) entries(lines []string, end int) []string {
	kept := written(r.Test.doc.Get("expect"), lines, end)
	var out []string
	for _, row := range r.Rows {
		switch {
		case row.Got == nil:
		case row.Want == nil && row.Got.Matters:
			out = append(out, entry(row.Got.pairs()))
		case row.Want == nil:
		case len(row.Wrong) > 0 || kept[row.Want.node] == nil:
			out = append(out, entry(r.Test.mended(row.Want, row.Got)))
		default:
			out = append(out, kept[row.Want.node]...)
		}
	}
	for _, it := range r.Test.doc.Get("expect").Items() {
		if fields := it.Get("account"); fields != nil {
			out = append(out, r.fields(fields, kept[it])...)
		}
	}
	return out
}

// fields is the entry of the account at the end.
func (r Result) fields(n *source.Node, kept []string) []string {
	bad := slices.ContainsFunc(r.Fields, func(f Field) bool { return f.At.Line >= n.Span().Line })
	if !bad && kept != nil {
		return kept
	}
	var inner []string
	for _, f := range r.Test.final {
		value := "null"
		if have := r.Run.Account[f.field]; have != nil {
			value = quoted(words(have))
			if strings.HasPrefix(words(have), "[") {
				value = words(have)
			}
		}
		inner = append(inner, f.field+": "+value)
	}
	return []string{"  - {account: {" + strings.Join(inner, ", ") + "}}\n"}
}

// written are the lines of each item of a list that has one item a line or more.
func written(list *source.Node, lines []string, end int) map[*source.Node][]string {
	out := map[*source.Node][]string{}
	items := list.Items()
	for i, it := range items {
		from, to := it.Span().Line-1, end
		if i+1 < len(items) {
			to = items[i+1].Span().Line - 1
		}
		if from >= to || to > len(lines) || !strings.HasPrefix(strings.TrimSpace(lines[from]), "- ") {
			return nil
		}
		all := slices.Clone(lines[from:to])
		if last := len(all) - 1; !strings.HasSuffix(all[last], "\n") {
			all[last] += "\n"
		}
		if !strings.HasPrefix(all[0], "  - ") { // another indentation: all entries are to stand alike
			return nil
		}
		out[it] = all
	}
	return out
}
