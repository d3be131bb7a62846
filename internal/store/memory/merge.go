package memory

import (
	"maps"
	"slices"
	"strings"

	"holdfast/internal/store"
)

func mergeTables(t *tables) {
	t.aliases.key = func(a *store.Alias) key { return key{a.Kind, a.ID} }
	t.aliasesOf = t.aliases.indexed(nil, func(a *store.Alias) key { return key{a.Kind, a.Into} },
		func(a, b *store.Alias) int { return strings.Compare(a.ID, b.ID) })
}

func (t *tx) Aliases(kind string, ids []string) (map[string]string, error) {
	by := map[string]string{}
	for _, id := range ids {
		if a := t.aliases.rows[key{kind, id}]; a != nil {
			by[id] = a.Into
		}
	}
	return by, t.ready()
}

func (t *tx) AliasesOf(kind, into string) ([]store.Alias, error) {
	return some(t, t.aliasesOf.of(kind, into), 0, nil, self)
}

func (t *tx) PutAlias(a store.Alias) error {
	if err := t.writes("write alias"); err != nil {
		return err
	}
	if t.aliases.rows[key{a.Kind, a.Into}] != nil || a.ID == a.Into {
		return store.Circle(a)
	}
	a.At = moment(a.At)
	if old := t.aliases.rows[key{a.Kind, a.ID}]; old != nil {
		a.At = old.At
	}
	t.aliases.put(t, a)
	for _, one := range slices.Clone(t.aliasesOf.of(a.Kind, a.ID)) {
		next := *one
		next.Into = a.Into
		t.aliases.put(t, next)
	}
	return nil
}

// change puts what becomes of rows in their place; a row whose key changes moves.
func change[K comparable, V any](t *tx, in *table[K, V], rows []*V, become func(*V)) {
	for _, row := range slices.Clone(rows) {
		next := *row
		become(&next)
		if k := in.key(row); k != in.key(&next) {
			in.drop(t, k)
		}
		in.put(t, next)
	}
}

func (t *tx) MoveAccount(old, into string) error {
	if err := t.writes("move account"); err != nil {
		return err
	}
	for _, kind := range t.objectKinds(old) {
		change(t, &t.objects, t.objectsByAccount.of(old, kind), func(o *store.Object) { o.Account = into })
	}
	change(t, &t.contacts, t.contactsByAccount.of(old), func(c *store.Contact) { c.Account = into })
	change(t, &t.events, t.eventsByTime.of(old), func(e *store.Event) { e.Account = into })
	change(t, &t.buckets, t.bucketsByAccount.of(old), func(b *bucket) {
		b.account = into
		if there := t.buckets.rows[key{into, b.metric, b.Day}]; there != nil {
			b.Count, b.Sum, b.Min, b.Max = b.Count+there.Count, b.Sum+there.Sum, min(b.Min, there.Min), max(b.Max, there.Max)
		}
	})
	for _, r := range slices.Clone(t.restsByScope.of(old)) {
		t.rests.drop(t, key{r.Account, r.Scope})
		moved := *r
		moved.Account = into
		if err := t.PutRest(moved); err != nil {
			return err
		}
	}
	change(t, &t.holds, t.holdsOfAccount.of(old), func(h *store.Hold) { h.Account = into })
	change(t, &t.listeners, t.listenersByAccount.of(old), func(l *store.Listener) { l.Account = into })
	change(t, &t.tasks, named(t.tasksByDue.of(), func(k *store.Task) bool { return k.Account == old }), func(k *store.Task) { k.Account = into })
	change(t, &t.approvals, t.approvalsOf.of(old), func(a *store.Approval) { a.Account = into })
	change(t, &t.touches, t.touchesByAccount.of(old), func(h *store.Touch) { h.Account = into })
	change(t, &t.messages, t.messagesOf.of(old), func(m *store.Outmail) { m.Account = into })
	for _, e := range slices.Clone(t.enrollmentsOf.of(old)) {
		change(t, &t.lines, t.linesOf.of(e.ID), func(l *store.Line) { l.Account = into })
		moved := *e
		moved.Account = into
		if t.enrollmentsByEntry.unique(e.Playbook, into, e.EntryKey) != nil {
			moved.EntryKey = store.MovedEntry(e.EntryKey, e.ID)
		}
		t.enrollments.put(t, moved)
	}
	for _, e := range t.erasures.rows {
		if e.Account == old {
			change(t, &t.erasures, []*store.Erasure{e}, func(e *store.Erasure) { e.Account = into })
		}
	}
	t.accounts.drop(t, old)
	return nil
}

// objectKinds are those of which the account has some.
func (t *tx) objectKinds(account string) []string {
	kinds := map[string]bool{}
	for k, o := range t.objects.rows {
		if o.Account == account {
			kinds[k[0]] = true
		}
	}
	return slices.Sorted(maps.Keys(kinds))
}

// named are the rows that fit.
func named[V any](rows []*V, fits func(*V) bool) []*V {
	var found []*V
	for _, row := range rows {
		if fits(row) {
			found = append(found, row)
		}
	}
	return found
}

func (t *tx) MoveContact(old, into string, accounts []string) error {
	if err := t.writes("move contact"); err != nil {
		return err
	}
	for _, s := range slices.Clone(t.suppressedContacts.of(old)) {
		t.suppressions.drop(t, key{s.Contact, s.Address, s.Kind})
		moved := *s
		moved.Contact = into
		if err := t.Suppress(moved); err != nil {
			return err
		}
	}
	for _, account := range accounts {
		change(t, &t.enrollments, named(t.enrollmentsOf.of(account), func(e *store.Enrollment) bool { return e.Contact == old }), func(e *store.Enrollment) { e.Contact = into })
		change(t, &t.tasks, named(t.tasksByDue.of(), func(k *store.Task) bool { return k.Account == account && k.Contact == old }), func(k *store.Task) { k.Contact = into })
		change(t, &t.touches, named(t.touchesByAccount.of(account), func(h *store.Touch) bool { return h.Contact == old }), func(h *store.Touch) { h.Contact = into })
		change(t, &t.events, named(t.eventsByTime.of(account), func(e *store.Event) bool { return e.Contact == old }), func(e *store.Event) { e.Contact = into })
	}
	change(t, &t.events, t.optOutsOf.of(old), func(e *store.Event) { e.Contact = into })
	change(t, &t.parked, slices.Clone(t.parkedOf.of(old)), func(p *store.Parked) { p.Contact = into })
	t.contacts.drop(t, old)
	return nil
}

func (t *tx) MoveTruth(v store.Truth, from string) error {
	if err := t.PutTruth(v); err != nil {
		return err
	}
	t.truths.drop(t, key{v.Playbook, v.Trigger, from})
	return nil
}
