package memory

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/internal/store"
)

func quietTables(t *tables) {
	t.suppressions.key = func(s *store.Suppression) key { return key{s.Contact, s.Address, s.Kind} }
	t.suppressedContacts = t.suppressions.indexed(func(s *store.Suppression) bool { return s.Contact != "" },
		func(s *store.Suppression) key { return key{s.Contact} }, bySuppression)
	t.suppressedAddresses = t.suppressions.indexed(func(s *store.Suppression) bool { return s.Address != "" },
		func(s *store.Suppression) key { return key{s.Address} }, bySuppression)

	t.rests.key = func(r *store.Rest) key { return key{r.Account, r.Scope} }
	t.restsByScope = t.rests.indexed(nil, func(r *store.Rest) key { return key{r.Account} },
		func(a, b *store.Rest) int { return strings.Compare(a.Scope, b.Scope) })
}

func bySuppression(a, b *store.Suppression) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Contact, b.Contact), strings.Compare(a.Address, b.Address))
}

// Suppress keeps the first of the same kind for the same person or address. A
// later end takes the place of an earlier one.
func (t *tx) Suppress(s store.Suppression) error {
	if s.Contact == "" && s.Address == "" {
		return errors.New("a suppression needs a contact or an address")
	}
	if err := t.writes("suppress"); err != nil {
		return err
	}
	s.Address, s.At, s.Until = strings.ToLower(s.Address), moment(s.At), moment(s.Until)
	old := t.suppressions.rows[key{s.Contact, s.Address, s.Kind}]
	if old == nil || !old.Until.IsZero() && (s.Until.IsZero() || s.Until.After(old.Until)) {
		t.suppressions.put(t, s)
	}
	return nil
}

func (t *tx) Unsuppress(contact, address, kind string) error {
	if err := t.writes("unsuppress"); err != nil {
		return err
	}
	for _, s := range slices.Concat(t.suppressedContacts.of(contact), t.suppressedAddresses.of(strings.ToLower(address))) {
		if s.Kind == kind {
			t.suppressions.drop(t, key{s.Contact, s.Address, s.Kind})
		}
	}
	return nil
}

// Suppressions are by At, then Kind.
func (t *tx) Suppressions(contact, address string) ([]store.Suppression, error) {
	rows := slices.Concat(t.suppressedContacts.of(contact), t.suppressedAddresses.of(strings.ToLower(address)))
	slices.SortFunc(rows, bySuppression)
	return some(t, slices.Compact(rows), 0, nil, self)
}

func (t *tx) AllSuppressions(limit int) ([]store.Suppression, error) {
	rows := slices.SortedFunc(maps.Values(t.suppressions.rows), bySuppression)
	return some(t, rows, limit, nil, self)
}

func (t *tx) PutRest(r store.Rest) error {
	if err := t.writes("write rest"); err != nil {
		return err
	}
	r.Until = moment(r.Until)
	old := t.rests.rows[key{r.Account, r.Scope}]
	if old == nil || !old.Until.IsZero() && (r.Until.IsZero() || r.Until.After(old.Until)) {
		t.rests.put(t, r)
	}
	return nil
}

// Rests are those that last beyond now, by Scope.
func (t *tx) Rests(account string, now time.Time) ([]store.Rest, error) {
	return some(t, t.restsByScope.of(account), 0, func(r *store.Rest) bool { return r.Until.IsZero() || r.Until.After(moment(now)) }, self)
}
