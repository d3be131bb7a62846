package sqlite

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"holdfast/internal/store"
)

// among is a list of ids as one argument, so that its length does not change
// the statement.
const among = "(SELECT value FROM json_each(?))"

func (t *tx) ManyAccounts(ids []string) (map[string]store.Account, error) {
	return byID(t, "read accounts", scanAccount, func(a store.Account) string { return a.ID },
		"SELECT id, known, fields FROM accounts WHERE id IN "+among, ids)
}

func (t *tx) Look(w store.Wanted) (store.Found, error) { return store.LookByParts(t, w) }

func (t *tx) ManyContacts(ids []string) (map[string]store.Contact, error) {
	return byID(t, "read contacts", scanContact, func(c store.Contact) string { return c.ID },
		"SELECT id, account, fields FROM contacts WHERE id IN "+among, ids)
}

func (t *tx) ManyContactsAt(addresses []string) (map[string][]store.Contact, error) {
	small := make([]string, len(addresses))
	for i, a := range addresses {
		small[i] = strings.ToLower(a)
	}
	list, err := json.Marshal(small)
	if err != nil {
		return nil, fmt.Errorf("encode addresses: %w", err)
	}
	found, err := all(t, "find contacts", scanContact, `SELECT id, account, fields FROM contacts
		WHERE lower(trim(json_extract(fields, '$.email.v'))) IN `+among+` ORDER BY id`, string(list))
	by := map[string][]store.Contact{}
	for _, c := range found {
		address, _ := c.Fields["email"].Value.(string)
		address = strings.ToLower(strings.TrimSpace(address))
		by[address] = append(by[address], c)
	}
	return by, err
}

func (t *tx) ManyTruths(playbook, trigger string, accounts []string) (map[string]store.Truth, error) {
	return byID(t, "read truths", scanTruth, func(v store.Truth) string { return v.Account },
		"SELECT playbook, trigger, account, truth, since, fired FROM truths WHERE account IN "+among+
			" AND playbook = ? AND trigger = ?", accounts, playbook, trigger)
}

func (t *tx) ManyBuckets(metric string, accounts []string, from, to string) (map[string][]store.Bucket, error) {
	by := map[string][]store.Bucket{}
	err := inEach(t, "list buckets", func(row scanner) error {
		var account string
		var b store.Bucket
		err := row.Scan(&account, &b.Day, &b.Count, &b.Sum, &b.Min, &b.Max)
		by[account] = append(by[account], b)
		return err
	}, "SELECT account, day, count, sum, min, max FROM buckets WHERE account IN "+among+
		" AND metric = ? AND day >= ? AND day <= ? ORDER BY account, day", accounts, metric, from, to)
	return by, err
}

func (t *tx) ManyEnrollments(accounts []string) (map[string][]store.Enrollment, error) {
	return lists(t, "list enrollments", scanEnrollment, func(e store.Enrollment) string { return e.Account },
		"SELECT "+enrollmentColumns+" FROM enrollments WHERE account IN "+among+" ORDER BY started_at, id", accounts)
}

// ManyExits reads the first exit of each last, which therefore stays.
func (t *tx) ManyExits(enrollments []string) (map[string]store.Signal, error) {
	return byID(t, "read exits", scanSignal, func(s store.Signal) string { return s.Enrollment },
		"SELECT "+signalColumns+" FROM signals WHERE enrollment IN "+among+" AND kind = 'exit' ORDER BY enrollment, seq DESC", enrollments)
}

func (t *tx) ManyListeners(accounts []string) (map[string][]store.Listener, error) {
	return lists(t, "list listeners", scanListener, func(l store.Listener) string { return l.Account },
		"SELECT "+listenerColumns+" FROM listeners WHERE account IN "+among+" ORDER BY opened_at, enrollment, path", accounts)
}

func (t *tx) ManyRests(accounts []string, now time.Time) (map[string][]store.Rest, error) {
	return lists(t, "list rests", scanRest, func(r store.Rest) string { return r.Account },
		"SELECT account, scope, until, reason, unless, enrollment FROM rests WHERE account IN "+among+" AND (until IS NULL OR until > ?) ORDER BY account, scope",
		accounts, now.UnixMicro())
}

func (t *tx) ManyArms(holdout string, accounts []string) (map[string]string, error) {
	return texts(t, "read arms", "SELECT account, arm FROM arms WHERE account IN "+among+" AND holdout = ?", accounts, holdout)
}

// byID reads rows into a map.
func byID[T any](t *tx, what string, scan func(scanner) (T, error), id func(T) string, query string, ids []string, args ...any) (map[string]T, error) {
	by := make(map[string]T, len(ids))
	err := inEach(t, what, func(row scanner) error {
		v, err := scan(row)
		by[id(v)] = v
		return err
	}, query, ids, args...)
	return by, err
}

// lists reads rows into lists, by id, each in the order of the query.
func lists[T any](t *tx, what string, scan func(scanner) (T, error), id func(T) string, query string, ids []string, args ...any) (map[string][]T, error) {
	by := map[string][]T{}
	err := inEach(t, what, func(row scanner) error {
		v, err := scan(row)
		by[id(v)] = append(by[id(v)], v)
		return err
	}, query, ids, args...)
	return by, err
}

// texts reads rows of an id and a text.
func texts(t *tx, what, query string, ids []string, args ...any) (map[string]string, error) {
	by := map[string]string{}
	err := inEach(t, what, func(row scanner) error {
		var id, text string
		err := row.Scan(&id, &text)
		by[id] = text
		return err
	}, query, ids, args...)
	return by, err
}

// inEach gives fn the rows of a query whose first argument is a list of ids.
func inEach(t *tx, what string, fn func(scanner) error, query string, ids []string, args ...any) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return each(t, what, query, append([]any{string(list)}, args...), func(row scanner) (bool, error) {
		return true, fn(row)
	})
}
