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

// watch is what the heads wait for, from what can change to the triggers that
// can be affected. Immutable but for its caches, which lock.
type watch struct {
	heads  []*playbooks.Playbook
	byName map[string]*playbooks.Playbook
	events map[string][]ref
	states []ref // conditions and dates: all, in order
	clock  []ref // those of them that change without an event

	mu  sync.Mutex
	set *rules.Set
	sch *schema
}

// ref is one trigger of one head, with what its becoming true depends on.
type ref struct {
	book  *playbooks.Playbook
	trig  *triggers.Trigger
	reads []rules.Reads
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
	w := &watch{heads: slices.Clone(heads), byName: map[string]*playbooks.Playbook{}, events: map[string][]ref{}}
	for _, p := range heads {
		w.byName[p.Name] = p
		for i := range p.Triggers {
			r := ref{book: p, trig: &p.Triggers[i]}
			switch r.trig.Kind {
			case "event":
				w.events[r.trig.On] = append(w.events[r.trig.On], r)
				continue
			case "condition":
				r.reads = readsOf(r.trig.When, p.When)
			case "date":
				r.reads = readsOf(r.trig.At)
			}
			w.states = append(w.states, r)
			if clocked(r.reads) {
				w.clock = append(w.clock, r)
			}
		}
	}
	return w
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

// touched reports whether ch changed anything that rs read.
func (ch changes) touched(rs []rules.Reads) bool {
	if ch.identified {
		return true
	}
	in := func(m map[string]bool, names []string) bool {
		return len(m) > 0 && slices.ContainsFunc(names, func(n string) bool { return m[n] })
	}
	return slices.ContainsFunc(rs, func(r rules.Reads) bool {
		return in(ch.account, r.Account) || in(ch.contact, r.Contact) || in(ch.objects, r.Objects) || in(ch.metrics, r.Metrics)
	})
}

// schema is the declared types by name.
type schema struct {
	set     *rules.Set
	account map[string]rules.Type
	contact map[string]rules.Type
	mu      sync.Mutex
	kinds   map[string]map[string]rules.Type
}

// schemaOf is made once for each rule set.
func (w *watch) schemaOf(set *rules.Set) *schema {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set != set {
		w.set = set
		w.sch = &schema{set: set, account: typesOf(set.AccountFields()), contact: typesOf(set.ContactFields()), kinds: map[string]map[string]rules.Type{}}
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
