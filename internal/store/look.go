package store

import (
	"time"

	"holdfast"
)

// Wanted is what a batch of messages is about to ask of one transaction.
type Wanted struct {
	Messages []holdfast.Message // as Expect
	Accounts []string           // as ManyAccounts
	Contacts []string           // as ManyContacts
	Runs     []string           // accounts: as ManyEnrollments and ManyListeners
	Meta     []string           // as MetaGet
	Became   bool               // as Aliases, of those Accounts and Contacts that are not there
	Parked   []string           // contacts: as Parked
	Truths   []string           // accounts: what is true of each
	Buckets  []BucketsOf        // as ManyBuckets
	// Foreseen gives those of Messages that the transaction will most likely append as they
	// are, received at Received: they may be written at once. Nobody sees one before it is
	// appended, and one that is not is not kept.
	// As Meanwhile, but that it may not be called; nil: nothing is foreseen.
	Foreseen func() []holdfast.Message
	Received time.Time
	// Meanwhile is called once, while a database that is somewhere else answers, unless
	// that fails. It must not use the transaction. nil: the caller has nothing to do.
	Meanwhile func()
}

// BucketsOf is a question for one metric's days of each account, from one day to
// another, both included.
type BucketsOf struct {
	Metric, From, To string
	Accounts         []string
}

// Found is the answer to Wanted; what is not there is absent.
type Found struct {
	Accounts  map[string]Account
	Contacts  map[string]Contact
	Runs      map[string][]Enrollment
	Listeners map[string][]Listener
	Meta      map[string]string
	// Became is whom accounts and contacts have become, by kind (OfAccount, OfContact).
	Became map[string]map[string]string
	Parked []Parked
	// Truths are those that are true, but for goals', by no order. nil: the store has not
	// looked, ask ManyTruths.
	Truths  []Truth
	Buckets []map[string][]Bucket // likewise
}

// LookByParts asks for each part of w by itself.
func LookByParts(tx Tx, w Wanted) (f Found, err error) {
	if err := tx.Expect(w.Messages); err != nil {
		return f, err
	}
	if w.Meanwhile != nil {
		w.Meanwhile()
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
	if f.Listeners, err = tx.ManyListeners(w.Runs); err != nil {
		return f, err
	}
	for _, q := range w.Buckets {
		buckets, err := tx.ManyBuckets(q.Metric, q.Accounts, q.From, q.To)
		if err != nil {
			return f, err
		}
		f.Buckets = append(f.Buckets, buckets)
	}
	if len(w.Parked) > 0 {
		if f.Parked, err = tx.Parked(w.Parked); err != nil {
			return f, err
		}
	}
	if !w.Became {
		return f, nil
	}
	f.Became = map[string]map[string]string{}
	if f.Became[OfAccount], err = tx.Aliases(OfAccount, absent(w.Accounts, f.Accounts)); err != nil {
		return f, err
	}
	f.Became[OfContact], err = tx.Aliases(OfContact, absent(w.Contacts, f.Contacts))
	return f, err
}

// absent are those of ids that were not found.
func absent[T any](ids []string, found map[string]T) (out []string) {
	for _, id := range ids {
		if _, ok := found[id]; !ok {
			out = append(out, id)
		}
	}
	return out
}
