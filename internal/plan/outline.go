package plan

import (
	"slices"
	"strings"

	"holdfast/internal/source"
)

// outlined is a step where it stands.
type outlined struct {
	id, was string
	node    *source.Node
	block   string // that it stands in: "" at the top, else "fork, else"
	after   string // the id of the step before it in its block; "" the first
}

// outline is the steps of a playbook document in file order, those inside others
// after them.
func outline(doc *source.Node) []outlined { return listed(doc.Get("steps"), "", nil) }

func listed(list *source.Node, block string, all []outlined) []outlined {
	after := ""
	for _, n := range list.Items() {
		s := outlined{id: n.Get("id").Text(), was: n.Get("was").Text(), node: n, block: block, after: after}
		all = append(all, s)
		all = inside(n, s.id, "", all)
		after = s.id
	}
	return all
}

// inside finds the step lists below a step, and what tells one from another.
func inside(n *source.Node, step, label string, all []outlined) []outlined {
	for _, p := range n.Pairs() {
		if p.Key.Text() == "steps" {
			all = listed(p.Value, join2(step, label), all)
			continue
		}
		if p.Value.Kind() == source.Map || p.Value.Kind() == source.List {
			l := label
			if p.Key.Text() == "on_error" {
				l = "on_error"
			}
			all = inside(p.Value, step, l, all)
		}
	}
	for _, it := range n.Items() {
		l := label
		switch {
		case it.Get("else") != nil:
			l = "else"
		case nameOf(it) != "":
			l = nameOf(it)
		}
		all = inside(it, step, l, all)
	}
	return all
}

func join2(step, label string) string {
	if label == "" {
		return step
	}
	return step + ", " + label
}

// ownKeys leaves out of a step what is said of it elsewhere.
func ownKeys(key string) bool { return key == "steps" || key == "id" || key == "was" }

// stepChanges are what became of a playbook's steps.
func stepChanges(old, now *source.Node) []Change {
	a, b := outline(old), outline(now)
	from := map[string]outlined{}
	for _, s := range a {
		from[s.id] = s
	}
	var all []Change
	kept := map[string]string{} // new id -> old id
	gone := map[string]bool{}
	for _, s := range a {
		gone[s.id] = true
	}
	for _, s := range b {
		was := s.id
		if _, ok := from[was]; !ok {
			was = s.was
		}
		if _, ok := from[was]; ok {
			kept[s.id] = was
			delete(gone, was)
		}
	}
	moved := movedSteps(a, b, kept)
	for _, s := range b {
		what := "step " + s.id
		was, ok := kept[s.id]
		if !ok {
			all = append(all, Change{Op: Added, What: what, New: written(s.node, ownKeys), Note: s.place()})
			continue
		}
		if was != s.id {
			all = append(all, Change{Op: Renamed, What: what, Old: was, New: s.id})
		}
		if moved[s.id] {
			all = append(all, Change{Op: Moved, What: what, Old: from[was].place(), New: s.place()})
		}
		all = append(all, differ(what, "", from[was].node, s.node, ownKeys)...)
	}
	for _, s := range a {
		if gone[s.id] {
			all = append(all, Change{Op: Removed, What: "step " + s.id, Old: written(s.node, ownKeys), Note: "it stood " + s.place()})
		}
	}
	return all
}

// place in words.
func (s outlined) place() string {
	switch {
	case s.after != "":
		return "after " + s.after
	case s.block != "":
		return "first in " + s.block
	}
	return "first of all"
}

// movedSteps are those that stand in another block, or in another order beside
// the rest of theirs: the fewest that explain it.
func movedSteps(a, b []outlined, kept map[string]string) map[string]bool {
	place := map[string]int{}
	blockOf := map[string]string{}
	newID := map[string]string{}
	for id, was := range kept {
		newID[was] = id
	}
	for i, s := range a {
		place[s.id], blockOf[s.id] = i, s.block
	}
	moved := map[string]bool{}
	blocks := map[string][]string{}
	for _, s := range b {
		was, ok := kept[s.id]
		if !ok {
			continue
		}
		holder, label := cut(blockOf[was])
		if renamed := newID[holder]; renamed != "" {
			holder = renamed
		}
		if nowHolder, nowLabel := cut(s.block); nowHolder != holder || (nowLabel != label && anotherArm(a, b, was, s)) {
			moved[s.id] = true
			continue
		}
		blocks[s.block] = append(blocks[s.block], s.id)
	}
	for _, ids := range blocks {
		for _, id := range outOfOrder(ids, func(id string) int { return place[kept[id]] }) {
			moved[id] = true
		}
	}
	return moved
}

// cut splits where a step stands into the step that holds it, and the arm.
func cut(block string) (holder, label string) {
	holder, label, _ = strings.Cut(block, ", ")
	return holder, label
}

// anotherArm tells a step that went to another arm from one whose arm got
// another condition: the arm it came from is still there then.
func anotherArm(a, b []outlined, was string, s outlined) bool {
	i := slices.IndexFunc(a, func(o outlined) bool { return o.id == was })
	_, label := cut(a[i].block)
	holder, _ := cut(s.block)
	return slices.ContainsFunc(b, func(o outlined) bool {
		h, l := cut(o.block)
		return h == holder && l == label
	})
}

// outOfOrder are the fewest ids to take out so that the rest rise.
func outOfOrder(ids []string, place func(string) int) []string {
	best := make([]int, len(ids)) // length of the longest rising run that ends at i
	prev := make([]int, len(ids))
	last := -1
	for i := range ids {
		best[i], prev[i] = 1, -1
		for j := range i {
			if place(ids[j]) < place(ids[i]) && best[j] >= best[i] {
				best[i], prev[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	rise := map[int]bool{}
	for i := last; i >= 0; i = prev[i] {
		rise[i] = true
	}
	var out []string
	for i, id := range ids {
		if !rise[i] {
			out = append(out, id)
		}
	}
	return out
}
