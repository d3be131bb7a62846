package activities_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/store"
)

// However a provider orders and repeats what it tells, what is remembered is the same.
func TestDisorderAndRepeatsChangeNothing(t *testing.T) {
	t.Parallel()
	outcome := func(seed uint64) (string, []string, []string) {
		w := newWorld(t, twoMails)
		listens(w)
		r := w.enroll("1")
		r.rest()
		h := r.touched("opening")
		var all []holdfast.Sighting
		for _, kind := range []holdfast.SightingKind{
			holdfast.Processed, holdfast.Delivered, holdfast.Opened, holdfast.GroupUnsubscribed, holdfast.GroupResubscribed, holdfast.Clicked,
		} {
			s := w.says(h, kind)
			s.Via = "sendgrid group 7"
			all = append(all, s)
		}
		shuffled := slices.Concat(all, all, all)
		if seed > 0 {
			draw := rand.New(rand.NewPCG(seed, seed))
			draw.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		}
		for batch := range slices.Chunk(shuffled, 1+int(seed%4)) {
			if _, err := w.a.TakeSightings(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
		events := w.told()
		slices.Sort(events)
		return r.ledger()[0], events, w.suppressed()
	}
	ledger, events, noes := outcome(0)
	if len(events) != 5 || len(noes) != 0 {
		t.Fatalf("in order: %v, %v", events, noes)
	}
	for seed := uint64(1); seed < 12; seed++ {
		l, e, n := outcome(seed)
		if l != ledger || !slices.Equal(e, events) || !slices.Equal(n, noes) {
			t.Errorf("seed %d: %s %v %v", seed, l, e, n)
		}
	}
}

func TestAWaitHearsAClickOfTheSameSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, head+`
steps:
  - {id: opening, email: hello, to: [contacts.champion], from: owner}
  - {id: hear, wait_for: {any: [email.delivered], timeout: 7d}}
  - {id: close, end: told}
`)
	listens(w)
	w.clock.Move(w.clock.Now().Add(700 * time.Millisecond))
	r := w.enroll("1")
	r.rest()
	h := r.touched("opening")
	w.takes(activities.Taken{Fresh: 1}, holdfast.Sighting{Touch: h.ID, Message: h.ProviderID, Kind: holdfast.Delivered, At: w.clock.Now().Truncate(time.Second)})
	if p := r.rest(); !p.Over || p.State.Outcome != "told" {
		t.Errorf("%+v, told %v", p, w.told())
	}
}

func TestMailOfAnotherSystemIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	listens(w)
	r := w.enroll("1")
	r.rest()
	h := r.touched("opening")
	other := w.says(h, holdfast.Delivered)
	other.Touch, other.Message = "", "somebody-elses"
	named := w.says(h, holdfast.Delivered)
	named.Touch = holdfast.TouchID("x", "y", "email", "z")
	byID := w.says(h, holdfast.Delivered)
	byID.Touch = "" // sent by us, and the custom args were lost
	w.takes(activities.Taken{Fresh: 1, Strange: 2}, other, named, byID)
}

func TestNothingIsTakenWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, twoMails)
	broken := errors.New("no disk")
	w.config.Emit = func(store.Tx, holdfast.Message) error { return broken }
	w.wire()
	r := w.enroll("1")
	r.rest()
	h := r.touched("opening")
	if _, err := w.a.TakeSightings(t.Context(), []holdfast.Sighting{w.says(h, holdfast.Delivered)}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	w.update(func(tx store.Tx) error {
		all, err := tx.SightingsOf(h.ID)
		if len(all) > 0 {
			t.Errorf("kept %v without its event", all)
		}
		return err
	})
}
