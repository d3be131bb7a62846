package playtest

import (
	"slices"
	"strings"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/steps"
)

// Expected is one entry of expect.
type Expected struct {
	At   diag.Span // of the entry
	Head string    // touch, task, outcome, ...; a verb for what only that verb tells
	Name string    // the step (or its path), outcome, or trigger
	When *Window   // nil: at any time
	Also []Detail  // by place

	node *source.Node
	when string // as written
}

// heads of the story, in the order of the guide; the verbs come beside them.
var heads = []string{"touch", "task", "done", "cannot", "expired", "asked", "approved", "denied", "review", "skip", "shift", "error", "goal", "outcome", "still", "start", "refused", "account"}

// expect reads the list of what must happen.
func (r *reader) expect(n *source.Node) {
	switch {
	case n.Kind() == source.Null:
		r.l.Warnf(r.t.At, "nothing-expected", "let holdfast test --update write it, or write expect: []", "the test has no expect yet")
		return
	case n.Kind() != source.List:
		r.l.Errorf(n.Span(), "wrong-type", "write a list of {at: +6bd, touch: opening}", "expect must be a list, not %s", n.Kind())
		return
	case len(n.Items()) > maxExpected:
		r.l.Errorf(n.Span(), "too-large", "split the test", "a test may expect %d things at most", maxExpected)
		return
	}
	for _, it := range n.Items() {
		if it.Kind() != source.Map {
			r.l.Errorf(it.Span(), "wrong-type", "write {at: +6bd, touch: opening}", "an entry of expect must be a map, not %s", it.Kind())
			continue
		}
		if fields := it.Get("account"); fields != nil {
			it.Strict(&r.l, "the account at the end", "account")
			r.atEnd(fields)
			continue
		}
		if e := r.entry(it); e != nil {
			r.t.Expect = append(r.t.Expect, e)
		}
	}
}

// entry reads one; nil with a finding.
func (r *reader) entry(it *source.Node) *Expected {
	e := &Expected{At: it.Span(), node: it}
	verbs := steps.Names()
	var head *source.Node
	for _, p := range it.Pairs() {
		if k := p.Key.Text(); slices.Contains(heads, k) || slices.Contains(verbs, k) {
			if head != nil {
				r.l.Errorf(p.Key.Span(), "unknown-key", "begin another entry", "an entry says one thing, and this one has %s already", e.Head)
				return nil
			}
			e.Head, head = k, p.Value
		}
	}
	if head == nil {
		r.headless(it, append(slices.Clone(heads), verbs...))
		return nil
	}
	e.Name = head.String(&r.l, e.Head)
	own, story := entryKeys[e.Head]
	if !story {
		own = verbKeys
	}
	it.Strict(&r.l, "an entry of expect", slices.Concat([]string{e.Head, "at", "between", "reason_has"}, own)...)
	if !r.named(e, head, story) {
		return nil
	}
	e.When = r.when(e, it)
	for _, p := range it.Pairs() {
		if k := p.Key.Text(); k == "reason_has" || slices.Contains(own, k) {
			r.detail(e, p)
		}
	}
	return e
}

// headless says that an entry has nothing to expect, or which key was meant.
func (r *reader) headless(it *source.Node, known []string) {
	for _, p := range it.Pairs() {
		k := p.Key.Text()
		if k == "at" || k == "between" || slices.Contains(verbKeys, k) {
			continue
		}
		r.l.Errorf(p.Key.Span(), "unknown-key", choose(k, known, "use one of "+strings.Join(heads, ", ")+", or a step's verb"), "unknown key %q in an entry of expect", k)
		return
	}
	r.l.Errorf(it.Span(), "missing-key", "add one of "+strings.Join(heads, ", ")+", or a step's verb", "this entry says no thing that should happen")
}

// named holds the name of an entry to what the playbook has.
func (r *reader) named(e *Expected, n *source.Node, story bool) bool {
	switch e.Head {
	case "goal", "outcome", "refused":
		return e.Name != ""
	case "start":
		var ids []string
		for _, t := range r.t.Case.Playbook.Triggers {
			ids = append(ids, t.ID)
		}
		if e.Name != "" && !slices.Contains(ids, e.Name) {
			r.l.Errorf(n.Span(), "unknown-trigger", choose(e.Name, ids, ""), "the playbook has no trigger %q", e.Name)
		}
		return e.Name != ""
	}
	s := r.step(n, e.Head)
	switch {
	case s == nil:
		return false
	case !story && s.Verb != e.Head:
		r.l.Errorf(n.Span(), "wrong-step", "write "+s.Verb+": "+e.Name+", or name another step", "step %s is no %s", s.ID, e.Head)
		return false
	}
	return true
}

// step finds the step of the playbook that n names, by id or path.
func (r *reader) step(n *source.Node, what string) *steps.Step {
	name := n.String(&r.l, what)
	if name == "" {
		return nil
	}
	var ids []string
	for _, b := range r.t.books {
		if s := steps.StepOf(b.Program, name); s != nil {
			return s
		}
		for _, s := range b.Program.Steps {
			ids = append(ids, s.ID)
		}
	}
	r.l.Errorf(n.Span(), "unknown-step", choose(name, ids, ""), "playbook %s has no step %q", r.t.Case.Playbook.Name, name)
	return nil
}
