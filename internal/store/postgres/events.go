package postgres

import (
	"errors"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

const eventColumns = "seq, source, id, kind, name, account, contact, at, received, props"

func scanEvent(row scanner) (store.Event, error) {
	var e store.Event
	var props []byte
	err := row.Scan(&e.Seq, &e.Source, &e.ID, &e.Kind, &e.Event, &e.Account, &e.Contact, at(&e.At), at(&e.Received), &props)
	if err != nil || props == nil {
		return e, err
	}
	return e, decode(props, &e.Props)
}

var eventRows = fresh(rows("append event", "events", "seq bigint, source text, id text, kind text, name text, account text, contact text, at timestamptz, received timestamptz, props text",
	"(source, id) DO NOTHING"))

func eventRow(seq int64, m holdfast.Message, received time.Time, props []byte) []any {
	return []any{seq, m.Source, m.ID, m.Kind, m.Event, m.Account, m.Contact, when(m.At), when(received), document(props)}
}

func (t *tx) AppendEvent(m holdfast.Message, received time.Time) (seq int64, fresh bool, err error) {
	if err := t.changes("append event"); err != nil {
		return 0, false, err
	}
	if seq, is := t.written(m, received); is {
		return seq, true, nil
	}
	props, err := t.expect.propsOf(m)
	if err != nil {
		return 0, false, err
	}
	seq, there, looked := t.expect.take(m)
	switch {
	case there:
		return seq, false, nil
	case looked:
		return seq, true, t.add(eventRows, eventRow(seq, m, received, props)...)
	}
	seq, err = one(t, "append event", value[int64], `INSERT INTO events
		(source, id, kind, name, account, contact, at, received, props) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (source, id) DO NOTHING RETURNING seq`,
		m.Source, m.ID, m.Kind, m.Event, m.Account, m.Contact, when(m.At), when(received), document(props))
	if fresh = err == nil; errors.Is(err, store.ErrNotFound) {
		seq, err = one(t, "find event", value[int64], "SELECT seq FROM events WHERE source = $1 AND id = $2", m.Source, m.ID)
	}
	if err == nil {
		t.expect.met(m, seq)
	}
	return seq, fresh, err
}

func (t *tx) Event(seq int64) (store.Event, error) {
	return one(t, "read event", scanEvent, "SELECT "+eventColumns+" FROM events WHERE seq = $1", seq)
}

func (t *tx) Events(account string, names []string, from, to time.Time, limit int) ([]store.Event, error) {
	var w where
	w.and("account = ", account)
	if names != nil {
		w.among("name", names)
	}
	if !from.IsZero() {
		w.and("at >= ", from)
	}
	if !to.IsZero() {
		w.and("at < ", to)
	}
	return all(t, "list events", scanEvent, "SELECT "+eventColumns+" FROM events"+w.clause()+
		" ORDER BY at NULLS FIRST, seq LIMIT "+w.arg(limited(limit)), w.values()...)
}

func (t *tx) LastEvent(account, name string) (store.Event, error) {
	return one(t, "read last event", scanEvent,
		"SELECT "+eventColumns+" FROM events WHERE account = $1 AND name = $2 ORDER BY at DESC NULLS LAST, seq DESC LIMIT 1", account, name)
}

// ofOptOuts is the condition of the index events_of_opt_outs, in its words.
const ofOptOuts = "name IN ('" + holdfast.EventOptedOut + "', '" + holdfast.EventOptedIn + "')"

func (t *tx) OptOuts(contact string) ([]store.Event, error) {
	return all(t, "list opt-outs", scanEvent,
		"SELECT "+eventColumns+" FROM events WHERE contact = $1 AND "+ofOptOuts+" ORDER BY at NULLS FIRST, seq", contact)
}
