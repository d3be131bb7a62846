package intake

import (
	"math"
	"strings"
	"time"

	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// No zone is further from UTC than west and east. A moment is kept in UTC; its day
// elsewhere is another.
const (
	west, east = -12 * time.Hour, 14 * time.Hour
	momentDays = 2
)

// sieveOf is which accounts a scan has to look at for a trigger: those of which its
// condition may hold and did not, or may not hold any more. Everybody, where the
// condition cannot be asked of what is stored.
func sieveOf(r ref, now time.Time) store.Sieve {
	if readsContact(r.trig.When, r.book.When) {
		return store.Any() // no scan answers it
	}
	if r.trig.Kind == triggers.Date {
		return store.Sieve{}
	}
	is := may{now}.and([]rules.Term{r.trig.When.Term(), r.book.When.Term()})
	if is.yes.Everybody() {
		return is.yes
	}
	truth := func(op store.SieveOp) store.Sieve {
		return store.Sieve{Op: op, Playbook: r.book.Name, Trigger: r.trig.ID}
	}
	return store.Any(store.All(truth(store.SieveUntrue), is.yes), store.All(truth(store.SieveTrue), store.Any(is.no, is.unset)))
}

// answers are the accounts of which a condition may be true, false, or neither
// (unset, or an error).
type answers struct{ yes, no, unset store.Sieve }

// may works answers out at a moment.
type may struct{ now time.Time }

func (m may) of(t rules.Term) answers {
	switch t.Op {
	case rules.TermConst:
		if t.True {
			return answers{no: store.Any(), unset: store.Any()}
		}
		return answers{yes: store.Any(), unset: store.Any()}
	case rules.TermAsk:
		return m.ask(t.Ask)
	case rules.TermNot:
		a := m.of(t.Kids[0])
		return answers{a.no, a.yes, a.unset}
	case rules.TermAnd:
		return m.and(t.Kids)
	case rules.TermOr:
		return m.or(t.Kids)
	case rules.TermIf:
		c, a, b := m.of(t.Kids[0]), m.of(t.Kids[1]), m.of(t.Kids[2])
		return answers{
			yes:   store.Any(store.All(c.yes, a.yes), store.All(c.no, b.yes)),
			no:    store.Any(store.All(c.yes, a.no), store.All(c.no, b.no)),
			unset: store.Any(c.unset, a.unset, b.unset),
		}
	case rules.TermOpaque:
	}
	return answers{} // everybody, each
}

func (m may) and(ts []rules.Term) answers {
	var yes, no, unset []store.Sieve
	for _, t := range ts {
		a := m.of(t)
		yes, no, unset = append(yes, a.yes), append(no, a.no), append(unset, a.unset)
	}
	return answers{store.All(yes...), store.Any(no...), store.Any(unset...)}
}

func (m may) or(ts []rules.Term) answers {
	var yes, no, unset []store.Sieve
	for _, t := range ts {
		a := m.of(t)
		yes, no, unset = append(yes, a.yes), append(no, a.no), append(unset, a.unset)
	}
	return answers{store.Any(yes...), store.All(no...), store.Any(unset...)}
}

func (m may) ask(a rules.Ask) answers {
	is := store.Sieve{Field: a.Field, Type: kindOf(a.Type)}
	unset := is
	unset.Op = store.SieveUnset
	switch {
	case a.Has:
		set := is
		set.Op = store.SieveSet
		return answers{yes: set, no: unset, unset: store.Any()}
	case a.Type == rules.String || a.Type == rules.Bool:
		yes, no := is, is
		yes.Op, yes.Texts, no.Op, no.Texts = store.SieveText, []string{a.Text}, store.SieveNot, []string{a.Text}
		if blurred(a.Text) {
			yes, no = store.Sieve{}, store.Sieve{}
		}
		if a.Cmp == "!=" {
			yes, no = no, yes
		}
		return answers{yes, no, unset}
	case a.Days != 0 || a.Type == rules.Date || a.Type == rules.Timestamp:
		yes, no := m.days(is, a)
		return answers{yes, no, unset}
	case a.Type == rules.Int || a.Type == rules.Double || a.Type == rules.Money:
		yes, no := numbers(is, a)
		return answers{yes, no, unset}
	}
	return answers{}
}

// blurred reports that a database may keep another text for s: for a NUL, for what is
// no UTF-8, and where JSON that has a NUL is mended, for what only looks like one.
func blurred(s string) bool {
	return strings.ContainsAny(s, "\x00\uFFFD") || strings.Contains(s, `\u0000`) || strings.Contains(s, `\ufffd`)
}

// kindOf is how t is written for certain: of what is written so, rules.Typed makes a t.
func kindOf(t rules.Type) store.SieveType {
	switch t {
	case rules.Date, rules.Timestamp:
		return store.SieveDays
	case rules.Int:
		return store.SieveWholes
	case rules.Money:
		return store.SieveAmounts
	case rules.Double, rules.Percent:
		return store.SieveNumbers
	case rules.Bool:
		return store.SieveTruths
	case rules.String:
		return store.SieveTexts
	case rules.Duration, rules.Strings, rules.Any:
	}
	return store.SieveAnything
}

// span is the numbers from low to high, both included; infinite: no end.
type span struct{ low, high float64 }

// compared are the numbers that compare with one of n as asked, and the others. Spans
// that touch n hold it: which side it falls on is not worth knowing.
func compared(cmp string, n span) (yes, no span) {
	all := span{math.Inf(-1), math.Inf(1)}
	below, above := span{all.low, n.high}, span{n.low, all.high}
	switch cmp {
	case "<", "<=":
		return below, above
	case ">", ">=":
		return above, below
	case "==":
		return n, all
	case "!=":
		return all, n
	}
	return all, all
}

// days turns what is asked of a field's day, or of a count of days, into days.
func (m may) days(is store.Sieve, a rules.Ask) (yes, no store.Sieve) {
	const aDay = 24 * time.Hour
	day := func(t time.Time) float64 { return math.Floor(float64(t.Unix()) / aDay.Seconds()) }
	wide, cmp, n := 0.0, a.Cmp, span{day(a.At), day(a.At)}
	if a.Type == rules.Timestamp {
		wide = momentDays
	}
	if a.Days != 0 {
		off := float64(a.Days) * a.Num
		n = span{day(m.now.Add(west)) + off, day(m.now.Add(east)) + off} // what today is, somewhere
		if a.Days < 0 {
			cmp = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}[cmp]
		}
	}
	of := func(s span) store.Sieve {
		out := is
		out.Op, out.From, out.Till = store.SieveDay, dayAt(s.low-wide), dayAt(s.high+wide)
		return out
	}
	y, x := compared(cmp, n)
	return of(y), of(x)
}

// dayAt is the n-th day since 1970; zero, which is no end, where no calendar goes.
func dayAt(n float64) time.Time {
	if math.Abs(n) > 700_000 {
		return time.Time{}
	}
	return time.Unix(int64(n)*86400, 0).UTC()
}

// numbers widens a little: a database may compare in another precision.
func numbers(is store.Sieve, a rules.Ask) (yes, no store.Sieve) {
	of := func(s span) store.Sieve {
		out := is
		out.Op = store.SieveNumber
		if low := s.low - math.Abs(s.low)*1e-9; !math.IsInf(s.low, 0) {
			out.Low = &low
		}
		if high := s.high + math.Abs(s.high)*1e-9; !math.IsInf(s.high, 0) {
			out.High = &high
		}
		return out
	}
	y, x := compared(a.Cmp, span{a.Num, a.Num})
	return of(y), of(x)
}
