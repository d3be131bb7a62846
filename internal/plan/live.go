package plan

import (
	"maps"
	"path"
	"slices"
	"strings"

	"holdfast/internal/source"
)

// live are the kinds of documents that hold for all versions at once, and what a
// change of one means for what runs.
var live = map[string]string{
	"schema":  "for every version at once",
	"event":   "for every version at once",
	"object":  "for every version at once",
	"mapping": "from now on: what came in before is not mapped again",
	"metric":  "from now on: days that are counted already stay as they are",
	"project": "for every version at once; waits that run keep their moment, channels change at the next start of the server",
	"lanes":   "for every version at once",
	"source":  "from now on: what came in before stays as it is",
	"team":    "for every version at once; tasks that are open stay with whom they have",
}

// Live says what changes in a project's live parts, from its Files and those of
// the release before. A nil old has none.
func Live(old, now map[string]string) []Change {
	a, b := liveDocs(old), liveDocs(now)
	var all []Change
	for _, name := range union(a, b) {
		kind, _, _ := strings.Cut(name, " ")
		var found []Change
		switch {
		case len(a[name]) == 0:
			found = []Change{{Op: Added, What: name}}
		case len(b[name]) == 0:
			found = []Change{{Op: Removed, What: name}}
		default:
			found = differAll(name, a[name], b[name])
		}
		for _, c := range found {
			c.Note = live[kind]
			all = append(all, c)
		}
	}
	return all
}

// differAll compares documents of one name: one each, or several that add up.
func differAll(what string, a, b []*source.Node) []Change {
	if len(a) == 1 && len(b) == 1 {
		return differ(what, "", a[0], b[0], nil)
	}
	var all []Change
	fields := func(docs []*source.Node) map[string]*source.Node {
		m := map[string]*source.Node{}
		for _, d := range docs {
			for _, p := range d.Get("fields").Pairs() {
				m[p.Key.Text()] = p.Value
			}
		}
		return m
	}
	x, y := fields(a), fields(b)
	for _, f := range union(x, y) {
		all = append(all, differ(what, "fields "+f, x[f], y[f], nil)...)
	}
	return all
}

// liveDocs are the documents by kind and name. One of the project's own takes
// the place of the library's, but for schemas and events, which add up.
func liveDocs(files map[string]string) map[string][]*source.Node {
	docs := map[string][]*source.Node{}
	shipped := map[string]bool{}
	names := slices.Sorted(maps.Keys(files))
	slices.SortStableFunc(names, func(x, y string) int { return strings.Compare(first(x), first(y)) })
	for _, file := range names {
		if path.Ext(file) != ".yaml" || strings.HasPrefix(file, "templates/") {
			continue
		}
		parsed, _ := source.Parse(file, []byte(files[file]))
		for _, doc := range parsed {
			if len(doc.Pairs()) == 0 {
				continue
			}
			kind := doc.Pairs()[0].Key.Text()
			if _, ok := live[kind]; !ok {
				continue
			}
			name := kind
			if kind != "project" && kind != "team" && kind != "lanes" {
				name += " " + doc.Get(kind).Text()
			}
			fromLibrary := strings.HasPrefix(file, "library/")
			if shipped[name] && !fromLibrary && kind != "schema" && kind != "event" {
				docs[name] = nil
			}
			shipped[name] = fromLibrary
			docs[name] = append(docs[name], doc)
		}
	}
	return docs
}

// first sorts the library before the project's own.
func first(file string) string {
	if strings.HasPrefix(file, "library/") {
		return "0"
	}
	return "1"
}
