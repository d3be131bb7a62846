package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func signalsAreNumbered(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"))
	heard := store.Signal{Enrollment: "e1", Kind: "heard", Path: "answer", Event: 3, At: t0, Data: []byte(`{"x":1}`)}
	exit := store.Signal{Enrollment: "e1", Kind: "exit", Outcome: "responded", Reason: "they replied", At: t0.Add(time.Second)}
	second := store.Signal{Enrollment: "e1", Kind: "exit", Outcome: "declined", At: t0.Add(time.Minute)}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.ExitOf("e1")
		errs := errors.Join(missing("exit", err), tx.Signal(heard), tx.Signal(exit), tx.Signal(second),
			tx.Signal(store.Signal{Enrollment: "e2", Kind: "retry", At: t0}))
		errNone := tx.Signal(store.Signal{Enrollment: "nobody", Kind: "retry", At: t0})
		return errors.Join(errs, missing("signal to nobody", errNone), missing("wake of nobody", tx.Wake("nobody")))
	})
	heard.Seq, exit.Seq, second.Seq = 1, 2, 3
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Signals("e1", 0)
		later, errLater := tx.Signals("e1", 2)
		other, errOther := tx.Signals("e2", 0)
		first, errFirst := tx.ExitOf("e1")
		many, errMany := tx.ManyExits([]string{"e1", "e2", "nobody", "e1"})
		e, errE := tx.Enrollment("e1")
		return errors.Join(err, errLater, errOther, errFirst, errE,
			same("signals", got, []store.Signal{heard, exit, second}), same("after 2", later, []store.Signal{second}),
			same("numbered for each enrollment", other[0].Seq, int64(1)), same("first exit", first, exit), errMany, same("first exits of many", many, map[string]store.Signal{"e1": exit}),
			same("woken", e.Woken, int64(4)), same("echoed", e.Echoed, int64(0)))
	})
}

func endedIsLeftAlone(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"))
	update(t, s, func(tx store.Tx) error {
		e, err := tx.Enrollment("e1")
		e.Status = "ended"
		return errors.Join(err, tx.PutListener(store.Listener{Enrollment: "e1", Path: "p", Account: "acme", Events: []string{"x"}}),
			tx.PutEnrollment(e))
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Wake("e1"), tx.Signal(store.Signal{Enrollment: "e1", Kind: "exit", At: t0}))
	})
	update(t, s, func(tx store.Tx) error {
		rows, err := tx.Lease("r", t0.Add(time.Hour), t0, 0)
		signals, errSignals := tx.Signals("e1", 0)
		e, errE := tx.Enrollment("e1")
		open, errOpen := tx.Listeners("acme", "x")
		return errors.Join(err, errSignals, errE, errOpen, same("rows to relay", len(rows), 0),
			same("signals", len(signals), 0), same("woken", e.Woken, int64(1)), same("listeners", len(open), 0))
	})
	if n := unsettled(t, s); n != 0 {
		t.Errorf("unsettled: got %d, want 0", n)
	}
}

func leavingIsListed(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"), enrollment("e3"))
	exit := func(e string, at time.Time) store.Signal { return store.Signal{Enrollment: e, Kind: "exit", At: at} }
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Signal(exit("e2", t0.Add(time.Minute))), tx.Signal(exit("e2", t0)), tx.Signal(exit("e1", t0.Add(time.Second))),
			tx.Signal(store.Signal{Enrollment: "e3", Kind: "retry", At: t0}))
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.Leaving(0)
		first, errFirst := tx.Leaving(1)
		e, errE := tx.Enrollment("e1")
		e.Status = "ended"
		return errors.Join(err, errFirst, errE, same("the longest told first", got, []string{"e1", "e2"}), same("one", first, []string{"e1"}),
			tx.WakeEnded("e2"), tx.PutEnrollment(e), tx.WakeEnded("e1"))
	})
	update(t, s, func(tx store.Tx) error {
		got, err := tx.Leaving(0)
		rows, errRows := tx.Lease("r", t0.Add(time.Hour), t0, 0)
		n := map[string]int64{}
		for _, r := range rows {
			n[r.Enrollment] = max(n[r.Enrollment], r.N)
		}
		return errors.Join(err, errRows, same("one has left", got, []string{"e2"}),
			same("greatest wakes: the ended one hears of it, an active one is not woken", n, map[string]int64{"e1": 3, "e2": 3, "e3": 2}))
	})
}

