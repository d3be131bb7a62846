package backtest

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// Sweep asks the same of several values of one number in a trigger's condition.
// Text is a piece of that condition with the values in place of the number:
// `metric.usage_30d >= 20..50`, `20..50/5` or `20,30,40`.
type Sweep struct {
	Text   string
	Values []string // as they are written into the condition

	before, after string
}

// Row is what one value would have done.
type Row struct {
	Value   string `json:"value"`
	Entries int    `json:"entries"`
	Label   *Label `json:"label,omitempty"`
	Load    *Load  `json:"load,omitempty"`
	Current bool   `json:"current,omitempty"` // what the playbook says today
	Best    bool   `json:"best,omitempty"`    // of the greatest F1
}

const (
	number = `-?(?:\d+\.?\d*|\.\d+)`
	// mostValues keeps a sweep from becoming a search for chance.
	mostValues = 60
)

var (
	span = regexp.MustCompile(`(` + number + `)\s*\.\.\s*(` + number + `)(?:\s*/\s*(` + number + `))?`)
	// last is the list or range at the end of a comparison: a call has commas too.
	last = regexp.MustCompile(`[<>=]\s*(` + number + `(?:\s*,\s*` + number + `)+)\s*$`)
)

// ParseSweep reads the text of a sweep.
func ParseSweep(text string) (*Sweep, error) {
	s := &Sweep{Text: strings.TrimSpace(text)}
	if at := span.FindStringSubmatchIndex(s.Text); at != nil {
		part := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return s.Text[at[2*i]:at[2*i+1]]
		}
		s.before, s.after = s.Text[:at[0]], s.Text[at[1]:]
		return s, s.steps(part(1), part(2), part(3))
	}
	if at := last.FindStringSubmatchIndex(s.Text); at != nil {
		s.before = s.Text[:at[2]]
		for v := range strings.SplitSeq(s.Text[at[2]:at[3]], ",") {
			s.Values = append(s.Values, strings.TrimSpace(v))
		}
		if n := len(s.Values); n > mostValues {
			return nil, holdfast.Errorf(holdfast.Invalid, "--sweep: %d values are too many, %d is the most", n, mostValues)
		}
		return s, nil
	}
	e := holdfast.Errorf(holdfast.Invalid, "--sweep %s names no values", s.Text)
	e.Hint = "write a piece of the condition with a range or a list in place of its number, such as 'metric.usage_30d < 20..50/5' or 'metric.usage_30d < 20,30,40'"
	return nil, e
}

// steps fills the values from a to b. Without a step there are at most eleven,
// and they are whole when both ends are.
func (s *Sweep) steps(a, b, step string) error {
	from, errA := strconv.ParseFloat(a, 64)
	to, errB := strconv.ParseFloat(b, 64)
	if errA != nil || errB != nil || to <= from {
		return holdfast.Errorf(holdfast.Invalid, "--sweep %s: the range must go up", s.Text)
	}
	places := max(decimals(a), decimals(b))
	by := (to - from) / 10
	switch {
	case step != "":
		by, errA = strconv.ParseFloat(step, 64)
		places = max(places, decimals(step))
		if errA != nil || by <= 0 {
			return holdfast.Errorf(holdfast.Invalid, "--sweep %s: the step must be above 0", s.Text)
		}
	case places == 0:
		by = max(1, math.Ceil(by))
	default:
		places++
	}
	n := int((to-from)/by + 1e-9)
	if n+1 > mostValues {
		return holdfast.Errorf(holdfast.Invalid, "--sweep %s: %d values are too many, %d is the most; give a wider step: %s..%s/STEP", s.Text, n+1, mostValues, a, b)
	}
	for i := range n + 1 {
		s.Values = append(s.Values, strconv.FormatFloat(from+float64(i)*by, 'f', places, 64))
	}
	return nil
}

func decimals(n string) int {
	if i := strings.IndexByte(n, '.'); i >= 0 {
		return len(n) - i - 1
	}
	return 0
}

// swept is a playbook with one of the values.
type swept struct {
	value   string
	current bool
	book    *playbooks.Playbook
}

// mark stands between a playbook's name and a value; no name holds it.
const mark = "\x00"

func isSwept(name string) bool { return strings.Contains(name, mark) }

