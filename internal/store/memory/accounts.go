package memory

import (
	"strings"

	"holdfast/internal/store"
)

func accountTables(t *tables) {
	t.accounts.key = func(a *store.Account) string { return a.ID }
	t.accountsByID = t.accounts.indexed(func(a *store.Account) bool { return a.Known }, nil,
		func(a, b *store.Account) int { return strings.Compare(a.ID, b.ID) })

	t.contacts.key = func(c *store.Contact) string { return c.ID }
	t.contactsByAccount = t.contacts.indexed(nil, func(c *store.Contact) key { return key{c.Account} },
		func(a, b *store.Contact) int { return strings.Compare(a.ID, b.ID) })

	t.objects.key = func(o *store.Object) key { return key{o.Kind, o.Key} }
	t.objectsByAccount = t.objects.indexed(nil, func(o *store.Object) key { return key{o.Account, o.Kind} },
		func(a, b *store.Object) int { return strings.Compare(a.Key, b.Key) })
}

func ownAccount(a *store.Account) store.Account {
	own := *a
	own.Fields = fieldsOut(a.Fields)
	return own
}

func (t *tx) Account(id string) (store.Account, error) { return one(t, &t.accounts, id, ownAccount) }

func (t *tx) PutAccount(a store.Account) (err error) {
	if a.Fields, err = fieldsIn(a.Fields); err != nil {
		return err
	}
	if err := t.writes("write account"); err != nil {
		return err
	}
	t.accounts.put(t, a)
	return nil
}

func (t *tx) AccountIDs(after string, limit int) ([]string, error) {
	known := from(t.accountsByID.of(), func(a *store.Account) bool { return a.ID > after })
	if limit > 0 && len(known) > limit {
		known = known[:limit]
	}
	var ids []string
	for _, a := range known {
		ids = append(ids, a.ID)
	}
	return ids, t.ready()
}

func (t *tx) CountAccounts() (known, provisional int, err error) {
	known = len(t.accountsByID.of())
	return known, len(t.accounts.rows) - known, t.ready()
}

func ownContact(c *store.Contact) store.Contact {
	own := *c
	own.Fields = fieldsOut(c.Fields)
	return own
}

func (t *tx) Contact(id string) (store.Contact, error) { return one(t, &t.contacts, id, ownContact) }

func (t *tx) Contacts(account string) ([]store.Contact, error) {
	return some(t, t.contactsByAccount.of(account), 0, nil, ownContact)
}

func (t *tx) PutContact(c store.Contact) (err error) {
	if c.Fields, err = fieldsIn(c.Fields); err != nil {
		return err
	}
	if err := t.writes("write contact"); err != nil {
		return err
	}
	t.contacts.put(t, c)
	return nil
}

func ownObject(o *store.Object) store.Object {
	own := *o
	own.Fields = fieldsOut(o.Fields)
	return own
}

func (t *tx) Objects(account, kind string) ([]store.Object, error) {
	return some(t, t.objectsByAccount.of(account, kind), 0, nil, ownObject)
}

func (t *tx) Object(kind, id string) (store.Object, error) {
	return one(t, &t.objects, key{kind, id}, ownObject)
}

func (t *tx) PutObject(o store.Object) (err error) {
	if o.Fields, err = fieldsIn(o.Fields); err != nil {
		return err
	}
	if err := t.writes("write object"); err != nil {
		return err
	}
	t.objects.put(t, o)
	return nil
}