func listenersHear(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"))
	two := store.Listener{Enrollment: "e1", Path: "watch[2]/answer", Account: "acme", Events: []string{"email.replied", "meeting.booked"}, OpenedAt: t0}
	old := store.Listener{Enrollment: "e2", Path: "answer", Account: "acme", Events: []string{"email.replied"}, OpenedAt: t0.Add(-time.Hour)}
	update(t, s, func(tx store.Tx) error {
		first := two
		first.Events = []string{"login"}
		return errors.Join(tx.PutListener(first), tx.PutListener(two), tx.PutListener(old), tx.DropListener("e1", "no such"))
	})
	view(t, s, func(tx store.Tx) error {
		replied, err := tx.Listeners("acme", "email.replied")
		booked, errBooked := tx.Listeners("acme", "meeting.booked")
		login, errLogin := tx.Listeners("acme", "login")
		other, errOther := tx.Listeners("globex", "email.replied")
		return errors.Join(err, errBooked, errLogin, errOther, same("replied", replied, []store.Listener{old, two}),
			same("booked", booked, []store.Listener{two}), same("no longer", len(login), 0), same("another account", len(other), 0))
	})
	view(t, s, func(tx store.Tx) error {
		many, err := tx.ManyListeners([]string{"globex", "acme", "acme"})
		return errors.Join(err, same("of any event", many, map[string][]store.Listener{"acme": {old, two}}))
	})
	update(t, s, func(tx store.Tx) error { return tx.DropListener("e2", "answer") })
	view(t, s, func(tx store.Tx) error {
		replied, err := tx.Listeners("acme", "email.replied")
		return errors.Join(err, same("replied", replied, []store.Listener{two}))
	})
}

func leasesExclude(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"), enrollment("e3"))
	lease := func(holder string, now time.Time, limit int) (got []string) {
		t.Helper()
		update(t, s, func(tx store.Tx) error {
			rows, err := tx.Lease(holder, now.Add(time.Minute), now, limit)
			got = nil
			for _, r := range rows {
				got = append(got, r.Enrollment+"/"+r.Kind)
			}
			return err
		})
		return got
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if err := same(what, got, want); err != nil {
			t.Error(err)
		}
	}
	check("the two that wait longest", lease("a", t0, 2), "e1/start", "e2/start")
	check("another relay gets the rest", lease("b", t0, 9), "e3/start")
	check("nothing is left", lease("a", t0, 9))
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.Wake("e1"), tx.Unlease("e3")) })
	check("a leased one stays leased when woken", lease("b", t0, 9), "e3/start")
	update(t, s, func(tx store.Tx) error { return tx.Delivered("e1", 1, "ok") })
	check("after delivery its newer row waits", lease("b", t0, 9), "e1/wake")
	check("a lease ends at its moment", lease("c", t0.Add(time.Minute), 1), "e2/start")
	update(t, s, func(tx store.Tx) error { return tx.UnleaseAll() })
	check("none is left", lease("d", t0.Add(time.Minute), 9), "e2/start", "e3/start", "e1/wake")

	taken := make(map[string]int)
	rows := make([][]store.Relayed, 10)
	errs := together(10, func(i int) error {
		return s.Update(t.Context(), func(tx store.Tx) (err error) {
			rows[i], err = tx.Lease("many", t0.Add(3*time.Hour), t0.Add(2*time.Hour), 1)
			return err
		})
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, rs := range rows {
		for _, r := range rs {
			taken[r.Enrollment]++
		}
	}
	if err := same("each leased to one", taken, map[string]int{"e1": 1, "e2": 1, "e3": 1}); err != nil {
		t.Error(err)
	}
}

func relayIsInOrder(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e2"), enrollment("e1"))
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Wake("e1"), tx.Signal(store.Signal{Enrollment: "e2", Kind: "retry", At: t0.Add(time.Hour)}))
	})
	var rows []store.Relayed
	update(t, s, func(tx store.Tx) (err error) {
		rows, err = tx.Lease("r", t0.Add(time.Hour), t0, 0)
		return err
	})
	for i, r := range rows {
		if r.Seq == 0 {
			t.Errorf("row %d has no seq", i)
		}
		rows[i].Seq = 0
	}
	want := []store.Relayed{
		{Enrollment: "e2", Kind: "start", N: 1, Digest: "d1", CreatedAt: t0},
		{Enrollment: "e2", Kind: "wake", N: 2, CreatedAt: t0.Add(time.Hour)},
		{Enrollment: "e1", Kind: "start", N: 1, Digest: "d1", CreatedAt: t0},
		{Enrollment: "e1", Kind: "wake", N: 2},
	}
	if err := same("rows", rows, want); err != nil {
		t.Error(err)
	}
	settle(t, s, "e1", "e2")
	if n := unsettled(t, s); n != 0 {
		t.Errorf("unsettled: got %d, want 0", n)
	}
}

func restartsAreWrittenOnce(t *testing.T, s store.Store) {
	enrolled(t, s, enrollment("e1"), enrollment("e2"))
	update(t, s, func(tx store.Tx) error { return tx.Wake("e1") })
	settle(t, s, "e1")
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Restart("e1"), tx.Restart("e1"), tx.Restart("e2"), missing("nobody", tx.Restart("nobody")))
	})
	var rows []store.Relayed
	update(t, s, func(tx store.Tx) (err error) {
		rows, err = tx.Lease("r", t0.Add(time.Hour), t0, 0)
		return err
	})
	for i := range rows {
		rows[i].Seq = 0
	}
	want := []store.Relayed{
		{Enrollment: "e2", Kind: "start", N: 1, Digest: "d1", CreatedAt: t0},
		{Enrollment: "e1", Kind: "start", N: 2, Digest: "d1", CreatedAt: t0},
	}
	if err := same("rows", rows, want); err != nil {
		t.Error(err)
	}
}
