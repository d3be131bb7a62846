package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/workflows"
)

// door is a room that several may send to at once.
type door struct {
	*room
	fail func() error
}

func (d *door) Deliver(ctx context.Context, m holdfast.Outbound) (holdfast.Receipt, error) {
	if err := d.fail(); err != nil {
		return holdfast.Receipt{}, err
	}
	return d.room.Deliver(ctx, m)
}

// card is the touch of a run's one card.
func (r *run) card() (h store.Touch) {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) (err error) {
		h, err = tx.Touch(holdfast.TouchID(r.id, "call", "slack", "olga"))
		return err
	})
	return h
}

// A process that was cut off while it sent a card comes back when another has looked
// for it and taken it over. What it learns then is about its own send.
func TestACardThatAnotherProcessTookOver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, other error // of the two sends; other is the later one, and ends first
		killed       bool  // the other process, while it sends
		state        holdfast.TouchState
		receipt      string
		until        time.Duration // after which the first looks again, 0: not for the card
	}{
		"it was handed out, and the first had no answer": {first: lost, state: holdfast.Sent, receipt: "D1/1.0"},
		"both were handed out":                           {state: holdfast.Sent, receipt: "D1/1.0"},
		"the other had no answer, and the first arrived": {other: lost, state: holdfast.Sent, receipt: "D1/1.0"},
		"neither had one":                                {first: lost, other: lost, state: holdfast.Sending, until: 80 * time.Second},
		"the other died, and the first had no answer":    {first: lost, killed: true, state: holdfast.Sending, until: 80 * time.Second},
		"the other died, and the first arrived":          {killed: true, state: holdfast.Sent, receipt: "D1/1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, slack := newRoom(t, oneCall)
			door := &door{room: slack}
			w.config.Channels["slack"] = door
			w.wire()
			r := w.enroll("1")
			sends := 0
			door.fail = func() error {
				switch sends++; {
				case sends == 2 && c.killed:
					panic("killed")
				case sends == 2:
					return c.other
				case sends > 2:
					return nil
				}
				w.clock.Move(monday.Add(40 * time.Second))
				other := *r
				func() {
					defer func() { _ = recover() }()
					other.advance()
				}()
				return c.first
			}
			r.rest()
			if got := r.card(); sends != 2 || got.State != c.state || got.ProviderID != c.receipt {
				t.Errorf("after %d sends the card is %s by receipt %q, want %s by %q", sends, got.State, got.ProviderID, c.state, c.receipt)
			}
			if looks := r.last.Until.Equal(monday.Add(c.until)); c.until > 0 && !looks {
				t.Fatalf("it looks again at %s, want after %s", r.last.Until, c.until)
			}
			if c.until > 0 {
				r.sleep()
			}
			if got := r.card(); got.State != holdfast.Sent || got.ProviderID == "" {
				t.Errorf("in the end it is %s by receipt %q", got.State, got.ProviderID)
			}
		})
	}
}

// Of two processes that both read that a card is to be handed out, one does.
func TestACardIsTakenByOneOfTwo(t *testing.T) {
	t.Parallel()
	w, slack := newRoom(t, oneCall)
	door := &door{room: slack}
	w.config.Channels["slack"] = door
	r := w.enroll("1")
	type answer struct {
		workflows.Progress
		err error
	}
	sending, arrive, first := make(chan struct{}), make(chan struct{}), make(chan answer, 1)
	door.fail = func() error {
		close(sending) // twice is a panic
		<-arrive
		return nil
	}
	hook := func() { // the second has read, and has taken nothing yet
		go func() {
			p, err := w.a.Advance(t.Context(), r.step())
			first <- answer{p, err}
		}()
		<-sending
	}
	w.config.Poke = func() {
		if do := hook; do != nil {
			hook = nil
			do()
		}
	}
	w.wire()
	if p := r.advance(); !p.Until.Equal(monday.Add(40 * time.Second)) {
		t.Errorf("the second looks again at %s, want after 40 seconds: the first may die", p.Until)
	}
	if got := r.card(); got.State != holdfast.Sending || got.Attempts != 1 {
		t.Errorf("while it is sent it is %s, attempt %d", got.State, got.Attempts)
	}
	close(arrive)
	if a := <-first; a.err != nil {
		t.Fatal(a.err)
	}
	r.sleep()
	if got := r.card(); got.State != holdfast.Sent || len(slack.shown) != 1 {
		t.Errorf("%d cards were shown, and it is %s", len(slack.shown), got.State)
	}
	if diff := cmp.Diff([]string{"call phone dana claimed", "call slack olga sent"}, sorted(r.ledger())); diff != "" {
		t.Error(diff)
	}
}
