package rules

import (
	"slices"
	"time"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// until lowers how long the answer being computed is good for. What changes all
// the time is good for an instant.
func (ev *evaluation) until(t time.Time) {
	u := ev.facts.Until
	if u == nil {
		return
	}
	if !t.After(ev.facts.Now) {
		t = ev.facts.Now.Add(time.Nanosecond)
	}
	if t.Before(*u) {
		*u = t
	}
}

// untilDay is until the first moment of a local day.
func (ev *evaluation) untilDay(d dateVal) {
	if ev.facts.Until != nil {
		ev.until(d.in(ev.zone()))
	}
}

// counted is until a whole number of days that goes up, or down, by one with
// every local day comes to where the expression asks: n is what it is today.
func (ev *evaluation) counted(n int64, up bool) {
	if ev.facts.Until == nil {
		return
	}
	if days, ok := ev.edges.ahead(n, up); ok {
		ev.untilDay(ev.today() + dateVal(days))
	}
}

// edges are the numbers that an expression compares counts of days with, sorted.
// They are everything it asks of such counts unless loose is set.
type edges struct {
	at    []int64
	loose bool
}

// ahead is in how many days a count that is n today can first answer a
// comparison otherwise; ok is false when it never will.
func (e edges) ahead(n int64, up bool) (days int64, ok bool) {
	if e.loose {
		return 1, true
	}
	for _, at := range e.at {
		left := at - n
		if !up {
			left = -left
		}
		// A comparison changes on the day the count comes to at, and on the day after.
		if left >= 0 && (!ok || max(left, 1) < days) {
			days, ok = max(left, 1), true
		}
	}
	return days, ok
}

// counters are the functions that count days.
var counters = []string{funcDaysUntil.Name, funcDaysSince.Name, funcQuietDays.Name}

// edgesOf finds what counts of days are compared with below root.
func edgesOf(root ast.Expr) edges {
	var out edges
	asked := map[int64]bool{} // calls that stand in a comparison with a number
	visit := func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		c := e.AsCall()
		switch {
		case slices.Contains(comparisons, c.FunctionName()):
			for i, side := range c.Args() {
				n, literal := intLiteral(c.Args()[1-i])
				if literal && isCounter(side) {
					asked[side.ID()] = true
					out.at = append(out.at, n)
				}
			}
		case isCounter(e) && !asked[e.ID()]:
			out.loose = true
		}
	}
	ast.PreOrderVisit(root, ast.NewExprVisitor(visit))
	slices.Sort(out.at)
	out.at = slices.Compact(out.at)
	return out
}

var comparisons = []string{
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
}

func isCounter(e ast.Expr) bool {
	return e.Kind() == ast.CallKind && slices.Contains(counters, e.AsCall().FunctionName())
}

// leaves is until the first of a series' days crosses from or to days ago.
func (s *seriesVal) leaves(from, to int) {
	if s.ev == nil || s.ev.facts.Until == nil {
		return
	}
	next, some := dateVal(0), false
	for _, d := range s.within(max(from, to)) {
		if s.metric.of(d) == 0 {
			continue
		}
		day := dateOf(d.Day)
		for _, edge := range [2]int{to, from} {
			if at := day + dateVal(edge); at > s.today && (!some || at < next) {
				next, some = at, true
			}
		}
	}
	if some {
		s.ev.until(next.time()) // buckets are days in UTC
	}
}

// since is until a count of UTC days that is n today comes to where the
// expression asks.
func (s *seriesVal) since(n int64) {
	if s.ev == nil || s.ev.facts.Until == nil {
		return
	}
	if days, ok := s.ev.edges.ahead(n, true); ok {
		s.ev.until((s.today + dateVal(days)).time())
	}
}

// moment is now as a value: whoever reads it bare can change at any instant.
func (ev *evaluation) moment() types.Timestamp {
	ev.until(ev.facts.Now)
	return types.Timestamp{Time: ev.facts.Now}
}
