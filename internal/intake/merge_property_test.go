package intake_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// books in which every entry is by an event, a condition or a date.
var mergedBooks = []string{
	"playbook: hello\nenroll: {once_per: [trigger]}\ntrigger: {on: Login}\nexit:\n  - {on: Churned, outcome: over}\n",
	"playbook: rich\ntrigger: {when: account.arr > 1000, for: 2d}\nexit:\n  - {on: Churned, outcome: over}\n",
	"playbook: renewal\ntrigger: {at: account.renewal_date, before: 5d, if_past: start}\nexit:\n  - {on: Churned, outcome: over}\n",
}

// happens is a random thing that happens to one of three accounts and their
// people, or two of them becoming one.
func happens(r *rand.Rand, w *world) holdfast.Message {
	ids, people := []string{"acme", "bolt", "cord"}, []string{"ann", "ben", "cat"}
	who := ids[r.IntN(3)]
	person := people[r.IntN(3)]
	switch r.IntN(9) {
	case 0:
		old := ids[r.IntN(3)]
		return w.becomes(old, who)
	case 1:
		old := people[r.IntN(3)]
		return w.isNow(old, person)
	case 2:
		return w.msg(fmt.Sprintf(`%s/%s : {"email":"%s@x.example"}`, who, person, person))
	case 3:
		return w.msg(fmt.Sprintf(`%s/%s contact.opted_out {"said":"no"}`, who, person))
	case 4:
		return w.msg(fmt.Sprintf(`%s Login {"count":%d}`, who, r.IntN(5)))
	case 5:
		return w.msg(fmt.Sprintf(`%s = {"arr":%d} @-%dm`, who, r.IntN(3)*900, r.IntN(60)))
	case 6:
		return w.msg(fmt.Sprintf(`%s = {"renewal_date":"2026-03-%02d"}`, who, 1+r.IntN(28)))
	case 7:
		return w.msg(fmt.Sprintf(`%s Subscription Started {"subscription_id":"s%d","seats":%d,"renews":"2026-04-0%d"}`, who, r.IntN(4), r.IntN(9), 1+r.IntN(9)))
	}
	return w.msg(who + " Churned")
}

// TestWhateverMergesNothingEntersTwiceAndNoNoIsLost plays random lives of three
// accounts that become one another, and looks at what is left.
func TestWhateverMergesNothingEntersTwiceAndNoNoIsLost(t *testing.T) {
	t.Parallel()
	seeds := 40
	if testing.Short() {
		seeds = 8
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		w := newWorld(t, mergedBooks...)
		said := map[string]bool{} // people who said no
		logins, events := 0.0, map[string]bool{}
		for range 40 {
			m := happens(r, w)
			res := w.takeAll(intake.Live, []holdfast.Message{m})
			if again := w.takeAll(intake.Live, []holdfast.Message{m}); again.Fresh != 0 {
				t.Fatalf("seed %d: %s was taken twice", seed, m.ID)
			}
			if res.Fresh == 1 {
				if m.Kind != holdfast.Alias {
					events[m.ID] = true
				}
				if m.Event == holdfast.EventOptedOut {
					said[m.Contact] = true
				}
				if m.Event == "Login" {
					n, _ := m.Props["count"].(interface{ Float64() (float64, error) }).Float64()
					logins += n
				}
			}
			if r.IntN(3) == 0 {
				w.run(time.Duration(r.IntN(40)) * time.Hour)
			}
			w.holdsTogether(t, seed, said, logins, len(events))
		}
		if t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, w.story())
		}
	}
}

