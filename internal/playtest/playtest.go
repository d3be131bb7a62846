// Package playtest is the tests of playbooks, *.test.yaml: it reads them against
// the project's schema, plays each through the real workflow code on a simulated
// clock, and holds what happened to what was expected.
package playtest

import (
	"slices"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

// Suite is the tests of a project, by file and place. Immutable: tests may be
// played at the same time.
type Suite struct {
	Project *project.Project
	Tests   []*Test
}

// Test is one account's way through one playbook, and what must come of it.
type Test struct {
	Name    string
	At      diag.Span // of its name
	Case    sim.Case
	Partial bool // what Expect does not list may happen too

	Expect []*Expected

	doc   *source.Node
	books []*playbooks.Playbook // of the case, with those that they run
	zone  *time.Location        // of the account at the start
	days  calendar.Days
	owner string            // who `to: owner` means
	mails map[string]string // contact -> address
	final []finding         // fields of the account at the end
}

// finding is a field that must have a value at the end; nil: unset.
type finding struct {
	at    diag.Span
	field string
	want  any
}

// Most that a test may hold, so that a mistake is an answer and not a wait.
const (
	maxTests    = 2000
	maxMessages = 20_000 // that happen in one test
	maxExpected = 2000
	maxYears    = 5
	maxCells    = 250_000 // of the comparison
)

// Read reads the tests of p. The findings are all there are, sorted; a test with
// an error is left out, and so is one whose playbook does not compile.
func Read(p *project.Project) (*Suite, []diag.Diagnostic) {
	s := &Suite{Project: p}
	all := diag.List{All: slices.Clone(p.TestFindings)}
	var shared *source.Node
	seen := map[string]diag.Span{}
	for _, doc := range p.Tests {
		if shared != nil && shared.File() != doc.File() {
			shared = nil
		}
		if doc.Kind() != source.Map || len(doc.Pairs()) == 0 {
			all.Errorf(doc.Span(), "unknown-kind", "begin it with test: and what must hold", "a document must be a map")
			continue
		}
		switch key := doc.Pairs()[0].Key; key.Text() {
		case "given":
			doc.Strict(&all, "given", "given")
			shared = doc.Get("given")
		case "test":
			if len(seen) >= maxTests {
				all.Errorf(key.Span(), "too-large", "take some away", "the project has more than %d tests", maxTests)
				return s, diag.Sort(all.All)
			}
			r := newReader(s, doc, shared)
			t := r.test()
			all.Add(r.l.All...)
			if t == nil || r.l.Failed() {
				continue
			}
			if first, taken := seen[t.At.File+"\x00"+t.Name]; taken {
				all.Errorf(t.At, "duplicate-name", "say what tells it from the other", "the test of line %d has this name too", first.Line)
				continue
			}
			seen[t.At.File+"\x00"+t.Name] = t.At
			s.Tests = append(s.Tests, t)
		default:
			kinds := []string{"test", "given"}
			hint := "begin it with test: and what must hold"
			if near := source.Suggest(key.Text(), kinds); near != "" {
				hint = `did you mean "` + near + `"?`
			}
			all.Errorf(key.Span(), "unknown-kind", hint, "a document of tests cannot begin with %q", key.Text())
		}
	}
	return s, diag.Sort(all.All)
}

// Playbooks are the names of those that the tests are about, sorted.
func (s *Suite) Playbooks() []string {
	var names []string
	for _, t := range s.Tests {
		names = append(names, t.Case.Playbook.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// reader reads one test.
type reader struct {
	l      diag.List
	suite  *Suite
	rules  *rules.Set
	t      *Test
	doc    *source.Node
	givens []*source.Node // the shared one, then the test's own
	sent   int            // messages so far
	people []string       // ids of contacts
	spans  map[string]time.Time
}

func newReader(s *Suite, doc, shared *source.Node) *reader {
	r := &reader{suite: s, rules: s.Project.Rules, doc: doc, t: &Test{doc: doc}}
	for _, g := range []*source.Node{shared, doc.Get("given")} {
		if g.Kind() != source.Null {
			r.givens = append(r.givens, g)
		}
	}
	return r
}
