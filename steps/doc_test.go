package steps_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"holdfast/steps"
)

// Every verb says how it ends and what it leaves for later steps, and says no
// more than it does: the examples, written out in full, have those fields.
func TestEveryVerbSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	fuller := map[string]string{
		"parallel": "id: both\nparallel: {join: any, arms: [{id: a, steps: [{id: x, wait: 1d}]}, {id: b, steps: [{id: y, wait: 1d}]}]}\n",
		"run":      "id: sub\nrun: post-save\nwait: true\n",
	}
	for _, v := range steps.All {
		if v.Doc.Played == "" || (v.Doc.Outcomes == nil) != (v.Doc.Name == "end") {
			t.Errorf("%s does not say what test and simulate make of it, or how it ends", v.Doc.Name)
		}
		src := v.Doc.Example
		if s, ok := fuller[v.Doc.Name]; ok {
			src = s
		}
		_, p := compiled(t, "- "+strings.ReplaceAll(strings.TrimSpace(src), "\n", "\n  ")+"\n")
		left := p.Steps[0].Fields()
		delete(left, "outcome")
		delete(left, "at")
		var said []string
		chosen := false
		for _, f := range v.Doc.Results {
			switch f.Name {
			case "*":
				chosen = true
			case "pass": // read inside the loop alone
			default:
				said = append(said, f.Name)
			}
		}
		slices.Sort(said)
		if got := slices.Sorted(maps.Keys(left)); !chosen && !slices.Equal(got, said) {
			t.Errorf("%s leaves %v, and its Doc says %v", v.Doc.Name, got, said)
		}
	}
}

// ended checks that each result kept in st ends by a word of its verb's Doc.
func (w *world) ended(st steps.State) {
	w.t.Helper()
	known := map[string]bool{}
	for _, v := range steps.All {
		for _, o := range append(v.Doc.Outcomes, steps.CommonOutcomes...) {
			known[v.Doc.Name+" "+o.Word] = true
		}
	}
	check := func(done map[string]steps.Result) {
		for id, r := range done {
			if s := w.p.ByID[id]; s != nil && !known[s.Verb+" "+r.Outcome] {
				w.t.Errorf("%s %s ends as %q, which its Doc does not name", s.Verb, id, r.Outcome)
			}
		}
	}
	check(st.Done)
	for _, a := range st.Arms {
		check(a.Done)
	}
}