// books are the playbook once for each value. The text must be found in exactly
// one of the conditions, spaces aside.
func (s *Sweep) books(set *rules.Set, book *playbooks.Playbook) ([]swept, error) {
	find, err := regexp.Compile(loose(s.before) + `(` + number + `)` + loose(s.after) + `(?:[^\w.]|$)`)
	if err != nil {
		return nil, holdfast.Errorf(holdfast.Invalid, "--sweep %s: %s", s.Text, err)
	}
	at, places := -1, 0
	conditions := conditionsOf(book)
	for i, x := range conditions {
		if x == nil {
			continue
		}
		if n := len(find.FindAllStringIndex(x.Source(), -1)); n > 0 {
			at, places = i, places+n
		}
	}
	if places != 1 {
		e := holdfast.Errorf(holdfast.NotFound, "--sweep %s: no condition of %s has %q with one number in place of the values", s.Text, book.Name, strings.TrimSpace(s.before+"…"+s.after))
		if places > 1 {
			e = holdfast.Errorf(holdfast.Invalid, "--sweep %s fits %d places in the conditions of %s; write more of the one that is meant", s.Text, places, book.Name)
		}
		for _, x := range conditions {
			if x != nil {
				e.Hint = "it says: " + strings.Join(strings.Fields(x.Source()), " ")
				break
			}
		}
		return nil, e
	}
	src := conditions[at].Source()
	place := find.FindStringSubmatchIndex(src)
	var rows []swept
	for _, v := range s.Values {
		with := *book
		with.Name = book.Name + mark + v
		with.Digest = with.Name
		with.Triggers = append([]triggers.Trigger(nil), book.Triggers...)
		scope := rules.Scope{}
		if at < len(with.Triggers) && with.Triggers[at].Kind == triggers.Event {
			scope.Event = with.Triggers[at].On
		}
		x, found := set.Compile(src[:place[2]]+v+src[place[3]:], nil, scope, rules.Bool)
		if x == nil || diag.Failed(found) {
			return nil, holdfast.Errorf(holdfast.Invalid, "--sweep %s: with %s the condition is wrong: %s", s.Text, v, why(found))
		}
		if at < len(with.Triggers) {
			with.Triggers[at].When = x
		} else {
			with.When = x
		}
		rows = append(rows, swept{value: v, current: same(src[place[2]:place[3]], v), book: &with})
	}
	return rows, nil
}

// conditionsOf are the conditions of the triggers, and last the playbook's own.
func conditionsOf(book *playbooks.Playbook) []*rules.Expr {
	var out []*rules.Expr
	for _, t := range book.Triggers {
		out = append(out, t.When)
	}
	return append(out, book.When)
}

// loose matches text whatever its spaces.
func loose(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r != ' ' && r != '\t' && r != '\n' {
			b.WriteString(regexp.QuoteMeta(string(r)) + `\s*`)
		}
	}
	return b.String()
}

func why(found []diag.Diagnostic) string {
	if len(found) == 0 {
		return "it does not compile"
	}
	return found[0].Message
}

func same(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && math.Abs(x-y) < 1e-9
}

// rows judges each value and marks the best. With every step simulated, each
// value is a simulation of its own, beside the other playbooks.
func (q Question) rows(ctx context.Context, books []*playbooks.Playbook, values []swept, p *past) ([]Row, error) {
	rows := make([]Row, len(values))
	best := -1
	for i, v := range values {
		entries := p.entries[v.book.Name]
		rows[i] = Row{Value: v.value, Entries: len(entries), Current: v.current}
		if q.Full {
			with := *v.book
			with.Name = books[0].Name
			one := *p
			if err := q.play(ctx, append([]*playbooks.Playbook{&with}, books[1:]...), &one); err != nil {
				return nil, err
			}
			entries = one.entries[with.Name]
			rows[i].Entries, rows[i].Load = len(entries), load(q, with.Name, one.played)
		}
		if q.Label == "" {
			continue
		}
		rows[i].Label = judged(q, p, entries)
		if f1 := rows[i].Label.F1; f1 > 0 && (best < 0 || f1 > rows[best].Label.F1) {
			best = i
		}
	}
	if best >= 0 {
		rows[best].Best = true
	}
	return rows, nil
}

// bestWords says what the best row means.
func bestWords(r *Report) string {
	for _, row := range r.Sweep {
		if !row.Best {
			continue
		}
		l := row.Label
		if l.byChance() {
			return fmt.Sprintf("At %s F1 is greatest (%.2f), but no difference from picking at random can be seen there: "+
				"the more often a trigger fires, the more it catches by chance. This recording gives no reason to prefer one value for foretelling %s.", row.Value, l.F1, l.Event)
		}
		return fmt.Sprintf("At %s the balance is best (F1 %.2f): %d of %d judged entries are right, and %d of %d events of %s are caught. "+
			"Fewer false alarms and fewer missed events pull in opposite directions: choose a neighbour when one of them costs you more. "+
			"The value that fits this recording best fits the next one less well.",
			row.Value, l.F1, l.Right.Hits, l.Right.Of, l.Caught.Hits, l.Caught.Of, l.Event)
	}
	return ""
}
