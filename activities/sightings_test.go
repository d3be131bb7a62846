package activities_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// twoMails stops when the customer answers.
const twoMails = head + `exit: [{on: email.replied, outcome: answered}]
steps:
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
  - {id: pause, wait: 3d}
  - {id: again, email: hello, to: [contacts.champion], from: owner}
  - {id: rest, wait: 3d}
  - {id: third, email: hello, to: [contacts.champion], from: owner}
  - {id: hear, wait_for: {any: [email.clicked, email.bounced], timeout: 7d}}
  - {id: close, end: told}
`

// listens lets the world's own events through the real intake.
func listens(w *world) {
	w.t.Helper()
	in := &intake.Intake{
		Store: w.store, Clock: w.clock, Rules: func() *rules.Set { return w.rules }, Log: slog.New(slog.DiscardHandler),
		Playbooks: func() []*playbooks.Playbook { return nil }, Poke: func() {},
		ByDigest: func(digest string) (p *playbooks.Playbook, err error) {
			var v store.Version
			v, err = w.published(digest)
			if err != nil {
				return nil, err
			}
			bundle, err := playbooks.DecodeBundle(v.Bundle)
			if err != nil {
				return nil, err
			}
			return playbooks.Open(bundle, w.rules)
		},
	}
	keep := w.config.Emit
	w.config.Emit = func(tx store.Tx, m holdfast.Message) error {
		return errors.Join(keep(tx, m), in.Emit(tx, m))
	}
	w.wire()
}

// published reads a version outside of the transaction that asks: versions never change.
func (w *world) published(digest string) (store.Version, error) {
	return store.Version{Digest: digest, Bundle: w.bundle}, nil
}

// touched is the run's touch at a path.
func (r *run) touched(path string) (h store.Touch) {
	r.w.t.Helper()
	r.w.update(func(tx store.Tx) error {
		all, err := tx.TouchesOf(r.id)
		i := slices.IndexFunc(all, func(h store.Touch) bool { return h.Path == path })
		if i < 0 {
			return errors.Join(err, errors.New("no touch at "+path))
		}
		h = all[i]
		return err
	})
	return h
}

// says is a sighting of a touch, a second after now.
func (w *world) says(h store.Touch, kind holdfast.SightingKind) holdfast.Sighting {
	w.clock.Move(w.clock.Now().Add(time.Second))
	return holdfast.Sighting{Touch: h.ID, Message: h.ProviderID, Kind: kind, At: w.clock.Now().Truncate(time.Second), Address: "dana@acme.test"}
}

func (w *world) takes(want activities.Taken, ss ...holdfast.Sighting) {
	w.t.Helper()
	got, err := w.a.TakeSightings(w.t.Context(), ss)
	if err != nil || got != want {
		w.t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func (w *world) told() (events []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.emitted {
		if m.Event != holdfast.EventEnrollmentEnded {
			events = append(events, m.Event)
		}
	}
	return events
}

func (w *world) suppressed() (kinds []string) {
	w.t.Helper()
	w.update(func(tx store.Tx) error {
		all, err := tx.Suppressions("dana", "dana@acme.test")
		kinds = nil
		for _, s := range all {
			kinds = append(kinds, s.Kind)
		}
		return err
	})
	return kinds
}

func TestAnUnknownTouchIsSettledByTheProvidersWord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   holdfast.SightingKind
		ledger string
		after  string // what the sequence is at then
	}{
		{holdfast.Processed, "opening email dana reconciled", "pause"}, {holdfast.Deferred, "opening email dana reconciled", "pause"},
		{holdfast.Delivered, "opening email dana reconciled", "pause"}, {holdfast.MachineOpened, "opening email dana reconciled", "pause"},
		{holdfast.Clicked, "opening email dana reconciled", "pause"}, {holdfast.Bounced, "opening email dana reconciled", "pause"},
		{holdfast.Dropped, "opening email dana failed dropped", "pause"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, strings.Replace(twoMails, "exit:", "unknown_send: ask\nexit:", 1))
			w.email.fail = func(m holdfast.Outbound) error {
				w.email.fail = nil
				w.email.arrives(m)
				return &holdfast.DeliveryError{Reason: "timeout_after_send", Err: errors.New("reset")}
			}
			listens(w)
			r := w.enroll("1")
			if p := r.rest(); p.State.At != "opening" {
				t.Fatalf("the sequence is at %q", p.State.At)
			}
			before := r.row().Woken
			w.takes(activities.Taken{Fresh: 1}, w.says(r.touched("opening"), c.kind))
			if r.row().Woken == before {
				t.Error("nobody woke the enrollment")
			}
			if p := r.rest(); p.State.At != c.after {
				t.Errorf("the sequence is at %q, want %q", p.State.At, c.after)
			}
			if got := r.ledger()[0]; got != c.ledger {
				t.Errorf("the ledger says %q, want %q", got, c.ledger)
			}
			open := 0
			for _, k := range r.tasks() {
				if k.Status == "open" {
					open++
				}
			}
			if want := map[bool]int{true: 1, false: 0}[c.kind == holdfast.Dropped]; open != want {
				t.Errorf("%d open tasks for the owner, want %d: whether it arrived is answered", open, want)
			}
			w.update(func(tx store.Tx) error {
				due, err := tx.DueBefore(w.clock.Now().AddDate(1, 0, 0), 0, "unconfirmed")
				if len(due) > 0 {
					t.Errorf("still due: %v", due)
				}
				return err
			})
		})
	}
}

