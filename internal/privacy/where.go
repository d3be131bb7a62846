package privacy

import (
	"context"
	"errors"
	"fmt"

	"holdfast/internal/erased"
	"holdfast/internal/store"
)

// found is whom an id is of, where they are named, and what was told of them.
type found struct {
	contact  string   // as they are known today
	former   []string // ids that have become it
	accounts []string
	told     []store.Contact
	waiting  int // messages whose account nobody has said yet
}

// ids are all they are known by.
func (f found) ids() []string { return append([]string{f.contact}, f.former...) }

// find reads all events of the accounts that the contact ever had.
func (e *Eraser) find(ctx context.Context, contact string) (f found, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		f, err = where(tx, contact)
		return err
	})
	return f, err
}

func where(tx store.Tx, contact string) (f found, err error) {
	became, err := store.Became(tx, store.OfContact, contact)
	if err != nil {
		return f, err
	}
	if f.contact = contact; became != "" {
		f.contact = became
	}
	if f.former, err = formerOf(tx, f.contact); err != nil {
		return f, err
	}
	for _, id := range f.ids() {
		accounts, err := tx.AccountsOf(id)
		if err != nil {
			return f, err
		}
		n, err := tx.CountParked(id)
		if err != nil {
			return f, err
		}
		f.accounts, f.waiting = append(f.accounts, accounts...), f.waiting+n
	}
	f.accounts = unique(append(f.accounts, "")) // what belongs to no account
	f.told, err = learn(tx, f.ids(), f.accounts)
	return f, err
}

// formerOf are the ids that have become a contact.
func formerOf(tx store.Tx, contact string) (ids []string, err error) {
	all, err := tx.AliasesOf(store.OfContact, contact)
	if err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	return ids, nil
}

// known is the contact that was found. Of somebody of whom only messages wait there
// is an id alone.
func (f found) known(tx store.Tx) (store.Contact, error) {
	c, err := tx.Contact(f.contact)
	switch {
	case errors.Is(err, store.ErrNotFound) && f.waiting > 0:
		return store.Contact{ID: f.contact}, nil
	case errors.Is(err, store.ErrNotFound):
		return c, unknown()
	case err != nil:
		return c, fmt.Errorf("read contact: %w", err)
	}
	return c, nil
}

// was is the erasure of a contact, by their id, by one they had before, or by the
// mark that they left.
func was(tx store.Tx, marks erased.Marks, contact string) (store.Erasure, error) {
	if !erased.Is(contact) {
		contact = marks.Contact(contact)
	}
	became, err := store.Became(tx, store.OfContact, contact)
	if err != nil {
		return store.Erasure{}, err
	}
	if became != "" {
		contact = became
	}
	return tx.Erasure(contact)
}
