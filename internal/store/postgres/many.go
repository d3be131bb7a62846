package postgres

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"holdfast/internal/store"
)

// Questions about each of a list of ids.
var (
	accountsByID         = lateral("SELECT id, known, fields FROM accounts WHERE id = w.id")
	metaByKey            = lateral("SELECT key, value FROM meta WHERE key = w.id")
	contactsByID         = lateral("SELECT id, account, fields FROM contacts WHERE id = w.id")
	enrollmentsByAccount = lateral("SELECT "+enrollmentColumns+" FROM enrollments WHERE account = w.id ORDER BY started_at NULLS FIRST, id") + " ORDER BY started_at NULLS FIRST, id"
	truthsByAccount      = lateral("SELECT playbook, trigger, account, truth, since, fired FROM truths WHERE account = w.id AND playbook = $2 AND trigger = $3")
	trueByAccount        = lateral("SELECT playbook, trigger, account, truth, since, fired FROM truths WHERE account = w.id AND truth AND left(trigger, 5) <> " + literal(store.GoalTruth))
	bucketsByAccount     = lateral("SELECT account, day, count, sum, min, max, ctid AS place FROM buckets WHERE account = w.id AND metric = $2 AND day >= $3 AND day <= $4") + " ORDER BY account, day"
	listenersByAccount   = lateral("SELECT "+listenerColumns+" FROM listeners WHERE account = w.id") + " ORDER BY opened_at NULLS FIRST, enrollment, path"
)

func accountID(a store.Account) string   { return a.ID }
func contactID(c store.Contact) string   { return c.ID }
func runOf(e store.Enrollment) string    { return e.Account }
func listenerOf(l store.Listener) string { return l.Account }
func truthOf(v store.Truth) string       { return v.Account }

func (t *tx) ManyAccounts(ids []string) (map[string]store.Account, error) {
	return byID(t, "read accounts", scanAccount, accountID, accountsByID, ids)
}

func (t *tx) ManyContacts(ids []string) (map[string]store.Contact, error) {
	return byID(t, "read contacts", scanContact, contactID, contactsByID, ids)
}

// ManyContactsAt looks for addresses as they were written. \u0000, which no address
// has, is replaced first: PostgreSQL does not read JSON that has it anywhere.
func (t *tx) ManyContactsAt(addresses []string) (map[string][]store.Contact, error) {
	small := make([]string, len(addresses))
	for i, a := range addresses {
		small[i] = strings.ToLower(a)
	}
	by := map[string][]store.Contact{}
	err := inEach(t, "find contacts", func(row scanner) error {
		c, err := scanContact(row)
		if address, ok := c.Fields["email"].Value.(string); ok {
			address = strings.ToLower(strings.TrimSpace(address))
			by[address] = append(by[address], c)
		}
		return err
	}, `SELECT id, account, fields FROM contacts
		WHERE lower(btrim(replace(fields, '\u0000', '\ufffd')::json #>> '{email,v}', E' \t\r\n')) = ANY ($1) ORDER BY id`, small)
	return by, err
}

func (t *tx) ManyTruths(playbook, trigger string, accounts []string) (map[string]store.Truth, error) {
	return byID(t, "read truths", scanTruth, truthOf, truthsByAccount, accounts, playbook, trigger)
}

func (t *tx) ManyBuckets(metric string, accounts []string, from, to string) (map[string][]store.Bucket, error) {
	by := map[string][]store.Bucket{}
	return by, inEach(t, "list buckets", t.intoBuckets(by, metric), bucketsByAccount, accounts, metric, from, to)
}

func (t *tx) intoBuckets(by map[string][]store.Bucket, metric string) func(scanner) error {
	return func(row scanner) error {
		var account string
		var b store.Bucket
		var place pgtype.TID
		err := row.Scan(&account, &b.Day, &b.Count, &b.Sum, &b.Min, &b.Max, &place)
		by[account] = append(by[account], b)
		t.place(account, metric, b.Day, place)
		return err
	}
}

func (t *tx) ManyEnrollments(accounts []string) (map[string][]store.Enrollment, error) {
	by, err := lists(t, "list enrollments", scanEnrollment, runOf, enrollmentsByAccount, accounts)
	if err == nil {
		t.enteredBy(accounts, by)
	}
	return by, err
}

func (t *tx) ManyRests(accounts []string, now time.Time) (map[string][]store.Rest, error) {
	return lists(t, "list rests", scanRest, func(r store.Rest) string { return r.Account },
		lateral("SELECT account, scope, until, reason, unless, enrollment FROM rests WHERE account = w.id AND (until IS NULL OR until > $2)")+" ORDER BY account, scope", accounts, now)
}

