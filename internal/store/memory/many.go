package memory

import (
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/internal/store"
)

func (t *tx) ManyAccounts(ids []string) (map[string]store.Account, error) {
	return many(t, &t.accounts, ids, func(id string) string { return id }, ownAccount)
}

func (t *tx) Look(w store.Wanted) (store.Found, error) { return store.LookByParts(t, w) }

func (t *tx) ManyContacts(ids []string) (map[string]store.Contact, error) {
	return many(t, &t.contacts, ids, func(id string) string { return id }, ownContact)
}

func (t *tx) ManyContactsAt(addresses []string) (map[string][]store.Contact, error) {
	wanted := map[string]bool{}
	for _, a := range addresses {
		wanted[strings.ToLower(a)] = true
	}
	by := map[string][]store.Contact{}
	for _, id := range slices.Sorted(maps.Keys(t.contacts.rows)) {
		c := t.contacts.rows[id]
		address, _ := c.Fields["email"].Value.(string)
		if address = strings.ToLower(strings.TrimSpace(address)); wanted[address] {
			by[address] = append(by[address], ownContact(c))
		}
	}
	return by, t.ready()
}

func (t *tx) ManyTruths(playbook, trigger string, accounts []string) (map[string]store.Truth, error) {
	return many(t, &t.truths, accounts, func(id string) key { return key{playbook, trigger, id} }, self)
}

// many are what own makes of the rows that are there, by id.
func many[K comparable, V, T any](t *tx, in *table[K, V], ids []string, named func(string) K, own func(*V) T) (map[string]T, error) {
	by := make(map[string]T, len(ids))
	for _, id := range ids {
		if row := in.rows[named(id)]; row != nil {
			by[id] = own(row)
		}
	}
	return by, t.ready()
}

func (t *tx) ManyBuckets(metric string, accounts []string, first, to string) (map[string][]store.Bucket, error) {
	return lists(accounts, func(id string) ([]store.Bucket, error) { return t.Buckets(id, metric, first, to) })
}

func (t *tx) ManyExits(enrollments []string) (map[string]store.Signal, error) {
	by := map[string]store.Signal{}
	for _, id := range enrollments {
		if s, err := t.ExitOf(id); err == nil {
			by[id] = s
		}
	}
	return by, t.ready()
}

func (t *tx) ManyListeners(accounts []string) (map[string][]store.Listener, error) {
	return lists(accounts, func(id string) ([]store.Listener, error) {
		return some(t, t.listenersByAccount.of(id), 0, func(*store.Listener) bool { return true }, ownListener)
	})
}

func (t *tx) ManyEnrollments(accounts []string) (map[string][]store.Enrollment, error) {
	return lists(accounts, func(id string) ([]store.Enrollment, error) { return t.EnrollmentsOf(id, false) })
}

func (t *tx) ManyRests(accounts []string, now time.Time) (map[string][]store.Rest, error) {
	return lists(accounts, func(id string) ([]store.Rest, error) { return t.Rests(id, now) })
}

func (t *tx) ManyArms(holdout string, accounts []string) (map[string]string, error) {
	return many(t, &t.arms, accounts, func(id string) key { return key{holdout, id} }, func(a *arm) string { return a.arm })
}

// lists are those that are not empty, by id.
func lists[T any](ids []string, of func(id string) ([]T, error)) (map[string][]T, error) {
	by := map[string][]T{}
	for _, id := range ids {
		rows, err := of(id)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			by[id] = rows
		}
	}
	return by, nil
}
