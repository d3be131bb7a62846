package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

const eventColumns = "seq, source, id, kind, name, account, contact, at, received, props"

func scanEvent(row scanner) (store.Event, error) {
	var e store.Event
	var props []byte
	err := row.Scan(&e.Seq, &e.Source, &e.ID, &e.Kind, &e.Event, &e.Account, &e.Contact,
		at(&e.At), at(&e.Received), text{&props})
	if err != nil || props == nil {
		return e, err
	}
	return e, decode(string(props), &e.Props)
}

func (t *tx) AppendEvent(m holdfast.Message, received time.Time) (seq int64, fresh bool, err error) {
	var props []byte
	if m.Props != nil {
		if props, err = json.Marshal(m.Props); err != nil {
			return 0, false, fmt.Errorf("encode props of %s: %w", m.ID, err)
		}
	}
	if t.read {
		return 0, false, fmt.Errorf("append event: %w", errReadOnly)
	}
	seq, err = one(t, "append event", value[int64], `INSERT INTO events
		(source, id, kind, name, account, contact, at, received, props) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (source, id) DO NOTHING RETURNING seq`,
		m.Source, m.ID, m.Kind, m.Event, m.Account, m.Contact, micros(m.At), micros(received), document(props))
	if !errors.Is(err, store.ErrNotFound) {
		return seq, err == nil, err
	}
	seq, err = one(t, "find event", value[int64], "SELECT seq FROM events WHERE source = ? AND id = ?", m.Source, m.ID)
	return seq, false, err
}

// Expect has nothing to do: looking for one by one costs no way there and back.
func (t *tx) Expect([]holdfast.Message) error { return t.ready() }

func (t *tx) Event(seq int64) (store.Event, error) {
	return one(t, "read event", scanEvent, "SELECT "+eventColumns+" FROM events WHERE seq = ?", seq)
}

func (t *tx) Events(account string, names []string, from, to time.Time, limit int) ([]store.Event, error) {
	query := "SELECT " + eventColumns + " FROM events WHERE account = ?"
	args := []any{account}
	if names != nil {
		query += " AND name IN (" + marks(len(names)) + ")"
		for _, n := range names {
			args = append(args, n)
		}
	}
	if !from.IsZero() {
		query += " AND at >= ?"
		args = append(args, from.UnixMicro())
	}
	if !to.IsZero() {
		query += " AND at < ?"
		args = append(args, to.UnixMicro())
	}
	return all(t, "list events", scanEvent, query+" ORDER BY at, seq LIMIT ?", append(args, limited(limit))...)
}

// marks is "?, ?, ?" for n values.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

func (t *tx) LastEvent(account, name string) (store.Event, error) {
	return one(t, "read last event", scanEvent,
		"SELECT "+eventColumns+" FROM events WHERE account = ? AND name = ? ORDER BY at DESC, seq DESC LIMIT 1", account, name)
}

// ofOptOuts is the condition of the index events_of_opt_outs, in its words.
const ofOptOuts = "name IN ('" + holdfast.EventOptedOut + "', '" + holdfast.EventOptedIn + "')"

func (t *tx) OptOuts(contact string) ([]store.Event, error) {
	return all(t, "list opt-outs", scanEvent,
		"SELECT "+eventColumns+" FROM events WHERE contact = ? AND "+ofOptOuts+" ORDER BY at, seq", contact)
}

func (t *tx) AddToBucket(account, metric, day string, count int64, sum float64) error {
	return t.put("add to bucket", `INSERT INTO buckets (account, metric, day, count, sum, min, max)
		VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5) ON CONFLICT DO UPDATE SET
		count = count + excluded.count, sum = sum + excluded.sum,
		min = min(min, excluded.min), max = max(max, excluded.max)`, account, metric, day, count, sum)
}

func scanBucket(row scanner) (store.Bucket, error) {
	var b store.Bucket
	return b, row.Scan(&b.Day, &b.Count, &b.Sum, &b.Min, &b.Max)
}

func (t *tx) Buckets(account, metric, from, to string) ([]store.Bucket, error) {
	return all(t, "list buckets", scanBucket, `SELECT day, count, sum, min, max FROM buckets
		WHERE account = ? AND metric = ? AND day >= ? AND day <= ? ORDER BY day`, account, metric, from, to)
}

func (t *tx) AllBuckets(account, from string) (map[string][]store.Bucket, error) {
	by := map[string][]store.Bucket{}
	err := each(t, "list buckets", `SELECT metric, day, count, sum, min, max FROM buckets
		WHERE account = ? AND day >= ? ORDER BY metric, day`, []any{account, from}, func(row scanner) (bool, error) {
		var metric string
		var b store.Bucket
		err := row.Scan(&metric, &b.Day, &b.Count, &b.Sum, &b.Min, &b.Max)
		by[metric] = append(by[metric], b)
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return by, nil
}