func (t *tx) ManyArms(holdout string, accounts []string) (map[string]string, error) {
	return texts(t, "read arms", lateral("SELECT account, arm FROM arms WHERE account = w.id AND holdout = $2"), accounts, holdout)
}

func (t *tx) ManyExits(enrollments []string) (map[string]store.Signal, error) {
	return byID(t, "read exits", scanSignal, func(s store.Signal) string { return s.Enrollment },
		lateral("SELECT "+signalColumns+" FROM signals WHERE enrollment = w.id AND kind = 'exit' ORDER BY seq LIMIT 1"), enrollments)
}

func (t *tx) ManyListeners(accounts []string) (map[string][]store.Listener, error) {
	return lists(t, "list listeners", scanListener, listenerOf, listenersByAccount, accounts)
}

// lateral asks a question for each of a list of ids, w.id, by itself: its plan, which
// is made once, uses the index however little there was in the table then.
func lateral(query string) string {
	return "SELECT found.* FROM unnest($1::text[]) AS w (id) CROSS JOIN LATERAL (" + query + " OFFSET 0) AS found"
}

// question is one of several that are asked together.
type question struct {
	what, query string
	args        []any
	row         func(scanner) error // is given each row
}

// ask asks all of qs in one way there and back.
func (t *tx) ask(qs ...question) error {
	if err := t.ready(); err != nil || len(qs) == 0 {
		return err
	}
	var queries []string
	for _, q := range qs {
		queries = append(queries, q.query)
	}
	t.takeBack(queries...)
	if err := t.idle(); err != nil {
		return err
	}
	return t.with("look", t.later.seenBy(queries...), func(b *pgx.Batch) {
		for _, q := range qs {
			b.Queue(q.query, bound(q.args)...)
		}
	}, func(r pgx.BatchResults) error {
		for _, q := range qs {
			rows, err := r.Query()
			if err == nil {
				err = walk(rows, q.row)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", q.what, err)
			}
		}
		return nil
	})
}

// ofEach is a question about each of a list of ids.
func ofEach(what, query string, ids []string, row func(scanner) error, args ...any) question {
	ids = sorted(ids)
	return question{what, query, append([]any{ids}, args...), row}
}

// sorted is ids in order, each once: neighbours are read one after the other.
func sorted(ids []string) []string {
	for i := 1; ; i++ {
		if i >= len(ids) {
			return ids
		}
		if ids[i-1] >= ids[i] {
			return slices.Compact(slices.Sorted(slices.Values(ids)))
		}
	}
}

// into puts rows into a map, by id.
func into[T any](by map[string]T, scan func(scanner) (T, error), id func(T) string) func(scanner) error {
	return func(row scanner) error {
		v, err := scan(row)
		by[id(v)] = v
		return err
	}
}

// gather appends rows to the lists of a map, by id.
func gather[T any](by map[string][]T, scan func(scanner) (T, error), id func(T) string) func(scanner) error {
	return func(row scanner) error {
		v, err := scan(row)
		by[id(v)] = append(by[id(v)], v)
		return err
	}
}

// byID reads rows into a map.
func byID[T any](t *tx, what string, scan func(scanner) (T, error), id func(T) string, query string, ids []string, args ...any) (map[string]T, error) {
	by := make(map[string]T, len(ids))
	return by, inEach(t, what, into(by, scan, id), query, ids, args...)
}

// lists reads rows into lists, by id, each in the order of the query.
func lists[T any](t *tx, what string, scan func(scanner) (T, error), id func(T) string, query string, ids []string, args ...any) (map[string][]T, error) {
	by := map[string][]T{}
	return by, inEach(t, what, gather(by, scan, id), query, ids, args...)
}

// texts reads rows of an id and a text.
func texts(t *tx, what, query string, ids []string, args ...any) (map[string]string, error) {
	by := map[string]string{}
	return by, inEach(t, what, intoTexts(by), query, ids, args...)
}

func intoTexts(by map[string]string) func(scanner) error {
	return func(row scanner) error {
		var id, text string
		err := row.Scan(&id, &text)
		by[id] = text
		return err
	}
}

// inEach gives fn the rows of a query whose first argument is a list of ids, each of
// them once.
func inEach(t *tx, what string, fn func(scanner) error, query string, ids []string, args ...any) error {
	if len(ids) == 0 {
		return nil
	}
	return each(t, what, query, append([]any{sorted(ids)}, args...), fn)
}
