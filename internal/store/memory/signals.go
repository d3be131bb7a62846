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

func signalTables(t *tables) {
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
// enrollment that has ended: there is nothing left to wake.
func (t *tx) stir(enrollment string, created time.Time) (stirred bool, err error) {
	if err := t.writes("wake"); err != nil {
		return false, err
	}
	e := t.enrollments.rows[enrollment]
	if e == nil {
		return false, fmt.Errorf("wake enrollment %s: %w", enrollment, store.ErrNotFound)
	}
	if e.Status != active {
		return false, nil
	}
	woken := *e
	woken.Woken++
	t.enrollments.put(t, woken)
	t.send(store.Relayed{Enrollment: enrollment, Kind: "wake", N: woken.Woken, CreatedAt: created})
	return true, nil
}

func (t *tx) Wake(enrollment string) error {
	_, err := t.stir(enrollment, time.Time{})
	return err
}

func ownSignal(s *store.Signal) store.Signal {
	own := *s
	own.Data = bytes.Clone(s.Data)
	return own
}

func (t *tx) Signal(s store.Signal) error {
	stirred, err := t.stir(s.Enrollment, s.At)
	if err != nil || !stirred {
		return err
	}
	s.Seq = 1
	if before := last(t.signalsOf.of(s.Enrollment)); before != nil {
		s.Seq = before.Seq + 1
	}
	s.At = moment(s.At)
	t.signals.put(t, ownSignal(&s))
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
