package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// What was foreseen is an event from when it is appended on, as it was appended then,
// and what is not appended is none.
func foreseenEventsAreKeptWhenAppended(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		_, _, err := tx.AppendEvent(message("m3", "login", t0), t0)
		return err
	})
	var ms []holdfast.Message
	for i := range 20 {
		ms = append(ms, message(fmt.Sprint("m", i), "login", t0))
	}
	look := func(tx store.Tx, ms []holdfast.Message) error {
		_, err := tx.Look(store.Wanted{Messages: ms, Foreseen: func() []holdfast.Message { return append(slices.Clone(ms), ms[0]) }, Received: t0})
		return err
	}
	// Each of these says which of those messages it has appended, in order.
	appends := func(tx store.Tx, ms ...holdfast.Message) (err error) {
		for _, m := range ms {
			_, fresh, errA := tx.AppendEvent(m, t0)
			err = errors.Join(err, errA, same(m.ID+" is fresh", fresh, true))
		}
		return err
	}
	seen := func(tx store.Tx, what, want string) error {
		all, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		var got []string
		for _, e := range all {
			got = append(got, e.ID)
		}
		return errors.Join(err, same(what, strings.Join(got, ""), want))
	}
	update(t, s, func(tx store.Tx) error {
		other := ms[4]
		other.Contact, other.Props = "somebody", map[string]any{"else": true}
		if err := errors.Join(look(tx, ms), appends(tx, ms[0], ms[1], other), seen(tx, "while some are appended", "m3m0m1m4")); err != nil {
			return err
		}
		seq, fresh, errThere := tx.AppendEvent(ms[3], t0)
		_, again, errAgain := tx.AppendEvent(ms[0], t0)
		late, lateFresh, errLate := tx.AppendEvent(ms[6], t0.Add(time.Hour))
		kept, errKept := tx.LastEvent("acme", "login")
		return errors.Join(errThere, errAgain, errLate, errKept, same("one that was there", fresh || seq == 0, false), same("one twice", again, false), same("another time", lateFresh, true),
			same("the last", kept.Seq, late), same("received", kept.Received, t0.Add(time.Hour)), seen(tx, "in the end", "m3m0m1m4m6"))
	})
	update(t, s, func(tx store.Tx) error { // with nothing asked between
		return errors.Join(look(tx, ms[7:]), appends(tx, ms[7], ms[9], ms[19]))
	})
	update(t, s, func(tx store.Tx) error { // a group after another
		return errors.Join(look(tx, []holdfast.Message{ms[8], ms[10], ms[11], ms[12], ms[13], ms[14], ms[15], ms[16], ms[17], ms[18], ms[2], ms[5]}), appends(tx, ms[8], ms[11]),
			look(tx, ms[12:19]), appends(tx, ms[12], ms[2]))
	})
	no := errors.New("no")
	if err := s.Update(t.Context(), func(tx store.Tx) error { return errors.Join(look(tx, ms[13:]), no) }); !errors.Is(err, no) {
		t.Errorf("got %v, want what was said", err)
	}
	view(t, s, func(tx store.Tx) error {
		fourth, err := tx.Events("acme", nil, time.Time{}, time.Time{}, 4)
		if err != nil {
			return err
		}
		return errors.Join(seen(tx, "kept", "m3m0m1m4m6m7m9m19m8m11m12m2"), same("as it was appended", fourth[3].Contact+fmt.Sprint(fourth[3].Props), "somebodymap[else:true]"))
	})
}

// What is read of a bucket and changed by others before it is added to is no hindrance.
func readBucketsAddUp(t *testing.T, s store.Store) {
	const day = "2026-03-02"
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.AddToBucket("a", "logins", day, 1, 5), tx.AddToBucket("b", "logins", day, 1, 1), tx.PutAccount(store.Account{ID: "a"}), tx.PutAccount(store.Account{ID: "b"}))
	})
	read := func(tx store.Tx, accounts ...string) error {
		_, err := tx.ManyBuckets("logins", accounts, day, day)
		return err
	}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(read(tx, "a", "b", "nobody"), tx.AddToBucket("a", "logins", day, 2, 7), tx.AddToBucket("a", "logins", day, 1, 1), tx.AddToBucket("b", "logins", day, 1, -2),
			tx.AddToBucket("nobody", "logins", day, 1, 3))
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(read(tx, "a", "b"), tx.MoveAccount("a", "b"), tx.AddToBucket("a", "logins", day, 1, 100), tx.AddToBucket("b", "logins", day, 1, 10))
	})
	view(t, s, func(tx store.Tx) error {
		all, err := tx.ManyBuckets("logins", []string{"a", "b", "nobody"}, day, day)
		return errors.Join(err, same("buckets", all, map[string][]store.Bucket{
			"a": {{Day: day, Count: 1, Sum: 100, Min: 100, Max: 100}}, "b": {{Day: day, Count: 7, Sum: 22, Min: -2, Max: 10}}, "nobody": {{Day: day, Count: 1, Sum: 3, Min: 3, Max: 3}},
		}))
	})
}