// holdsTogether looks at what must hold whatever became whom.
func (w *world) holdsTogether(t *testing.T, seed int, said map[string]bool, logins float64, events int) {
	t.Helper()
	w.view(func(tx store.Tx) error {
		var sum float64
		count := 0
		for _, id := range []string{"acme", "bolt", "cord"} {
			became, err := tx.Aliases(store.OfAccount, []string{id})
			if err != nil {
				return err
			}
			if _, err := tx.Account(id); became[id] != "" && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("seed %d: %s has become %s and is there still", seed, id, became[id])
			}
			bs, err := tx.Buckets(id, "logins", "", "9999")
			if err != nil {
				return err
			}
			for _, b := range bs {
				sum += b.Sum
			}
			es, err := tx.Events(id, nil, time.Time{}, time.Time{}, 0)
			if err != nil {
				return err
			}
			for _, e := range es {
				if e.Kind != holdfast.Alias {
					count++
				}
			}
			runs, err := tx.EnrollmentsOf(id, false)
			if err != nil {
				return err
			}
			if became[id] != "" && len(runs)+len(es)+len(bs) > 0 {
				t.Errorf("seed %d: something is left of %s", seed, id)
			}
			going, entered := map[string]int{}, map[string]int{}
			for _, e := range runs {
				entered[e.Playbook+" "+e.EntryKey]++
				_, err := tx.ExitOf(e.ID)
				if errors.Is(err, store.ErrNotFound) && e.Status == "active" {
					going[e.Playbook]++
				}
			}
			for what, n := range going {
				if n > 1 {
					t.Errorf("seed %d: %s runs %s %d times", seed, id, what, n)
				}
			}
			for what, n := range entered {
				if n > 1 {
					t.Errorf("seed %d: %s entered %s %d times", seed, id, what, n)
				}
			}
		}
		if count != events {
			t.Errorf("seed %d: %d events are kept, of %d", seed, count, events)
		}
		if sum != logins {
			t.Errorf("seed %d: %v logins are counted, of %v", seed, sum, logins)
		}
		for person := range said {
			now, err := tx.Aliases(store.OfContact, []string{person})
			if err != nil {
				return err
			}
			if now[person] != "" {
				person = now[person]
			}
			noes, err := tx.Suppressions(person, "")
			if err != nil {
				return err
			}
			if len(noes) == 0 {
				t.Errorf("seed %d: the no of %s is lost", seed, person)
			}
		}
		return nil
	})
}

// TestAMergeGivesTheSameAccountInWhateverOrderItsMessagesCome takes the messages of
// two accounts and of their merge in random orders.
func TestAMergeGivesTheSameAccountInWhateverOrderItsMessagesCome(t *testing.T) {
	t.Parallel()
	lives := func(w *world) []holdfast.Message {
		var ms []holdfast.Message
		for i, text := range []string{
			`acme = {"name":"Acme","arr":700}`, `bolt = {"name":"Bolt","status":"active"}`, `acme = {"name":"Acme 2"}`,
			`acme Login {"count":2}`, `bolt Login {"count":3}`, `acme/dan : {"email":"old@acme.example","role":"champion"}`,
			`bolt/dana : {"email":"new@acme.example"}`, `acme Subscription Started {"subscription_id":"s1","seats":4,"renews":"2026-09-01"}`,
			`acme Subscription Ended {"subscription_id":"s1"}`,
		} {
			m := w.msg(text)
			m.At = start.Add(time.Duration(i-20) * time.Minute)
			ms = append(ms, m)
		}
		ms = append(ms, w.becomes("acme", "bolt"), w.isNow("dan", "dana"))
		return ms
	}
	w := newWorld(t)
	w.merge(lives(w)...)
	want := w.state()
	if !strings.Contains(want, "Acme 2") || !strings.Contains(want, "champion") {
		t.Fatal(want)
	}
	for seed := range 30 {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		w := newWorld(t)
		ms := lives(w)
		r.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
		for len(ms) > 0 {
			n := 1 + r.IntN(len(ms))
			w.merge(ms[:n]...)
			ms = ms[n:]
		}
		if got := w.state(); got != want {
			t.Fatalf("seed %d got:\n%s\nwant:\n%s", seed, got, want)
		}
	}
}
