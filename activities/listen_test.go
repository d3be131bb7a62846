package activities_test

import (
	"slices"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels"
	"holdfast/internal/store"
)

func sorted(words []string) []string {
	slices.Sort(words)
	return words
}

const waiting = head + `
steps:
  - {id: opening, email: hello, to: [contacts.champion]}
  - {id: answer, wait_for: {any: [pong, ping], timeout: 7d}}
  - {id: close, end: no_response}
`

// happens stores an event and tells who listens, as the intake does.
func (w *world) happens(event string, at time.Time) (seq int64) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		m := holdfast.Message{ID: event + at.String(), Source: "test", Kind: holdfast.Track, Event: event, Account: "acme", At: at}
		var err error
		if seq, _, err = tx.AppendEvent(m, at); err != nil {
			return err
		}
		ls, err := tx.Listeners("acme", event)
		if err != nil {
			return err
		}
		for _, l := range ls {
			if err := tx.DropListener(l.Enrollment, l.Path); err != nil {
				return err
			}
			err := tx.Signal(store.Signal{Enrollment: l.Enrollment, Kind: "heard", Path: l.Path, Reason: event, Event: seq, At: at})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return seq
}

func (w *world) listeners() (n int) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		ls, err := tx.Listeners("acme", "pong")
		n = len(ls)
		return err
	})
	return n
}

func TestAnEventBeforeTheLastTouchDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, waiting)
	w.happens("pong", monday.Add(-time.Hour))
	r := w.enroll("1")
	if p := r.rest(); p.Over {
		t.Error("it heard what came before its touch")
	}
	w.clock.Move(monday.Add(time.Hour))
	w.happens("pong", monday.Add(time.Hour))
	if p := r.rest(); !p.Over || p.State.Outcome != "no_response" {
		t.Errorf("over %v as %q", p.Over, p.State.Outcome)
	}
}

func TestTheEventThatStartedItIsNotHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"\nsteps: [{id: answer, wait_for: {any: [ping], timeout: 7d}}, {id: close, end: no_response}]\n")
	seq := w.happens("ping", monday)
	r := w.enroll("1", func(e *store.Enrollment) { e.Event = seq })
	if p := r.rest(); p.Over {
		t.Error("it heard its own trigger")
	}
	w.clock.Move(monday.Add(time.Hour))
	w.happens("ping", monday.Add(time.Hour))
	if p := r.rest(); !p.Over {
		t.Errorf("it does not hear the next: %+v", p.State.Wait)
	}
}

func TestAListenerLivesAsLongAsItsWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"\nsteps: [{id: answer, wait_for: {any: [pong], timeout: 7d}}, {id: pause, wait: 3d}]\n")
	r := w.enroll("1")
	r.rest()
	if got := w.listeners(); got != 1 {
		t.Fatalf("%d listeners while it waits, want 1", got)
	}
	r.sleep()
	if got := w.listeners(); got != 0 || r.last.State.At != "pause" {
		t.Errorf("%d listeners after the timeout, at %q; want none", got, r.last.State.At)
	}
}

func TestALookBackFindsWhatTheListenerWouldHaveMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+"\nsteps: [{id: pause, wait: 1d}, {id: answer, wait_for: {any: [pong], timeout: 7d}}, {id: close, end: heard_it}]\n")
	r := w.enroll("1")
	r.rest()
	w.clock.Move(monday.Add(time.Hour))
	w.happens("pong", monday.Add(time.Hour)) // nothing listens yet
	if p := r.sleep(); !p.Over {
		t.Errorf("waits for %+v", p.State.Wait)
	}
	if got := w.listeners(); got != 0 {
		t.Errorf("%d listeners are left", got)
	}
}

type provider struct{ post }

func (*provider) Loopback() bool { return false }

func TestACompressedClockRefusesRealChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, waiting)
	c := w.config
	c.Channels = map[string]channels.Channel{"email": &provider{}}
	if _, err := activities.New(c); holdfast.CodeOf(err) != holdfast.Invalid {
		t.Errorf("a real channel under a compressed clock: %v", err)
	}
}
