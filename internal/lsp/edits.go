package lsp

import (
	"cmp"
	"slices"
	"strings"

	"holdfast/internal/schema"
)

// edits of one text, gathered in any order.
type edits struct {
	text *text
	all  []edit
}

type edit struct {
	start, end int
	with       string
}

func newEdits(s string) *edits { return &edits{text: newText(s)} }

// replace a stretch, once.
func (e *edits) replace(start, end int, with string) {
	if !slices.ContainsFunc(e.all, func(o edit) bool { return o.start == start && o.end == end }) {
		e.all = append(e.all, edit{start, end, with})
	}
}

// was says in step id, which becomes name, what it was called. A step that is
// given back its former id says nothing any more.
func (e *edits) was(t *tree, root *node, kind *schema.Kind, id, name string) {
	for _, s := range stepsOf(t, root, kind) {
		if s.id != id || s.idNode == nil {
			continue
		}
		former := s.node.get("was")
		switch {
		case former != nil && t.word(former) == name:
			e.removeEntry(t, former.of)
		case former != nil:
			start, end := former.inner(t.src)
			e.replace(start, end, id)
		case s.node.flow:
			e.all = append(e.all, edit{s.idNode.end, s.idNode.end, ", was: " + id})
		default:
			of := s.idNode.of
			line := strings.LastIndexByte(t.src[:of.start], '\n') + 1
			indent := strings.Map(func(r rune) rune {
				if r == '\t' {
					return r
				}
				return ' '
			}, t.src[line:of.start])
			at := e.text.lineEnd(lineOf(e.text.lines, s.idNode.end))
			e.all = append(e.all, edit{at, at, "\n" + indent + "was: " + id})
		}
	}
}

// removeEntry takes a key and its value out of a map.
func (e *edits) removeEntry(t *tree, en *entry) {
	start, end := en.start, en.val.end
	if en.in.flow {
		for start > 0 && strings.IndexByte(" ,\n\t", t.src[start-1]) >= 0 {
			start--
		}
	} else {
		start = strings.LastIndexByte(t.src[:start], '\n')
		start = max(start, 0)
	}
	e.replace(start, end, "")
}

// done are the edits in the order of the text, and the text after them.
func (e *edits) done() ([]textEdit, string) {
	slices.SortStableFunc(e.all, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var list []textEdit
	var out strings.Builder
	at := 0
	for _, x := range e.all {
		if x.start < at {
			continue // never two of one place
		}
		list = append(list, textEdit{e.text.rng(x.start, x.end), x.with})
		out.WriteString(e.text.s[at:x.start])
		out.WriteString(x.with)
		at = x.end
	}
	out.WriteString(e.text.s[at:])
	return list, out.String()
}

// ofCast are the words of a cast that name a step of a playbook: each act says
// of which.
func ofCast(t *tree, root *node, playbook, id string) []stretch {
	var out []stretch
	var walk func(n *node, about string)
	walk = func(n *node, about string) {
		if n == nil {
			return
		}
		if own := t.word(n.get("playbook")); own != "" {
			about = own
		}
		for _, it := range n.items {
			walk(it, about)
		}
		for _, e := range n.entries {
			if about == playbook && e.key == "step" && t.word(e.val) == id {
				start, end := e.val.inner(t.src)
				out = append(out, stretch{start, end})
			}
			walk(e.val, about)
		}
	}
	walk(root, "")
	return out
}
