package rules

// Never reports that nothing makes condition e true, such as a > 5 && a < 3.
// false means that something does, or that it cannot be told.
func (e *Expr) Never() bool { return implied(e, nil) }

// Always reports that e is true whatever is known or not, such as true.
func (e *Expr) Always() bool { return Covered([]*Expr{e}) }

// Implied reports that wherever e is true, one of earlier is: a list that is
// tried in order never comes to e. false means that it does, or that it cannot
// be told.
func (e *Expr) Implied(earlier []*Expr) bool { return len(earlier) > 0 && implied(e, earlier) }

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
}

// Subjects of condition e, each once, in the order of the text.
func (e *Expr) Subjects() []Subject {
	if e == nil || e.logic == nil {
		return nil
	}
	var out []Subject
	seen := map[string]bool{}
	e.logic.each(func(a ask) {
		if seen[a.of.key] {
			return
		}
		seen[a.of.key] = true
		out = append(out, Subject{Name: a.of.label, Type: a.of.typ, Choice: a.of.kind == asText || a.op == "has", Opaque: a.of.opaque})
	})
	return out
}
