package memory

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/store"
)

// signalKey is the enrollment and the number of a signal in it.
type signalKey struct {
	enrollment string
	seq        int64
}

// leaving is an enrollment that an exit told to end.
type leaving struct {
	enrollment string
	since      time.Time
}

func signalTables(t *tables) {
	t.leaving.key = func(l *leaving) string { return l.enrollment }
	t.leavingBySince = t.leaving.indexed(nil, nil, func(a, b *leaving) int {
		return cmp.Or(a.since.Compare(b.since), strings.Compare(a.enrollment, b.enrollment))
	})

	t.signals.key = func(s *store.Signal) signalKey { return signalKey{s.Enrollment, s.Seq} }
	t.signalsOf = t.signals.indexed(nil, func(s *store.Signal) key { return key{s.Enrollment} },
		func(a, b *store.Signal) int { return cmp.Compare(a.Seq, b.Seq) })

	t.listeners.key = func(l *store.Listener) key { return key{l.Enrollment, l.Path} }
	t.listenersOf = t.listeners.indexed(nil, func(l *store.Listener) key { return key{l.Enrollment} }, byListener)
	t.listenersByAccount = t.listeners.indexed(nil, func(l *store.Listener) key { return key{l.Account} }, byListener)
}

func byListener(a, b *store.Listener) int {
	return cmp.Or(a.OpenedAt.Compare(b.OpenedAt), strings.Compare(a.Enrollment, b.Enrollment), strings.Compare(a.Path, b.Path))
}

// stir adds one to Woken and writes the wake row. stirred is false for an
// enrollment of another status than the one that is to be woken.
func (t *tx) stir(enrollment, status string, created time.Time) (stirred bool, err error) {
	if err := t.writes("wake"); err != nil {
		return false, err
	}
	e := t.enrollments.rows[enrollment]
	if e == nil {
		return false, fmt.Errorf("wake enrollment %s: %w", enrollment, store.ErrNotFound)
	}
	if e.Status != status {
		return false, nil
	}
	woken := *e
	woken.Woken++
	t.enrollments.put(t, woken)
	t.send(store.Relayed{Enrollment: enrollment, Kind: "wake", N: woken.Woken, CreatedAt: created})
	return true, nil
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
	rows := t.leavingBySince.of()
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	ids := make([]string, len(rows))
	for i, l := range rows {
		ids[i] = l.enrollment
	}
	return ids, t.ready()
}

func ownSignal(s *store.Signal) store.Signal {
	own := *s
	own.Data = bytes.Clone(s.Data)
	return own
}

func (t *tx) Signal(s store.Signal) error {
	stirred, err := t.stir(s.Enrollment, active, s.At)
	if err != nil || !stirred {
		return err
	}
	s.Seq = 1
	if before := last(t.signalsOf.of(s.Enrollment)); before != nil {
		s.Seq = before.Seq + 1
	}
	s.At = moment(s.At)
	t.signals.put(t, ownSignal(&s))
	if s.Kind == "exit" && t.leaving.rows[s.Enrollment] == nil {
		t.leaving.put(t, leaving{s.Enrollment, s.At})
	}
	return nil
}

func (t *tx) Signals(enrollment string, after int64) ([]store.Signal, error) {
	return some(t, t.signalsOf.of(enrollment), 0, func(s *store.Signal) bool { return s.Seq > after }, ownSignal)
}

func (t *tx) ExitOf(enrollment string) (store.Signal, error) {
	if err := t.ready(); err != nil {
		return store.Signal{}, err
	}
	for _, s := range t.signalsOf.of(enrollment) {
		if s.Kind == "exit" {
			return ownSignal(s), nil
		}
	}
	return store.Signal{}, store.ErrNotFound
}

func ownListener(l *store.Listener) store.Listener {
	own := *l
	own.Events = slices.Clone(l.Events)
	return own
}

// PutListener fails for an enrollment that is not there.
func (t *tx) PutListener(l store.Listener) error {
	if err := t.writes("write listener"); err != nil {
		return err
	}
	if t.enrollments.rows[l.Enrollment] == nil {
		return t.fail("write listener", errors.New("there is no enrollment "+l.Enrollment))
	}
	l.OpenedAt = moment(l.OpenedAt)
	t.listeners.put(t, ownListener(&l))
	return nil
}

func (t *tx) DropListener(enrollment, path string) error {
	if err := t.writes("drop listener"); err != nil {
		return err
	}
	t.listeners.drop(t, key{enrollment, path})
	return nil
}

// Listeners that wait for event, by OpenedAt, Enrollment, Path.
func (t *tx) Listeners(account, event string) ([]store.Listener, error) {
	return some(t, t.listenersByAccount.of(account), 0, func(l *store.Listener) bool { return slices.Contains(l.Events, event) }, ownListener)
}
