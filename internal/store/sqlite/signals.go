package sqlite

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdfast/internal/store"
)

// stir adds one to Woken and writes the wake row. stirred is false for an
// enrollment of another status than the one that is to be woken.
func (t *tx) stir(enrollment, status string, created time.Time) (stirred bool, err error) {
	n, err := t.exec("wake", "UPDATE enrollments SET woken = woken + 1 WHERE id = ? AND status = ?", enrollment, status)
	if err != nil {
		return false, err
	}
	woken, err := one(t, "read wake count", value[int64], "SELECT woken FROM enrollments WHERE id = ?", enrollment)
	if err != nil {
		return false, fmt.Errorf("wake enrollment %s: %w", enrollment, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, t.relay(enrollment, "wake", woken, "", created)
}

func (t *tx) Wake(enrollment string) error {
	_, err := t.stir(enrollment, active, time.Time{})
	return err
}

func (t *tx) WakeEnded(enrollment string) error {
	_, err := t.stir(enrollment, "ended", time.Time{})
	return err
}

func (t *tx) Leaving(limit int) ([]string, error) {
	return all(t, "list leaving", value[string], "SELECT enrollment FROM leaving ORDER BY since, enrollment LIMIT ?", limited(limit))
}

func (t *tx) Signal(s store.Signal) error {
	stirred, err := t.stir(s.Enrollment, active, s.At)
	if err != nil || !stirred {
		return err
	}
	if s.Kind == "exit" {
		err := t.put("mark as leaving", "INSERT INTO leaving (enrollment, since) VALUES (?, ?) ON CONFLICT DO NOTHING", s.Enrollment, micros(s.At))
		if err != nil {
			return err
		}
	}
	return t.put("write signal", `INSERT INTO signals (enrollment, seq, kind, path, outcome, reason, event, at, data)
		VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM signals WHERE enrollment = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		s.Enrollment, s.Kind, s.Path, s.Outcome, s.Reason, s.Event, micros(s.At), document(s.Data))
}

const signalColumns = "enrollment, seq, kind, path, outcome, reason, event, at, data"

func scanSignal(row scanner) (store.Signal, error) {
	var s store.Signal
	return s, row.Scan(&s.Enrollment, &s.Seq, &s.Kind, &s.Path, &s.Outcome, &s.Reason, &s.Event, at(&s.At), text{&s.Data})
}

func (t *tx) Signals(enrollment string, after int64) ([]store.Signal, error) {
	return all(t, "list signals", scanSignal,
		"SELECT "+signalColumns+" FROM signals WHERE enrollment = ? AND seq > ? ORDER BY seq", enrollment, after)
}

func (t *tx) ExitOf(enrollment string) (store.Signal, error) {
	return one(t, "read exit", scanSignal, "SELECT "+signalColumns+
		" FROM signals WHERE enrollment = ? AND kind = 'exit' ORDER BY seq LIMIT 1", enrollment)
}

func (t *tx) PutListener(l store.Listener) error {
	events, err := json.Marshal(l.Events)
	if err != nil {
		return fmt.Errorf("encode events of listener: %w", err)
	}
	return t.put("write listener", `INSERT INTO listeners (enrollment, path, account, events, opened_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
		account = excluded.account, events = excluded.events, opened_at = excluded.opened_at`,
		l.Enrollment, l.Path, l.Account, string(events), micros(l.OpenedAt))
}

const listenerColumns = "enrollment, path, account, events, opened_at"

func scanListener(row scanner) (store.Listener, error) {
	var l store.Listener
	var events string
	if err := row.Scan(&l.Enrollment, &l.Path, &l.Account, &events, at(&l.OpenedAt)); err != nil {
		return l, err
	}
	return l, json.Unmarshal([]byte(events), &l.Events)
}

func (t *tx) DropListener(enrollment, path string) error {
	return t.put("drop listener", "DELETE FROM listeners WHERE enrollment = ? AND path = ?", enrollment, path)
}

// Listeners that wait for event, by OpenedAt, Enrollment, Path. An account has
// few, so their events are compared here and need no table.
func (t *tx) Listeners(account, event string) ([]store.Listener, error) {
	open, err := all(t, "list listeners", scanListener,
		"SELECT "+listenerColumns+" FROM listeners WHERE account = ? ORDER BY opened_at, enrollment, path", account)
	return slices.DeleteFunc(open, func(l store.Listener) bool { return !slices.Contains(l.Events, event) }), err
}
