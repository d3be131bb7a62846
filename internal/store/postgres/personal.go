package postgres

import (
	"fmt"
	"strings"

	"holdfast/internal/store"
)

const erasureColumns = "id, contact, account, reason, by_whom, begun_at, done_at, work, found"

func scanErasure(row scanner) (store.Erasure, error) {
	var e store.Erasure
	return e, row.Scan(&e.ID, &e.Contact, &e.Account, &e.Reason, &e.By, at(&e.BegunAt), at(&e.DoneAt), &e.Work, &e.Found)
}

func (t *tx) PutErasure(e store.Erasure) error {
	return t.put("write erasure", "INSERT INTO erasures ("+erasureColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (id) DO UPDATE SET contact = excluded.contact, account = excluded.account, reason = excluded.reason, by_whom = excluded.by_whom,
		begun_at = excluded.begun_at, done_at = excluded.done_at, work = excluded.work, found = excluded.found`,
		e.ID, e.Contact, e.Account, e.Reason, e.By, when(e.BegunAt), when(e.DoneAt), document(e.Work), document(e.Found))
}

func (t *tx) Erasure(id string) (store.Erasure, error) {
	return one(t, "read erasure", scanErasure, "SELECT "+erasureColumns+" FROM erasures WHERE id = $1", id)
}

func (t *tx) Erasures(open bool, limit int) ([]store.Erasure, error) {
	which := ""
	if open {
		which = " WHERE done_at IS NULL"
	}
	return all(t, "list erasures", scanErasure, "SELECT "+erasureColumns+" FROM erasures"+which+" ORDER BY begun_at NULLS FIRST, id LIMIT $1", limited(limit))
}

func (t *tx) AccountsOf(contact string) ([]string, error) {
	return all(t, "find accounts of a contact", value[string], `SELECT account FROM contacts WHERE id = $1
		UNION SELECT account FROM events WHERE contact = $1 UNION SELECT account FROM touches WHERE contact = $1 OR recipient = $1
		UNION SELECT account FROM enrollments WHERE contact = $1 UNION SELECT account FROM tasks WHERE contact = $1 ORDER BY 1`, contact)
}

func (t *tx) DropContact(id string) error {
	return t.put("drop contact", "DELETE FROM contacts WHERE id = $1", id)
}

// keyed is that the columns of a table's key compare to values.
func keyed(w *where, tt store.TextTable, compare string, values []any) {
	var places []string
	for _, v := range values {
		places = append(places, w.arg(v))
	}
	w.and("(" + keyColumns(tt) + ") " + compare + " (" + strings.Join(places, ", ") + ")")
}

func keyColumns(tt store.TextTable) string {
	var names []string
	for _, k := range tt.Key {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

func (t *tx) TextsOf(table, account, after string, limit int) ([]store.Text, error) {
	tt, err := store.TableOf(table)
	if err != nil {
		return nil, err
	}
	var w where
	w.and(fmt.Sprintf(tt.Of, w.arg(account)))
	if after != "" {
		from, err := tt.Values(after)
		if err != nil {
			return nil, err
		}
		keyed(&w, tt, ">", from)
	}
	return all(t, "read texts of "+table, func(row scanner) (store.Text, error) { return scanText(row, tt) },
		"SELECT "+keyColumns(tt)+", "+strings.Join(tt.Columns, ", ")+" FROM "+table+w.clause()+
			" ORDER BY "+keyColumns(tt)+" LIMIT "+w.arg(limited(limit)), w.values()...)
}

func scanText(row scanner, tt store.TextTable) (store.Text, error) {
	key, words := make([]any, len(tt.Key)), make([]*string, len(tt.Columns))
	into := make([]any, 0, len(key)+len(words))
	for i := range key {
		into = append(into, &key[i])
	}
	for i := range words {
		into = append(into, &words[i])
	}
	x := store.Text{Words: map[string]string{}}
	if err := row.Scan(into...); err != nil {
		return x, err
	}
	x.Key = tt.KeyOf(key...)
	for i, w := range words {
		if w != nil {
			x.Words[tt.Columns[i]] = *w
		}
	}
	return x, nil
}

func (t *tx) PutText(table string, x store.Text) error {
	tt, key, err := rowOf(table, x.Key)
	if err != nil {
		return err
	}
	var w where
	var set []string
	for _, c := range tt.Columns {
		if v, ok := x.Words[c]; ok {
			set = append(set, c+" = "+w.arg(v))
		}
	}
	if len(set) == 0 {
		return nil
	}
	keyed(&w, tt, "=", key)
	return t.put("write text of "+table, "UPDATE "+table+" SET "+strings.Join(set, ", ")+w.clause(), w.values()...)
}

func (t *tx) DropText(table, key string) error {
	tt, values, err := rowOf(table, key)
	if err != nil {
		return err
	}
	var w where
	keyed(&w, tt, "=", values)
	return t.put("drop text of "+table, "DELETE FROM "+table+w.clause(), w.values()...)
}

func rowOf(table, key string) (store.TextTable, []any, error) {
	tt, err := store.TableOf(table)
	if err != nil {
		return tt, nil, err
	}
	values, err := tt.Values(key)
	return tt, values, err
}
