package rules

import (
	"strings"
	"sync"
)

// maxMemo bounds what a set remembers: a project has some thousands of
// expressions, and a server is asked for others too.
const maxMemo = 20_000

// memo remembers expressions that compiled without a finding: most projects say
// the same condition in many places, and a compiled one weighs some kilobytes.
// Safe for concurrent use.
type memo struct {
	mu   sync.Mutex
	done map[memoKey]*Expr
}

type memoKey struct {
	src, event string
	want       Type
}

// get is the expression of key, unless a name of it means something else in sc.
func (m *memo) get(key memoKey, sc Scope) *Expr {
	m.mu.Lock()
	e := m.done[key]
	m.mu.Unlock()
	if e == nil || !e.free(sc) {
		return nil
	}
	return e
}

// put remembers e when it reads nothing that sc alone knows.
func (m *memo) put(key memoKey, sc Scope, e *Expr) {
	if !e.free(sc) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done == nil {
		m.done = map[memoKey]*Expr{}
	}
	if len(m.done) < maxMemo {
		m.done[key] = e
	}
}

// free reports whether no name of e is a step or an item of sc.
func (e *Expr) free(sc Scope) bool {
	for name, s := range e.slots {
		if s.tested != nil {
			name = s.tested.name
		}
		root, _, _ := strings.Cut(name, ".")
		if _, isStep := sc.Steps[root]; isStep {
			return false
		}
		if _, isItem := sc.Items[root]; isItem {
			return false
		}
	}
	return true
}
