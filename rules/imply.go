package rules

import (
	"slices"

	"github.com/google/cel-go/common/operators"
)

// Never reports that nothing makes condition e true, such as a > 5 && a < 3.
// false means that something does, or that it cannot be told.
func (e *Expr) Never() bool { return implied(e, nil) }

// Contradict reports that nothing makes all of es true at one time; nil ones
// ask nothing. false means that something does, or that it cannot be told.
func Contradict(es ...*Expr) bool {
	conds := logics(es)
	if len(conds) == 0 {
		return false
	}
	return implied(&Expr{logic: &logic{op: opAnd, kids: conds}}, nil)
}

// Always reports that e is true whatever is known or not, such as true.
func (e *Expr) Always() bool { return Covered([]*Expr{e}) }

// Implied reports that wherever e is true, one of earlier is: a list that is
// tried in order never comes to e. false means that it does, or that it cannot
// be told.
func (e *Expr) Implied(earlier []*Expr) bool { return len(logics(earlier)) > 0 && implied(e, earlier) }

// Covered reports that one of es is true whatever the values are, unset ones
// included: what stands behind them is never reached.
func Covered(es []*Expr) bool {
	conds := logics(es)
	s := spaceOf(conds)
	if s == nil || len(conds) == 0 {
		return false
	}
	all := true
	s.walk(func(where map[string]cell, _ []int) bool {
		all = anyTrue(conds, where)
		return all
	})
	return all
}

func implied(e *Expr, earlier []*Expr) bool {
	if e == nil || e.logic == nil {
		return false
	}
	before := logics(earlier)
	s := spaceOf(append([]*logic{e.logic}, before...))
	if s == nil {
		return false
	}
	dead := true
	s.walk(func(where map[string]cell, _ []int) bool {
		dead = e.logic.at(where) != True || anyTrue(before, where)
		return dead
	})
	return dead
}

func logics(es []*Expr) []*logic {
	var out []*logic
	for _, e := range es {
		if e != nil && e.logic != nil {
			out = append(out, e.logic)
		}
	}
	return out
}

func anyTrue(conds []*logic, where map[string]cell) bool {
	for _, c := range conds {
		if c.at(where) == True {
			return true
		}
	}
	return false
}

// Subject is one value that a condition compares with literals, or a term of it
// that cannot be looked into.
type Subject struct {
	Name   string // account.arr, or the text of an expression
	Type   Type
	Choice bool // it is asked to be one of some texts, or to be set: a state and no measure
	Opaque bool
	Texts  []string // it is compared with
	Has    bool     // has() asks whether it is set
	Denied bool     // it is asked what it is not: != or behind !, which an unset value does not answer
}

// Subjects of condition e, each once, in the order of the text.
func (e *Expr) Subjects() []Subject {
	if e == nil || e.logic == nil {
		return nil
	}
	var out []Subject
	seen := map[string]int{}
	e.logic.signed(false, func(a ask, denied bool) {
		denied = denied != (a.op == operators.NotEquals)
		if i, ok := seen[a.of.key]; ok {
			out[i].Texts = append(out[i].Texts, a.texts...)
			out[i].Denied, out[i].Has = out[i].Denied || denied, out[i].Has || a.op == "has"
			return
		}
		seen[a.of.key] = len(out)
		out = append(out, Subject{Name: a.of.label, Type: a.of.typ, Choice: a.of.kind == asText || a.op == "has", Opaque: a.of.opaque, Texts: slices.Clone(a.texts), Has: a.op == "has", Denied: denied})
	})
	return out
}

// signed visits the questions of l, and whether a no is what is hoped for.
func (l *logic) signed(denied bool, visit func(a ask, denied bool)) {
	if l.op == opAsk {
		visit(l.ask, denied)
	}
	for _, k := range l.kids {
		k.signed(denied != (l.op == opNot), visit)
	}
}

// Sets are the account fields that mappings of an event set, by name.
func (s *Set) Sets(event string) []string {
	var out []string
	for _, m := range s.takes[event] {
		for _, a := range m.sets {
			if a.to == toAccount {
				out = append(out, a.field.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Signals is how many signals a score has; 0 when it is not declared.
func (s *Set) Signals(score string) int {
	if sc := s.scores[score]; sc != nil {
		return len(sc.signals)
	}
	return 0
}

// Feeds are the events without which nobody can tell what r reads, by name: those
// that its metrics count, and, when it is held against the clock, those whose
// mappings set the account fields that it reads.
func (s *Set) Feeds(r Reads) []string {
	var out []string
	for _, name := range r.Metrics {
		if m := s.metrics[name]; m != nil {
			out = append(out, m.events...)
		}
	}
	for event := range s.takes {
		if !r.Clock || event == "identify" || event == "group" {
			continue
		}
		if slices.ContainsFunc(s.Sets(event), func(f string) bool { return slices.Contains(r.Account, f) }) {
			out = append(out, event)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
