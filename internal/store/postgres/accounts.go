package postgres

import (
	"errors"

	"holdfast/internal/store"
)

func (t *tx) MetaGet(key string) (string, error) {
	v, err := one(t, "read meta", value[string], "SELECT value FROM meta WHERE key = $1", key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return v, err
}

func (t *tx) MetaSet(key, value string) error {
	if value == "" {
		return t.put("forget meta", "DELETE FROM meta WHERE key = $1", key)
	}
	return t.put("write meta", `INSERT INTO meta (key, value) VALUES ($1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
}

func scanAccount(row scanner) (store.Account, error) {
	var a store.Account
	var fields []byte
	if err := row.Scan(&a.ID, &a.Known, &fields); err != nil {
		return a, err
	}
	var err error
	a.Fields, err = fieldsOf(fields)
	return a, err
}

func (t *tx) Account(id string) (store.Account, error) {
	return one(t, "read account", scanAccount, "SELECT id, known, fields FROM accounts WHERE id = $1", id)
}

var accountRows = whole("write account", "accounts", "id text, known boolean, fields text", 1)

func (t *tx) PutAccount(a store.Account) error {
	fields, err := fieldsText(a.Fields)
	if err != nil {
		return err
	}
	return t.add(accountRows, a.ID, a.Known, fields)
}

func (t *tx) AccountIDs(after string, limit int) ([]string, error) {
	return all(t, "list accounts", value[string],
		"SELECT id FROM accounts WHERE id > $1 AND known ORDER BY id LIMIT $2", after, limited(limit))
}

func (t *tx) CountAccounts() (known, provisional int, err error) {
	n, err := one(t, "count accounts", func(row scanner) (n [2]int, err error) {
		return n, row.Scan(&n[0], &n[1])
	}, "SELECT count(*) FILTER (WHERE known), count(*) FILTER (WHERE NOT known) FROM accounts")
	return n[0], n[1], err
}

func scanContact(row scanner) (store.Contact, error) {
	var c store.Contact
	var fields []byte
	if err := row.Scan(&c.ID, &c.Account, &fields); err != nil {
		return c, err
	}
	var err error
	c.Fields, err = fieldsOf(fields)
	return c, err
}

func (t *tx) Contact(id string) (store.Contact, error) {
	return one(t, "read contact", scanContact, "SELECT id, account, fields FROM contacts WHERE id = $1", id)
}

func (t *tx) Contacts(account string) ([]store.Contact, error) {
	return all(t, "list contacts", scanContact,
		"SELECT id, account, fields FROM contacts WHERE account = $1 ORDER BY id", account)
}

var contactRows = whole("write contact", "contacts", "id text, account text, fields text", 1)

func (t *tx) PutContact(c store.Contact) error {
	fields, err := fieldsText(c.Fields)
	if err != nil {
		return err
	}
	return t.add(contactRows, c.ID, c.Account, fields)
}

func scanObject(row scanner) (store.Object, error) {
	var o store.Object
	var fields []byte
	if err := row.Scan(&o.Kind, &o.Key, &o.Account, &fields); err != nil {
		return o, err
	}
	var err error
	o.Fields, err = fieldsOf(fields)
	return o, err
}

func (t *tx) Objects(account, kind string) ([]store.Object, error) {
	return all(t, "list objects", scanObject,
		"SELECT kind, key, account, fields FROM objects WHERE account = $1 AND kind = $2 ORDER BY key", account, kind)
}

func (t *tx) Object(kind, key string) (store.Object, error) {
	return one(t, "read object", scanObject,
		"SELECT kind, key, account, fields FROM objects WHERE kind = $1 AND key = $2", kind, key)
}

var objectRows = whole("write object", "objects", "kind text, key text, account text, fields text", 2)

func (t *tx) PutObject(o store.Object) error {
	fields, err := fieldsText(o.Fields)
	if err != nil {
		return err
	}
	return t.add(objectRows, o.Kind, o.Key, o.Account, fields)
}
