package postgres

import (
	"holdfast/internal/store"
)

func (t *tx) Look(w store.Wanted) (store.Found, error) {
	f := store.Found{
		Accounts: map[string]store.Account{}, Contacts: map[string]store.Contact{}, Runs: map[string][]store.Enrollment{},
		Listeners: map[string][]store.Listener{}, Meta: map[string]string{},
	}
	var qs []question
	look, x := t.expecting(w.Messages)
	if x != nil {
		qs = append(qs, look)
	}
	if len(w.Meta) > 0 {
		qs = append(qs, question{"read meta", "SELECT key, value FROM meta WHERE key = ANY ($1)", []any{w.Meta}, func(row scanner) error {
			var key, value string
			err := row.Scan(&key, &value)
			f.Meta[key] = value
			return err
		}})
	}
	if len(w.Accounts) > 0 {
		qs = append(qs, ofEach("read accounts", accountsByID, w.Accounts, into(f.Accounts, scanAccount, accountID)))
	}
	if len(w.Contacts) > 0 {
		qs = append(qs, ofEach("read contacts", contactsByID, w.Contacts, into(f.Contacts, scanContact, contactID)))
	}
	if len(w.Runs) > 0 {
		qs = append(qs, ofEach("list enrollments", enrollmentsByAccount, w.Runs, gather(f.Runs, scanEnrollment, runOf)),
			ofEach("list listeners", listenersByAccount, w.Runs, gather(f.Listeners, scanListener, listenerOf)))
	}
	if err := t.ask(qs...); err != nil {
		return f, err
	}
	if x != nil {
		t.expect = x.sorted()
	}
	t.enteredBy(w.Runs, f.Runs)
	return f, nil
}
