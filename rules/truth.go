package rules

import (
	"cmp"

	"github.com/google/cel-go/common/operators"
)

// at is the truth of l at a place of the space: dims give each subject's cell.
func (l *logic) at(where map[string]cell) Truth {
	switch l.op {
	case opConst:
		return truthOf(l.ask.truth)
	case opAsk:
		return l.ask.at(where[l.ask.of.key])
	case opNot:
		return not(l.kids[0].at(where))
	case opAnd, opOr:
		return l.fold(where)
	case opIf:
		switch l.kids[0].at(where) {
		case True:
			return l.kids[1].at(where)
		case False:
			return l.kids[2].at(where)
		case Unknown:
		}
	}
	return Unknown
}

// fold is and, or: false beats unknown in the one, true in the other.
func (l *logic) fold(where map[string]cell) Truth {
	strong, out := False, True
	if l.op == opOr {
		strong, out = True, False
	}
	for _, k := range l.kids {
		switch t := k.at(where); t {
		case strong:
			return strong
		case Unknown:
			out = Unknown
		case True, False:
		}
	}
	return out
}

func (a ask) at(c cell) Truth {
	switch {
	case a.op == "has":
		return truthOf(!c.unset)
	case c.unset:
		return Unknown
	case a.of.kind == asBool:
		return truthOf(c.truth)
	case a.of.kind == asText:
		return truthOf((c.text == a.texts[0]) == (a.op == operators.Equals))
	}
	// An open interval lies wholly on one side of every point.
	order := cmp.Compare(c.lo, a.num)
	if !c.point() {
		order = -1
		if c.lo >= a.num {
			order = 1
		}
	}
	switch a.op {
	case operators.Less:
		return truthOf(order < 0)
	case operators.LessEquals:
		return truthOf(order <= 0)
	case operators.Greater:
		return truthOf(order > 0)
	case operators.GreaterEquals:
		return truthOf(order >= 0)
	case operators.NotEquals:
		return truthOf(order != 0)
	}
	return truthOf(order == 0)
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

func not(t Truth) Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	case Unknown:
	}
	return Unknown
}
