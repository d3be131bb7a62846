// Package facts reads what expressions may see of an account out of one
// transaction: stored fields in their declared types, objects, metrics, and the
// fields derived from them. It decides nothing and writes nothing.
package facts

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"holdfast/internal/store"
	"holdfast/rules"
)

// horizon is how many days of a metric expressions can look back.
const horizon = 400

// MistakeError is an error that asking the store again does not mend: what is stored, or
// what is derived from it, cannot be understood. All others are the store's own.
type MistakeError struct{ Err error }

func (m MistakeError) Error() string { return m.Err.Error() }

// Unwrap is what could not be understood.
func (m MistakeError) Unwrap() error { return m.Err }

// Load reads an account and one of its contacts, "" for none. An account or a
// contact that is not stored has no fields set; neither is an error. A stored
// value that no longer fits its declared type counts as unset. The error is the
// store's, or a MistakeError when a derived field cannot be computed.
//
// Objects and Series of the result read through tx when they are first asked,
// so it is good inside the transaction only. When such a read fails they answer
// with nothing, and the transaction does not commit.
func Load(tx store.Tx, set *rules.Set, account, contact string, now time.Time) (*rules.Facts, error) {
	r := &reader{tx: tx, set: set, account: account, now: now.UTC()}
	f := &rules.Facts{Now: now, Account: rules.Record{}, Objects: r.objects, Series: r.series, Population: r.population}
	a, err := tx.Account(account)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("read account %s: %w", account, err)
	}
	f.Account = record(set.AccountType, a.Fields)
	f.Account["id"] = account
	if f.Contact, err = Contact(tx, set, contact); err != nil {
		return nil, err
	}
	values, derived, err := set.Derive(f)
	if r.err != nil {
		return nil, r.err // what was derived from nothing says nothing
	}
	if err != nil {
		return nil, MistakeError{Err: fmt.Errorf("derive fields of account %s: %w", account, err)}
	}
	for _, name := range derived {
		delete(f.Account, name)
	}
	maps.Copy(f.Account, values)
	return f, nil
}

// Contact reads the fields of one person; nil when id is "" or not stored.
func Contact(tx store.Tx, set *rules.Set, id string) (rules.Record, error) {
	if id == "" {
		return nil, nil
	}
	c, err := tx.Contact(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read contact %s: %w", id, err)
	}
	return Person(set, c), nil
}

// Person is the fields of a contact that was read already.
func Person(set *rules.Set, c store.Contact) rules.Record {
	r := record(set.ContactType, c.Fields)
	r["id"] = c.ID
	return r
}

// Event is what expressions see of a stored event. The error is one that is no
// longer declared, or whose props no longer fit.
func Event(set *rules.Set, e store.Event) (rules.Record, error) {
	r, err := set.EventOf(e.Message)
	if err != nil {
		return nil, fmt.Errorf("read event %d: %w", e.Seq, err)
	}
	return r, nil
}

// reader answers the lazy parts of Facts, each name once.
type reader struct {
	tx      store.Tx
	set     *rules.Set
	account string
	now     time.Time
	kinds   map[string][]rules.Record
	metrics map[string][]rules.Day
	err     error
}

func (r *reader) objects(kind string) []rules.Record {
	if known, ok := r.kinds[kind]; ok {
		return known
	}
	stored, err := r.tx.Objects(r.account, kind)
	if err != nil {
		r.err = errors.Join(r.err, fmt.Errorf("read %s of account %s: %w", kind, r.account, err))
		return nil
	}
	types := map[string]rules.Type{}
	for _, f := range r.set.ObjectFields(kind) {
		types[f.Name] = f.Type
	}
	typeOf := func(name string) (rules.Type, bool) { t, ok := types[name]; return t, ok }
	all := make([]rules.Record, len(stored))
	for i, o := range stored {
		all[i] = record(typeOf, o.Fields)
	}
	if r.kinds == nil {
		r.kinds = map[string][]rules.Record{}
	}
	r.kinds[kind] = all
	return all
}

func (r *reader) population(name string) []float64 {
	all, err := Population(r.tx, name)
	r.err = errors.Join(r.err, err)
	return all
}

func (r *reader) series(metric string) []rules.Day {
	if known, ok := r.metrics[metric]; ok {
		return known
	}
	from := r.now.AddDate(0, 0, -horizon).Format(time.DateOnly)
	stored, err := r.tx.Buckets(r.account, metric, from, r.now.Format(time.DateOnly))
	if err != nil {
		r.err = errors.Join(r.err, fmt.Errorf("read metric %s of account %s: %w", metric, r.account, err))
		return nil
	}
	days := make([]rules.Day, 0, len(stored))
	for _, b := range stored {
		day, err := time.Parse(time.DateOnly, b.Day)
		if err != nil {
			continue // written by nobody of ours
		}
		days = append(days, rules.Day{Day: day, Count: b.Count, Sum: b.Sum})
	}
	if r.metrics == nil {
		r.metrics = map[string][]rules.Day{}
	}
	r.metrics[metric] = days
	return days
}

// record types the stored values of declared fields.
func record(typeOf func(string) (rules.Type, bool), stored map[string]store.Field) rules.Record {
	r := make(rules.Record, len(stored))
	for name, s := range stored {
		t, declared := typeOf(name)
		if !declared || s.Value == nil {
			continue
		}
		if v, err := rules.Typed(t, s.Value); err == nil && v != nil {
			r[name] = v
		}
	}
	return r
}
