package store

import "holdfast"

// Wanted is what a batch of messages is about to ask of one transaction.
type Wanted struct {
	Messages []holdfast.Message // as Expect
	Accounts []string           // as ManyAccounts
	Contacts []string           // as ManyContacts
	Runs     []string           // accounts: as ManyEnrollments and ManyListeners
	Meta     []string           // as MetaGet
}

// Found is the answer to Wanted; what is not there is absent.
type Found struct {
	Accounts  map[string]Account
	Contacts  map[string]Contact
	Runs      map[string][]Enrollment
	Listeners map[string][]Listener
	Meta      map[string]string
}

// LookByParts asks for each part of w by itself.
func LookByParts(tx Tx, w Wanted) (f Found, err error) {
	if err := tx.Expect(w.Messages); err != nil {
		return f, err
	}
	if f.Accounts, err = tx.ManyAccounts(w.Accounts); err != nil {
		return f, err
	}
	if f.Contacts, err = tx.ManyContacts(w.Contacts); err != nil {
		return f, err
	}
	f.Meta = map[string]string{}
	for _, key := range w.Meta {
		v, err := tx.MetaGet(key)
		if err != nil {
			return f, err
		}
		if v != "" {
			f.Meta[key] = v
		}
	}
	if f.Runs, err = tx.ManyEnrollments(w.Runs); err != nil {
		return f, err
	}
	f.Listeners, err = tx.ManyListeners(w.Runs)
	return f, err
}