// A provider can be faster than our own answer: its word lies there before the
// send is given up.
func TestAWordThatCameBeforeTheAnswerWasGivenUpCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ unknown, want string }{{"at_most_once", "reconciled"}, {"at_least_once", "reconciled"}} {
		w := newWorld(t, strings.Replace(twoMails, "exit:", "unknown_send: "+c.unknown+"\nexit:", 1))
		listens(w)
		r := w.enroll("1")
		w.email.fail = func(m holdfast.Outbound) error {
			w.email.fail = nil
			w.email.arrives(m)
			taken, err := w.a.TakeSightings(t.Context(), []holdfast.Sighting{{Touch: m.Touch, Message: "m1", Kind: holdfast.Processed, At: w.clock.Now()}})
			if err != nil || taken.Fresh != 1 {
				t.Errorf("%+v, %v", taken, err)
			}
			return &holdfast.DeliveryError{Reason: "server_error", Err: errors.New("502")}
		}
		if p := r.rest(); p.State.At != "pause" {
			t.Errorf("%s: the sequence is at %q, want it to go on", c.unknown, p.State.At)
		}
		if h := r.touched("opening"); string(h.State) != c.want || h.ProviderID != "m1" || len(w.email.sent) != 1 {
			t.Errorf("%s: %s %q after %d mails", c.unknown, h.State, h.ProviderID, len(w.email.sent))
		}
	}
}

func TestWhatIsFinalStaysAndIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	listens(w)
	r := w.enroll("1")
	r.rest()
	h := r.touched("opening")
	for _, state := range []holdfast.TouchState{holdfast.Unconfirmed, holdfast.Failed, holdfast.Skipped, holdfast.Sent, holdfast.Claimed, holdfast.Sending} {
		h.State = state
		w.update(func(tx store.Tx) error { return tx.PutTouch(h) })
		w.takes(activities.Taken{Fresh: 2}, w.says(h, holdfast.Delivered), w.says(h, holdfast.Dropped))
		if got := r.touched("opening").State; got != state {
			t.Errorf("%s became %s", state, got)
		}
	}
	w.update(func(tx store.Tx) error {
		all, err := tx.SightingsOf(h.ID)
		if len(all) != 12 {
			t.Errorf("%d sightings, want 12", len(all))
		}
		return err
	})
}

func TestARefusalThatWasNoneIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	listens(w)
	w.email.fail = func(m holdfast.Outbound) error {
		w.email.fail = nil
		w.email.arrives(m) // it says 503 and takes it all the same
		return &holdfast.DeliveryError{Reason: "unavailable", Refused: true, Err: errors.New("503")}
	}
	r := w.enroll("1")
	p := r.rest()
	w.takes(activities.Taken{Fresh: 1}, w.says(r.touched("opening"), holdfast.Processed))
	r.rest()
	w.clock.Move(p.Until)
	r.rest()
	if len(w.email.sent) != 1 || r.ledger()[0] != "opening email dana reconciled" {
		t.Errorf("%d mails, %v", len(w.email.sent), r.ledger())
	}
}

func TestEachKindIsHeardAsWhatItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind       holdfast.SightingKind
		via        string
		events     []string
		suppressed []string
	}{
		{holdfast.Processed, "", nil, nil}, {holdfast.Deferred, "", nil, nil}, {holdfast.Blocked, "", nil, nil}, {holdfast.MachineOpened, "", nil, nil},
		{holdfast.Delivered, "", []string{"email.delivered"}, nil}, {holdfast.Opened, "", []string{"email.opened"}, nil},
		{holdfast.Clicked, "", []string{"email.clicked"}, nil},
		{holdfast.Bounced, "", []string{"email.bounced"}, []string{"bounced"}},
		{holdfast.Complained, "sendgrid", []string{"email.complained", "contact.opted_out"}, []string{"complained", "opted_out"}},
		{holdfast.Unsubscribed, "sendgrid", []string{"contact.opted_out"}, []string{"opted_out"}},
		{holdfast.GroupUnsubscribed, "sendgrid group 7", []string{"contact.opted_out"}, []string{"opted_out"}},
		{holdfast.GroupResubscribed, "sendgrid group 7", []string{"contact.opted_in"}, nil},
		{holdfast.Dropped, "", nil, nil}, {holdfast.Dropped, "bounced", []string{"email.bounced"}, []string{"bounced"}},
		{holdfast.Dropped, "opted_out", []string{"contact.opted_out"}, []string{"opted_out"}},
		{holdfast.Dropped, "complained", []string{"email.complained", "contact.opted_out"}, []string{"complained", "opted_out"}},
	} {
		t.Run(string(c.kind)+" "+c.via, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoMails)
			listens(w)
			r := w.enroll("1")
			r.rest()
			s := w.says(r.touched("opening"), c.kind)
			s.Via = c.via
			w.takes(activities.Taken{Fresh: 1}, s)
			w.takes(activities.Taken{Repeated: 1}, s)
			if diff := cmp.Diff(c.events, w.told()); diff != "" {
				t.Error(diff)
			}
			got := w.suppressed()
			slices.Sort(got)
			if diff := cmp.Diff(c.suppressed, got); diff != "" {
				t.Error(diff)
			}
			if r.ledger()[0] != "opening email dana sent" {
				t.Errorf("the ledger says %q: it went once", r.ledger()[0])
			}
		})
	}
}

func TestABounceOfAnAddressThatWasLeftBehindBindsThatAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	listens(w)
	r := w.enroll("1")
	r.rest()
	s := w.says(r.touched("opening"), holdfast.Bounced)
	s.Address = "staging@northwind.test"
	w.takes(activities.Taken{Fresh: 1}, s)
	if got := w.suppressed(); len(got) > 0 {
		t.Errorf("dana is suppressed: %v", got)
	}
	w.update(func(tx store.Tx) error {
		all, err := tx.Suppressions("", "staging@northwind.test")
		if len(all) != 1 || all[0].Contact != "" {
			t.Errorf("the address is suppressed by %+v", all)
		}
		return err
	})
}
