package sqlite

import (
	"errors"
	"fmt"
	"strings"

	"holdfast/internal/store"
)

const erasureColumns = "id, contact, account, reason, by_whom, begun_at, done_at, work, found"

func scanErasure(row scanner) (store.Erasure, error) {
	var e store.Erasure
	return e, row.Scan(&e.ID, &e.Contact, &e.Account, &e.Reason, &e.By, at(&e.BegunAt), at(&e.DoneAt), text{&e.Work}, text{&e.Found})
}

func (t *tx) PutErasure(e store.Erasure) error {
	return t.put("write erasure", "INSERT OR REPLACE INTO erasures ("+erasureColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		e.ID, e.Contact, e.Account, e.Reason, e.By, micros(e.BegunAt), micros(e.DoneAt), document(e.Work), document(e.Found))
}

func (t *tx) Erasure(id string) (store.Erasure, error) {
	return one(t, "read erasure", scanErasure, "SELECT "+erasureColumns+" FROM erasures WHERE id = ?", id)
}

func (t *tx) Erasures(open bool, limit int) ([]store.Erasure, error) {
	which := ""
	if open {
		which = " WHERE done_at IS NULL"
	}
	return all(t, "list erasures", scanErasure, "SELECT "+erasureColumns+" FROM erasures"+which+" ORDER BY begun_at, id LIMIT ?", limited(limit))
}

func (t *tx) AccountsOf(contact string) ([]string, error) {
	return all(t, "find accounts of a contact", value[string], `SELECT account FROM contacts WHERE id = ?1
		UNION SELECT account FROM events WHERE contact = ?1 UNION SELECT account FROM touches WHERE contact = ?1 OR recipient = ?1
		UNION SELECT account FROM enrollments WHERE contact = ?1 UNION SELECT account FROM tasks WHERE contact = ?1 ORDER BY 1`, contact)
}

func (t *tx) DropContact(id string) error {
	return t.put("drop contact", "DELETE FROM contacts WHERE id = ?", id)
}

// keyed are the columns of a table's key, and as many places.
func keyed(tt store.TextTable) (columns, places string) {
	var names []string
	for _, k := range tt.Key {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", "), marks(len(names))
}

func (t *tx) TextsOf(table, account, after string, limit int) ([]store.Text, error) {
	tt, err := store.TableOf(table)
	if err != nil {
		return nil, err
	}
	columns, places := keyed(tt)
	query, args := "SELECT "+columns+", "+strings.Join(tt.Columns, ", ")+" FROM "+table+" WHERE "+fmt.Sprintf(tt.Of, "?"), []any{account}
	if after != "" {
		from, err := tt.Values(after)
		if err != nil {
			return nil, err
		}
		query, args = query+" AND ("+columns+") > ("+places+")", append(args, from...)
	}
	return all(t, "read texts of "+table, func(row scanner) (store.Text, error) { return scanText(row, tt) },
		query+" ORDER BY "+columns+" LIMIT ?", append(args, limited(limit))...)
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
	for i, v := range key {
		if b, ok := v.([]byte); ok {
			key[i] = string(b)
		}
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
	var set []string
	var args []any
	for _, c := range tt.Columns {
		if w, ok := x.Words[c]; ok {
			set, args = append(set, c+" = ?"), append(args, w)
		}
	}
	if len(set) == 0 {
		return nil
	}
	columns, places := keyed(tt)
	return t.put("write text of "+table, "UPDATE "+table+" SET "+strings.Join(set, ", ")+" WHERE ("+columns+") = ("+places+")", append(args, key...)...)
}

func (t *tx) DropText(table, key string) error {
	tt, values, err := rowOf(table, key)
	if err != nil {
		return err
	}
	columns, places := keyed(tt)
	return t.put("drop text of "+table, "DELETE FROM "+table+" WHERE ("+columns+") = ("+places+")", values...)
}

func rowOf(table, key string) (store.TextTable, []any, error) {
	tt, err := store.TableOf(table)
	if err != nil {
		return tt, nil, err
	}
	values, err := tt.Values(key)
	return tt, values, err
}

var errReading = errors.New("somebody reads from it")

// Compact writes the log into the file and empties it; with whole it also rebuilds
// the file, which takes as much room again and holds up every writer meanwhile.
// Other processes may have the file open. It is store.Compacter.
func (s *Store) Compact(whole bool) error {
	if err := s.turns.Take(s.write.forever); err != nil {
		return err
	}
	defer s.turns.Pass(false)
	select {
	case <-s.closed:
		return errClosed
	default:
	}
	if err := s.flush(); err != nil {
		return err
	}
	if whole {
		if _, err := s.write.conn.ExecContext(s.write.forever, "VACUUM"); err != nil {
			return fmt.Errorf("rebuild the database file: %w", err)
		}
	}
	var busy, pages, moved int
	if err := s.write.conn.QueryRowContext(s.write.forever, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	if busy != 0 {
		return fmt.Errorf("empty the log: %w", errReading)
	}
	return nil
}
