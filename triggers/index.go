package triggers

import (
	"slices"

	"holdfast/rules"
)

// Entry is one trigger of one playbook. When is the playbook's own condition,
// which must hold whichever of its triggers starts; nil when there is none.
type Entry struct {
	Playbook string
	Trigger  *Trigger
	When     *rules.Expr
}

// Place are the account's fields that say where it lives: in which zone a day begins,
// and which days are worked on. The moment of a date moves with them.
var Place = []string{"country", "timezone"}

// Index finds the entries that a change can affect, so that its cost follows
// the change and not the number of playbooks. Immutable; safe for concurrent use.
type Index struct {
	entries []Entry
	event   map[string][]int
	field   map[string][]int // "account.arr", "contact.email", "metric.logins", "object.subscription"
	clock   []int
}

// NewIndex over entries. Event triggers are found by their event alone;
// conditions by what they and their playbook's condition read, dates by what `at`
// reads and by where the account lives.
func NewIndex(entries []Entry) *Index {
	x := &Index{entries: slices.Clone(entries), event: map[string][]int{}, field: map[string][]int{}}
	for i, e := range entries {
		if e.Trigger.Kind == Event {
			x.event[e.Trigger.On] = append(x.event[e.Trigger.On], i)
			continue
		}
		x.reads(i, e)
	}
	return x
}

func (x *Index) reads(i int, e Entry) {
	exprs := []*rules.Expr{e.Trigger.At}
	if e.Trigger.Kind == Condition { // a date looks at its conditions on the day
		exprs = []*rules.Expr{e.Trigger.When, e.Trigger.Rearm, e.When}
	}
	if e.Trigger.Kind == Date {
		x.add(i, "account.", Place)
	}
	clock := false
	for _, ex := range exprs {
		if ex == nil {
			continue
		}
		r := ex.Reads()
		clock = clock || r.Clock
		x.add(i, "account.", r.Account)
		x.add(i, "contact.", r.Contact)
		x.add(i, "metric.", r.Metrics)
		x.add(i, "object.", r.Objects)
	}
	if clock {
		x.clock = append(x.clock, i)
	}
}

func (x *Index) add(i int, prefix string, names []string) {
	for _, n := range names {
		if at := x.field[prefix+n]; len(at) == 0 || at[len(at)-1] != i {
			x.field[prefix+n] = append(at, i)
		}
	}
}

// ByEvent are the triggers that wait for the event, in the order of NewIndex.
func (x *Index) ByEvent(name string) []Entry { return x.pick(x.event[name]) }

// Changed names what a message changed.
type Changed struct{ Account, Contact, Metrics, Objects []string }

// ByChange are the conditions and dates that read any of what changed, each
// once, in the order of NewIndex.
func (x *Index) ByChange(c Changed) []Entry {
	var found []int
	for prefix, names := range map[string][]string{"account.": c.Account, "contact.": c.Contact, "metric.": c.Metrics, "object.": c.Objects} {
		for _, n := range names {
			found = append(found, x.field[prefix+n]...)
		}
	}
	slices.Sort(found)
	return x.pick(slices.Compact(found))
}

// Clock are the conditions and dates that can change without an event: they
// must be looked at as time goes by.
func (x *Index) Clock() []Entry { return x.pick(x.clock) }

func (x *Index) pick(at []int) []Entry {
	es := make([]Entry, len(at))
	for i, j := range at {
		es[i] = x.entries[j]
	}
	return es
}
