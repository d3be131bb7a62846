package activities_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
)

const oneNote = head + `
steps:
  - {id: note, slack: "#cs", text: "{{ account.name }} pinged"}
  - {id: close, end: told}
`

var lost = &holdfast.DeliveryError{Channel: "slack", Reason: "timeout_after_send"}

// loses answers of the first n posts; they arrive all the same when arrive is set.
func (r *room) loses(n int, arrive bool) {
	r.fail = func(m holdfast.Outbound) error {
		if n--; n < 0 {
			return nil
		}
		if arrive {
			r.show(m)
		}
		return lost
	}
}

func TestANoteWhoseAnswerIsLostIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, arrived := range map[string]bool{"it is there": true, "it is not": false} {
		w, slack := newRoom(t, oneNote)
		slack.loses(1, arrived)
		r := w.enroll("1")
		if p := r.rest(); !p.Until.Equal(monday.Add(40*time.Second)) || slack.looks != 0 {
			t.Fatalf("%s: waits until %s after %d looks, want 40 seconds without one", name, p.Until, slack.looks)
		}
		r.sleep() // until it looks
		if woken := r.row().Woken; woken <= r.n {
			t.Errorf("%s: the enrollment sleeps on, though it is known what became of the note", name)
		}
		if !r.rest().Over {
			t.Errorf("%s: it waits for another look", name)
		}
		if len(slack.shown) != 1 || slack.looks != 1 {
			t.Errorf("%s: %d notes after %d looks, want 1 and 1", name, len(slack.shown), slack.looks)
		}
		ledger, said := "note slack #cs sent", ""
		if arrived {
			ledger, said = "note slack #cs sent found", "its send had no answer; it was looked for and found"
		}
		if diff := cmp.Diff([]string{ledger}, r.ledger()); diff != "" || r.last.State.Outcome != "told" {
			t.Errorf("%s: ended %q: %s", name, r.last.State.Outcome, diff)
		}
		want := []string{"error note retry timeout_after_send", "error note retry timeout_after_send", "slack note sent", "outcome told"}
		if diff := cmp.Diff(want[1:], r.timeline()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		w.update(func(tx store.Tx) error {
			lines, err := tx.LinesOf(r.id)
			for _, l := range lines {
				if l.Outcome == "sent" && l.Reason != said {
					t.Errorf("%s: the timeline says %q, want %q", name, l.Reason, said)
				}
			}
			return err
		})
	}
}

func TestANoteWhoseSenderDiedIsLookedFor(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneNote)
	r := w.enroll("1")
	slack.fail = func(m holdfast.Outbound) error { slack.show(m); panic("killed") }
	func() {
		defer func() { _ = recover() }()
		r.advance()
	}()
	slack.fail = nil
	w.wire()
	r.rest()
	for range 3 {
		if !r.last.Over {
			r.sleep()
		}
	}
	if len(slack.shown) != 1 || slack.looks != 1 {
		t.Errorf("%d notes after %d looks, want 1 and 1", len(slack.shown), slack.looks)
	}
	if diff := cmp.Diff([]string{"note slack #cs sent found"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
}

func TestANoteThatCannotBeLookedForIsNotRepeated(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneNote)
	slack.loses(1, true)
	slack.blind = &holdfast.DeliveryError{Channel: "slack", Reason: "bad_credentials", Permanent: true}
	r := w.enroll("1")
	r.rest()
	r.sleep()
	r.sleep()
	if diff := cmp.Diff([]string{"note slack #cs unknown process_died"}, r.ledger()); diff != "" {
		t.Error(diff)
	}
	if len(slack.shown) != 1 {
		t.Errorf("%d notes", len(slack.shown))
	}
}

func TestLookingIsTriedAgain(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneNote)
	slack.loses(1, true)
	slack.blind = &holdfast.DeliveryError{Channel: "slack", Reason: "rate_limited", Refused: true}
	r := w.enroll("1")
	r.rest()
	r.sleep()
	r.sleep()
	slack.blind = nil
	for range 3 {
		if !r.last.Over {
			r.sleep()
		}
	}
	if diff := cmp.Diff([]string{"note slack #cs sent found"}, r.ledger()); diff != "" || len(slack.shown) != 1 {
		t.Errorf("%d notes: %s", len(slack.shown), diff)
	}
}

func TestACardWhoseAnswerIsLostIsLookedFor(t *testing.T) {
	t.Parallel()
	for name, arrived := range map[string]bool{"it is there": true, "it is not": false} {
		w, slack := newRoom(t, oneCall)
		slack.loses(1, arrived)
		r := w.enroll("1")
		if p := r.rest(); !p.Until.Equal(monday.Add(40 * time.Second)) {
			t.Fatalf("%s: looks at %s, want after 40 seconds", name, p.Until)
		}
		r.sleep()
		if len(slack.shown) != 1 || slack.looks != 1 {
			t.Errorf("%s: %d cards after %d looks, want 1 and 1", name, len(slack.shown), slack.looks)
		}
		want := "call slack olga sent"
		if arrived {
			want = "call slack olga sent found"
		}
		if diff := cmp.Diff([]string{"call phone dana claimed", want}, sorted(r.ledger())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		w.update(func(tx store.Tx) error {
			h, err := tx.Touch(holdfast.TouchID(r.id, "call", "slack", "olga"))
			if h.ProviderID != "D1/1.0" {
				t.Errorf("%s: the receipt is %q", name, h.ProviderID)
			}
			return err
		})
	}
}

// A card is delivered at least once: one that can never be looked for is posted again.
func TestACardThatCannotBeLookedForIsPostedAgain(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	slack.loses(1, true)
	slack.blind = &holdfast.DeliveryError{Channel: "slack", Reason: "bad_credentials", Permanent: true}
	r := w.enroll("1")
	r.rest()
	r.sleep()
	if diff := cmp.Diff([]string{"call phone dana claimed", "call slack olga sent"}, sorted(r.ledger())); diff != "" || len(slack.shown) != 2 {
		t.Errorf("%d cards: %s", len(slack.shown), diff)
	}
}

// An exit ends the wait for a look, and the look comes all the same.
func TestALostNoteOfAnEndedRunIsLookedFor(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneNote)
	slack.loses(1, true)
	r := w.enroll("1")
	r.rest()
	w.update(func(tx store.Tx) error {
		return tx.Signal(store.Signal{Enrollment: r.id, Kind: "exit", Outcome: "gone", At: w.clock.Now()})
	})
	if p := r.rest(); !p.Over {
		t.Fatalf("it goes on: %+v", p)
	}
	if diff := cmp.Diff([]string{"note slack #cs reconciled found"}, sorted(r.ledger())); diff != "" || len(slack.shown) != 1 {
		t.Errorf("%d notes: %s", len(slack.shown), diff)
	}
}
