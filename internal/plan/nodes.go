package plan

import (
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/source"
)

// Op is what was done to a part.
type Op string

// The ops. Text: the words of the file changed, their meaning did not.
const (
	Added   Op = "add"
	Removed Op = "remove"
	Changed Op = "change"
	Moved   Op = "move"
	Renamed Op = "rename"
	Text    Op = "text"
)

// Change is one thing that a release changes.
type Change struct {
	Op   Op     `json:"op"`
	What string `json:"what"`          // "step settle", "exit", "template win-back/opening.de.md"
	Key  string `json:"key,omitempty"` // of it: "wait", "row 3 points"
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Note string `json:"note,omitempty"` // where it stands now, or what follows from it
}

// written is a node on one line, the same for all ways to write it. Keys that
// skip names are left out, at any depth.
func written(n *source.Node, skip func(key string) bool) string {
	switch n.Kind() {
	case source.Scalar:
		text := strings.Join(strings.Fields(n.Text()), " ")
		if n.Quoted() && plainly(text) {
			return strconv.Quote(text) // "5" is a text, 5 a number
		}
		return text
	case source.List:
		var items []string
		for _, it := range n.Items() {
			items = append(items, written(it, skip))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case source.Map:
		var pairs []string
		for _, p := range n.Pairs() {
			if skip == nil || !skip(p.Key.Text()) {
				pairs = append(pairs, p.Key.Text()+": "+written(p.Value, skip))
			}
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	case source.Null:
	}
	return ""
}

// plainly reports whether text would mean something else without its quotes.
func plainly(text string) bool {
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return true
	}
	return text == "true" || text == "false" || text == "null" || text == ""
}

// same compares two nodes whatever the order of their keys.
func same(a, b *source.Node, skip func(string) bool) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case source.Map:
		left := func(n *source.Node) map[string]*source.Node {
			m := map[string]*source.Node{}
			for _, p := range n.Pairs() {
				if skip == nil || !skip(p.Key.Text()) {
					m[p.Key.Text()] = p.Value
				}
			}
			return m
		}
		x, y := left(a), left(b)
		for key, v := range x {
			if w, ok := y[key]; !ok || !same(v, w, skip) {
				return false
			}
		}
		return len(x) == len(y)
	case source.List:
		return slices.EqualFunc(a.Items(), b.Items(), func(x, y *source.Node) bool { return same(x, y, skip) })
	case source.Scalar, source.Null:
	}
	return written(a, skip) == written(b, skip)
}

// differ compares what stands under key of what, and goes into maps and rows.
func differ(what, key string, a, b *source.Node, skip func(string) bool) []Change {
	switch {
	case a == nil && b == nil, a != nil && b != nil && same(a, b, skip):
		return nil
	case a == nil:
		return []Change{{Op: Added, What: what, Key: key, New: written(b, skip)}}
	case b == nil:
		return []Change{{Op: Removed, What: what, Key: key, Old: written(a, skip)}}
	case a.Kind() == source.Map && b.Kind() == source.Map:
		var all []Change
		for _, k := range keysOf(a, b) {
			if skip == nil || !skip(k) {
				all = append(all, differ(what, join(key, k), a.Get(k), b.Get(k), skip)...)
			}
		}
		return all
	case rows(a) && rows(b):
		return differRows(what, key, a.Items(), b.Items(), skip)
	}
	return []Change{{Op: Changed, What: what, Key: key, Old: written(a, skip), New: written(b, skip)}}
}

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

// keysOf both maps, in the order of b, those that are gone last.
func keysOf(a, b *source.Node) []string {
	var keys []string
	for _, n := range []*source.Node{b, a} {
		for _, p := range n.Pairs() {
			if !slices.Contains(keys, p.Key.Text()) {
				keys = append(keys, p.Key.Text())
			}
		}
	}
	return keys
}

// rows reports whether n is a list of maps.
func rows(n *source.Node) bool {
	return n.Kind() == source.List && slices.ContainsFunc(n.Items(), func(it *source.Node) bool { return it.Kind() == source.Map })
}

// naming are the keys that tell one row of a list from another.
var naming = []string{"id", "name", "arm", "on", "when", "if", "event", "what", "of"}

func nameOf(n *source.Node) string {
	for _, key := range naming {
		if v := n.Get(key); v != nil {
			return key + " " + written(v, nil)
		}
	}
	return ""
}

// differRows pairs the rows of two lists: those that are the same, then those of
// one name, then what is left in its order.
func differRows(what, key string, a, b []*source.Node, skip func(string) bool) []Change {
	pair := make([]int, len(b)) // of each row of b: its row of a, or -1
	taken := map[int]bool{}
	for j := range b {
		pair[j] = -1
	}
	match := func(fits func(x, y *source.Node) bool) {
		for j, y := range b {
			if pair[j] >= 0 {
				continue
			}
			for i, x := range a {
				if !taken[i] && fits(x, y) {
					pair[j], taken[i] = i, true
					break
				}
			}
		}
	}
	match(func(x, y *source.Node) bool { return same(x, y, skip) })
	match(func(x, y *source.Node) bool { return nameOf(x) != "" && nameOf(x) == nameOf(y) })
	match(func(x, y *source.Node) bool {
		return x.Kind() == source.Map && y.Kind() == source.Map && len(a) == len(b)
	})

	var all []Change
	row := func(n int) string { return join(key, "row "+strconv.Itoa(n+1)) }
	for j, y := range b {
		if pair[j] < 0 {
			all = append(all, Change{Op: Added, What: what, Key: row(j), New: written(y, skip)})
			continue
		}
		all = append(all, differ(what, row(j), a[pair[j]], y, skip)...)
	}
	for i, x := range a {
		if !taken[i] {
			all = append(all, Change{Op: Removed, What: what, Key: row(i), Old: written(x, skip)})
		}
	}
	kept := slices.DeleteFunc(slices.Clone(pair), func(i int) bool { return i < 0 })
	if !slices.IsSorted(kept) {
		all = append(all, Change{Op: Moved, What: what, Key: key, Note: "its rows stand in another order"})
	}
	return all
}
