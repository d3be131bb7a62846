package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/store"
)

// leaves tells r to end.
func (r *run) leaves() {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "responded", At: r.w.clock.Now()})
	})
}

// closeLeaving is what runs beside Temporal.
func (w *world) closeLeaving() (closed int) {
	w.t.Helper()
	closed, _, err := w.a.CloseLeaving(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return closed
}

const callFirst = head + `
steps:
  - {id: call, task: Call them, due: 1d}
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
`

func TestAnExitClosesWithoutTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, callFirst)
	r := w.enroll("1")
	r.rest()
	other := w.enroll("2")
	r.leaves()
	if n := w.closeLeaving(); n != 1 {
		t.Fatalf("%d closed, want the one that leaves", n)
	}
	if e := r.row(); e.Status != "ended" || e.Outcome != "responded" || !e.EndedAt.Equal(w.clock.Now()) {
		t.Errorf("%s as %q at %v", e.Status, e.Outcome, e.EndedAt)
	}
	if k := r.tasks()[0]; k.Status != "dropped" {
		t.Errorf("its task is %s", k.Status)
	}
	if e := other.row(); e.Status != "active" {
		t.Error("the other one ended too")
	}
	var woken int64
	w.update(func(tx store.Tx) error {
		rows, err := tx.Lease("relay", w.clock.Now().Add(time.Minute), w.clock.Now(), 0)
		for _, row := range rows {
			if row.Enrollment == r.id {
				woken = row.N
			}
		}
		return err
	})
	if woken <= r.n {
		t.Errorf("its workflow is woken with %d, and has seen %d: it would sleep on", woken, r.n)
	}
	if p := r.rest(); !p.Over || p.State.Outcome != "responded" || len(w.email.sent) > 0 {
		t.Errorf("over %v as %q, %d mails", p.Over, p.State.Outcome, len(w.email.sent))
	}
	if n := w.closeLeaving(); n != 0 {
		t.Errorf("%d closed again", n)
	}
}

// An exit comes and is closed while a message is with its provider.
func TestAMessageOnItsWayOutlivesTheClose(t *testing.T) {
	t.Parallel()
	refused := &holdfast.DeliveryError{Channel: "email", Reason: "busy", Refused: true, Err: errors.New("429")}
	rejected := &holdfast.DeliveryError{Channel: "email", Reason: "rejected", Permanent: true, Err: errors.New("400")}
	lost := &holdfast.DeliveryError{Channel: "email", Reason: "reset", Err: errors.New("reset")}
	for name, c := range map[string]struct {
		answer error
		want   []string
	}{
		"taken":    {nil, []string{"opening email dana sent sent_before_exit"}},
		"refused":  {refused, []string{"opening email dana skipped too_late"}},
		"rejected": {rejected, []string{"opening email dana failed rejected", "opening! slack olga sent"}},
		"lost":     {lost, []string{"opening email dana unknown reset"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, oneMail)
			r := w.enroll("1")
			w.email.fail = func(holdfast.Outbound) error {
				r.leaves()
				if n := w.closeLeaving(); n != 1 {
					t.Errorf("%d closed", n)
				}
				if diff := cmp.Diff([]string{"opening email dana sending"}, r.ledger()); diff != "" {
					t.Errorf("while it is with its provider: %s", diff)
				}
				return c.answer
			}
			p := r.rest()
			if !p.Over || p.State.Outcome != "responded" {
				t.Errorf("over %v as %q", p.Over, p.State.Outcome)
			}
			if diff := cmp.Diff(c.want, r.ledger()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAMessageOfAProcessThatDiedIsSettledAfterTheClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oneMail)
	r := w.enroll("1")
	w.config.Channels = map[string]channels.Channel{"email": &post{name: "email", fail: func(holdfast.Outbound) error { panic(crash{"sending"}) }}}
	w.wire()
	if !survive(t, func() { _, _ = w.a.Advance(t.Context(), r.step()) }) {
		t.Fatal("it did not die")
	}
	w.config.Channels = map[string]channels.Channel{"email": w.email}
	w.wire()
	r.leaves()
	w.closeLeaving()
	if p := r.rest(); !p.Over {
		t.Error("it goes on")
	}
	if diff := cmp.Diff([]string{"opening email dana unknown process_died"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}
