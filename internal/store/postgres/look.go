package postgres

import (
	"holdfast/internal/store"
)

func (t *tx) Look(w store.Wanted) (store.Found, error) {
	f := store.Found{
		Accounts: map[string]store.Account{}, Contacts: map[string]store.Contact{}, Runs: map[string][]store.Enrollment{},
		Listeners: map[string][]store.Listener{}, Meta: map[string]string{}, Became: map[string]map[string]string{},
	}
	t.wide(w)
	var qs []question
	look, x := t.expecting(w.Messages)
	if x != nil {
		qs = append(qs, look)
	}
	if len(w.Meta) > 0 {
		qs = append(qs, ofEach("read meta", metaByKey, w.Meta, intoTexts(f.Meta)))
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
	if len(w.Truths) > 0 {
		f.Truths = []store.Truth{}
		qs = append(qs, ofEach("read truths", trueByAccount, w.Truths, func(row scanner) error {
			v, err := scanTruth(row)
			f.Truths = append(f.Truths, v)
			return err
		}))
	}
	for _, q := range w.Buckets {
		by := make(map[string][]store.Bucket, len(q.Accounts))
		f.Buckets = append(f.Buckets, by)
		qs = append(qs, ofEach("list buckets", bucketsByAccount, q.Accounts, t.intoBuckets(by, q.Metric), q.Metric, q.From, q.To))
	}
	if len(w.Parked) > 0 {
		qs = append(qs, question{"list parked messages", parkedByContact, []any{w.Parked}, func(row scanner) error {
			p, err := scanParked(row)
			f.Parked = append(f.Parked, p)
			return err
		}})
	}
	for _, of := range []struct {
		kind string
		ids  []string
	}{{store.OfAccount, w.Accounts}, {store.OfContact, w.Contacts}} {
		if w.Became && len(of.ids) > 0 { // one that is there has become nobody
			f.Became[of.kind] = map[string]string{}
			qs = append(qs, ofEach("read aliases", aliasesByID, of.ids, intoTexts(f.Became[of.kind]), of.kind))
		}
	}
	t.meanwhile = func() {
		if x != nil {
			x.encode(w.Messages)
			if w.Foreseen != nil {
				x.prepare(w.Foreseen(), w.Received)
			}
		}
		if w.Meanwhile != nil {
			w.Meanwhile()
		}
	}
	if err := t.ask(qs...); err != nil {
		t.meanwhile = nil
		return f, err
	}
	t.passTime() // there was nothing to ask
	if x != nil {
		t.expect = *x
		t.foresee()
	}
	t.enteredBy(w.Runs, f.Runs)
	return f, nil
}
