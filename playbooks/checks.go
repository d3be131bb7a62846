package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

// Check is one thing that lint says about a playbook that would run: most are
// warnings. What cannot be read at all is said by the parts as they decode, and
// what concerns several files by the project. Its bad and its good case stand in
// testdata/checks/<name>.
type Check struct {
	diag.Check
	Run func(Subject)
}

// Subject is a playbook under check: it may be incomplete where it has errors,
// but its Program is never nil.
type Subject struct {
	Doc      *source.Node
	Playbook *Playbook
	Rules    *rules.Set
	Diags    *diag.List

	check diag.Check
	nodes map[string]*source.Node // of steps, by id
}

// Checks in the order of the reference.
var Checks = []Check{
	unreachableStep, deadBranch, deadExit, deadTrigger, openAnnouncement, unheardAnnouncement, readsSkippedStep, unusedAnswer,
	endlessLoop, endlessRestart, deafWait, openEndedWait, longHours,
	noStopOnReply, noGuardrails, winBack, noOptOut, weakSignal,
	discountReason, offerWithoutExchange, offerWithoutSunset, transactionalOffer,
}

// run all checks over p.
func runChecks(doc *source.Node, p *Playbook, set *rules.Set, l *diag.List) {
	s := Subject{Doc: doc, Playbook: p, Rules: set, Diags: l, nodes: map[string]*source.Node{}}
	for _, w := range walkSteps(doc.Get("steps")) {
		s.nodes[w.node.Get("id").Text()] = w.node
	}
	for _, c := range Checks {
		s.check = c.Check
		c.Run(s)
	}
}

// warning adds a finding that is one though others of the check are errors.
func (s Subject) warning(at diag.Span, hint, format string, args ...any) {
	s.check.Severity = diag.Warning
	s.warn(at, hint, format, args...)
}

// warn adds the check's finding.
func (s Subject) warn(at diag.Span, hint, format string, args ...any) {
	var l diag.List
	l.Warnf(at, s.check.Name, hint, format, args...)
	l.All[0].Severity = s.check.Severity
	s.Diags.Add(l.All...)
}

// steps with the verb, in file order.
func (s Subject) steps(verb string) []*steps.Step {
	var found []*steps.Step
	for _, st := range s.Playbook.Program.Steps {
		if st.Verb == verb {
			found = append(found, st)
		}
	}
	return found
}

// place of key in the step, or of the step.
func (s Subject) place(st *steps.Step, keys ...string) diag.Span {
	n := s.nodes[st.ID]
	for _, k := range keys {
		n = n.Get(k)
	}
	if n == nil {
		return st.Span
	}
	return n.Span()
}
