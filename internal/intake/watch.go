package intake

import (
	"errors"
	"slices"
	"sync"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/triggers"
)

// watch is what the heads wait for. Immutable but for its cache, which locks.
type watch struct {
	heads  []*playbooks.Playbook
	byName map[string]*playbooks.Playbook
	index  *triggers.Index
	states []ref // conditions and dates: all, in order
	// clocked: something of the heads can change without an event; moments: and
	// within a day.
	clocked, moments bool

	mu  sync.Mutex
	sch *schema
}

// ref is one trigger of one playbook.
type ref struct {
	book *playbooks.Playbook
	trig *triggers.Trigger
}

// watching is the index over today's heads.
func (in *Intake) watching() *watch {
	heads := in.Playbooks()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.watch == nil || !slices.Equal(in.watch.heads, heads) {
		in.watch = newWatch(heads)
	}
	return in.watch
}

func newWatch(heads []*playbooks.Playbook) *watch {
	w := &watch{heads: slices.Clone(heads), byName: map[string]*playbooks.Playbook{}}
	var entries []triggers.Entry
	for _, p := range heads {
		w.byName[p.Name] = p
		for i := range p.Triggers {
			t := &p.Triggers[i]
			entries = append(entries, triggers.Entry{Playbook: p.Name, Trigger: t, When: p.When})
			if t.Kind != triggers.Event {
				w.states = append(w.states, ref{p, t})
			}
		}
	}
	w.index = triggers.NewIndex(entries)
	w.clocked = len(w.index.Clock()) > 0 || slices.ContainsFunc(heads, endsByClock)
	w.moments = slices.ContainsFunc(w.refs(w.index.Clock()), func(r ref) bool {
		return byMoment(readsOf(r.trig.When, r.trig.Rearm, r.trig.At, r.book.When))
	})
	return w
}

// affected are the conditions and dates that c may change.
func (w *watch) affected(c *cause) []ref {
	switch {
	case c.ch.identified:
		return w.states
	case c.scan:
		return w.refs(w.index.Clock())
	}
	return w.refs(w.index.ByChange(c.ch.Changed))
}

func (w *watch) refs(es []triggers.Entry) []ref {
	rs := make([]ref, len(es))
	for i, e := range es {
		rs[i] = ref{w.byName[e.Playbook], e.Trigger}
	}
	return rs
}

// find is a trigger of a head by name.
func (w *watch) find(playbook, trigger string) (ref, bool) {
	for _, r := range w.states {
		if r.book.Name == playbook && r.trig.ID == trigger {
			return r, true
		}
	}
	return ref{}, false
}

func readsOf(es ...*rules.Expr) []rules.Reads {
	var rs []rules.Reads
	for _, e := range es {
		if e != nil {
			rs = append(rs, e.Reads())
		}
	}
	return rs
}

func clocked(rs []rules.Reads) bool {
	return slices.ContainsFunc(rs, func(r rules.Reads) bool { return r.Clock })
}

func byMoment(rs []rules.Reads) bool {
	return slices.ContainsFunc(rs, func(r rules.Reads) bool { return r.Moment })
}

// changes are what a message changed: what triggers, exits and waits may read.
type changes struct {
	identified bool
	triggers.Changed
}

// note adds name to names once.
func note(names *[]string, name string) {
	if !slices.Contains(*names, name) {
		*names = append(*names, name)
	}
}

func (ch changes) none() bool {
	return len(ch.Account)+len(ch.Contact)+len(ch.Objects)+len(ch.Metrics) == 0
}

// touched reports whether ch changed anything that rs read.
func (ch changes) touched(rs []rules.Reads) bool {
	shared := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) })
	}
	return ch.identified || slices.ContainsFunc(rs, func(r rules.Reads) bool {
		return shared(ch.Account, r.Account) || shared(ch.Contact, r.Contact) || shared(ch.Objects, r.Objects) || shared(ch.Metrics, r.Metrics)
	})
}

// schema is the declared types by name.
type schema struct {
	set     *rules.Set
	account map[string]rules.Type
	contact map[string]rules.Type
	mu      sync.Mutex
	kinds   map[string]map[string]rules.Type
	byEvent map[string][]string // see likely
	byClock bool                // a derived field can change without an event
	feeds   map[string]bool     // see allFeeds
}

// schemaOf is made once for each rule set.
func (w *watch) schemaOf(set *rules.Set) *schema {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sch == nil || w.sch.set != set {
		w.sch = &schema{set: set, account: typesOf(set.AccountFields()), contact: typesOf(set.ContactFields()), kinds: map[string]map[string]rules.Type{}, byClock: set.DerivesByClock(), feeds: allFeeds(set)}
	}
	return w.sch
}

func (s *schema) object(kind string) map[string]rules.Type {
	s.mu.Lock()
	defer s.mu.Unlock()
	types, ok := s.kinds[kind]
	if !ok {
		types = typesOf(s.set.ObjectFields(kind))
		s.kinds[kind] = types
	}
	return types
}

// none turns store.ErrNotFound into no error.
func none(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
