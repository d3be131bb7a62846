package memory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"holdfast/internal/store"
)

func erasureTables(t *tables) {
	t.erasures.key = func(e *store.Erasure) string { return e.ID }
}

func ownErasure(e *store.Erasure) store.Erasure {
	own := *e
	own.Work, own.Found = slices.Clone(e.Work), slices.Clone(e.Found)
	return own
}

func (t *tx) PutErasure(e store.Erasure) error {
	if err := t.writes("write erasure"); err != nil {
		return err
	}
	e.BegunAt, e.DoneAt = moment(e.BegunAt), moment(e.DoneAt)
	t.erasures.put(t, ownErasure(&e))
	return nil
}

func (t *tx) Erasure(id string) (store.Erasure, error) {
	return one(t, &t.erasures, id, ownErasure)
}

func (t *tx) Erasures(open bool, limit int) ([]store.Erasure, error) {
	rows := slices.SortedFunc(maps.Values(t.erasures.rows), func(a, b *store.Erasure) int { return byTime(a.BegunAt, b.BegunAt, a.ID, b.ID) })
	return some(t, rows, limit, func(e *store.Erasure) bool { return !open || e.DoneAt.IsZero() }, ownErasure)
}

func (t *tx) AccountsOf(contact string) ([]string, error) {
	found := map[string]bool{}
	if c := t.contacts.rows[contact]; c != nil {
		found[c.Account] = true
	}
	for _, e := range t.events.rows {
		if e.Contact == contact {
			found[e.Account] = true
		}
	}
	for _, h := range t.touches.rows {
		if h.Contact == contact || h.Recipient == contact {
			found[h.Account] = true
		}
	}
	for _, e := range t.enrollments.rows {
		if e.Contact == contact {
			found[e.Account] = true
		}
	}
	for _, k := range t.tasks.rows {
		if k.Contact == contact {
			found[k.Account] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), t.ready()
}

func (t *tx) DropContact(id string) error {
	if err := t.writes("drop contact"); err != nil {
		return err
	}
	t.contacts.drop(t, id)
	return nil
}

func (t *tx) TextsOf(table, account, after string, limit int) ([]store.Text, error) {
	if err := t.ready(); err != nil {
		return nil, err
	}
	tt, rows, err := t.textRows(table)
	if err != nil {
		return nil, err
	}
	behind := func(string) bool { return true }
	if after != "" {
		from, err := tt.Values(after)
		if err != nil {
			return nil, err
		}
		behind = func(key string) bool {
			values, err := tt.Values(key)
			return err == nil && byValues(values, from) > 0
		}
	}
	var found []store.Text
	for _, r := range rows.about(account) {
		if behind(r.Key) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b store.Text) int {
		x, _ := tt.Values(a.Key)
		y, _ := tt.Values(b.Key)
		return byValues(x, y)
	})
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	return found, nil
}

// byValues orders the values of keys of one table.
func byValues(a, b []any) int {
	for i := range a {
		n := 0
		switch v := a[i].(type) {
		case int64:
			w, _ := b[i].(int64)
			n = cmp.Compare(v, w)
		case string:
			w, _ := b[i].(string)
			n = strings.Compare(v, w)
		}
		if n != 0 {
			return n
		}
	}
	return 0
}

func (t *tx) PutText(table string, x store.Text) error {
	if err := t.writes("write text of " + table); err != nil {
		return err
	}
	_, rows, err := t.textRows(table)
	if err != nil {
		return err
	}
	if err := rows.set(x); err != nil {
		return fmt.Errorf("write text of %s: %w", table, err)
	}
	return nil
}

func (t *tx) DropText(table, key string) error {
	if err := t.writes("drop text of " + table); err != nil {
		return err
	}
	_, rows, err := t.textRows(table)
	if err != nil {
		return err
	}
	rows.drop(key)
	return nil
}
