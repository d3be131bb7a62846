package storetest

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func metaIsKept(t *testing.T, s store.Store) {
	metaIs(t, s, "clock", "")
	update(t, s, func(tx store.Tx) error { return tx.MetaSet("clock", "virtual") })
	update(t, s, func(tx store.Tx) error { return tx.MetaSet("clock", "production") })
	metaIs(t, s, "clock", "production")
	update(t, s, func(tx store.Tx) error { return errors.Join(tx.MetaSet("clock", ""), tx.MetaSet("never", "")) })
	metaIs(t, s, "clock", "")
}

func fields() map[string]store.Field {
	return map[string]store.Field{
		"name":       {Value: "Acme <b>&\u2028\x00 \U0001F600", At: t0, Message: "m1"},
		"plan.seats": {Value: json.Number("12"), At: t0.Add(time.Microsecond)},
		"arr":        {Value: json.Number("9007199254740993"), At: t0},
		"logo":       {Value: true, At: t0},
		"topics":     {Value: []any{"a", json.Number("1.5"), nil}, At: t0},
		"gone":       {Value: nil, At: time.Date(1969, 1, 1, 0, 0, 0, 1000, time.UTC)},
	}
}

func accountsAreKept(t *testing.T, s store.Store) {
	acme := store.Account{ID: "acme", Known: true, Fields: fields()}
	ghost := store.Account{ID: "ghost", Fields: map[string]store.Field{}}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Account("acme")
		return errors.Join(missing("account", err), tx.PutAccount(store.Account{ID: "acme"}), tx.PutAccount(acme),
			tx.PutAccount(ghost), tx.PutAccount(store.Account{ID: "b", Known: true}), tx.PutAccount(store.Account{ID: "c", Known: true}))
	})
	view(t, s, func(tx store.Tx) error {
		a, errA := tx.Account("acme")
		g, errG := tx.Account("ghost")
		page, errP := tx.AccountIDs("", 2)
		rest, errR := tx.AccountIDs("b", 0)
		known, provisional, errN := tx.CountAccounts()
		return errors.Join(errA, errG, errP, errR, errN,
			same("account", a, acme), same("provisional account", g, ghost),
			same("first page", page, []string{"acme", "b"}), same("the rest", rest, []string{"c"}),
			same("counts", []int{known, provisional}, []int{3, 1}))
	})
}

func contactsAndObjectsAreKept(t *testing.T, s store.Store) {
	dana := store.Contact{ID: "dana", Account: "acme", Fields: fields()}
	sub := store.Object{Kind: "subscription", Key: "s1", Account: "acme", Fields: fields()}
	update(t, s, func(tx store.Tx) error {
		_, errC := tx.Contact("dana")
		_, errO := tx.Object("subscription", "s1")
		return errors.Join(missing("contact", errC), missing("object", errO),
			tx.PutContact(store.Contact{ID: "dana", Account: "old"}), tx.PutContact(dana),
			tx.PutContact(store.Contact{ID: "ann", Account: "acme"}), tx.PutContact(store.Contact{ID: "x", Account: "other"}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s1", Account: "old"}), tx.PutObject(sub),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s0", Account: "acme"}),
			tx.PutObject(store.Object{Kind: "ticket", Key: "s1", Account: "acme"}))
	})
	view(t, s, func(tx store.Tx) error {
		c, errC := tx.Contact("dana")
		cs, errCs := tx.Contacts("acme")
		o, errO := tx.Object("subscription", "s1")
		os, errOs := tx.Objects("acme", "subscription")
		if err := errors.Join(errC, errCs, errO, errOs, same("contacts", len(cs), 2), same("objects", len(os), 2)); err != nil {
			return err
		}
		return errors.Join(same("contact", c, dana), same("contacts by id", cs[0].ID, "ann"),
			same("object", o, sub), same("objects by key", os[0].Key, "s0"))
	})
}

func message(id, event string, at time.Time) holdfast.Message {
	return holdfast.Message{ID: id, Source: "s", Kind: holdfast.Track, Event: event, Account: "acme", Contact: "dana", At: at}
}

func eventsAreKeptOnce(t *testing.T, s store.Store) {
	first := message("1", "login", t0.Add(time.Hour))
	first.Props = map[string]any{"seats": json.Number("3"), "who": map[string]any{"name": "Dänä"}}
	var seqs []int64
	update(t, s, func(tx store.Tx) error {
		_, errLast := tx.LastEvent("acme", "login")
		for _, m := range []holdfast.Message{first, message("2", "login", t0), message("3", "logout", t0), message("4", "login", t0.Add(2*time.Hour))} {
			seq, fresh, err := tx.AppendEvent(m, t0.Add(time.Minute))
			if err := errors.Join(err, same("fresh", fresh, true)); err != nil {
				return err
			}
			seqs = append(seqs, seq)
		}
		return missing("last event", errLast)
	})
	update(t, s, func(tx store.Tx) error {
		late := message("1", "other", t0)
		seq, fresh, err := tx.AppendEvent(late, t0)
		other := message("1", "login", t0)
		other.Source, other.Account = "another", "globex"
		_, freshOther, errOther := tx.AppendEvent(other, t0)
		return errors.Join(err, errOther, same("seq of a duplicate", seq, seqs[0]), same("duplicate is fresh", fresh, false),
			same("the same id of another source is fresh", freshOther, true))
	})
	ids := func(es []store.Event) (ids string) {
		for _, e := range es {
			ids += e.ID
		}
		return ids
	}
	view(t, s, func(tx store.Tx) error {
		e, errE := tx.Event(seqs[0])
		_, errMissing := tx.Event(1 << 40)
		every, errEvery := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		some, errSome := tx.Events("acme", []string{"login", "nothing"}, t0, t0.Add(2*time.Hour), 0)
		after, errAfter := tx.Events("acme", nil, t0.Add(time.Microsecond), time.Time{}, 1)
		none, errNone := tx.Events("acme", []string{}, time.Time{}, time.Time{}, 0)
		last, errLast := tx.LastEvent("acme", "login")
		return errors.Join(errE, missing("event", errMissing), errEvery, errSome, errAfter, errNone, errLast,
			same("event", e, store.Event{Seq: seqs[0], Received: t0.Add(time.Minute), Message: first}),
			same("all by At then Seq", ids(every), "2314"), same("login, end exclusive", ids(some), "21"),
			same("after the start, one", ids(after), "1"), same("no names", ids(none), ""), same("last", last.ID, "4"))
	})
}

func optOutsAreOfEveryAccount(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) (err error) {
		say := func(id, event, account, contact string, at time.Time) {
			m := message(id, event, at)
			m.Account, m.Contact = account, contact
			_, _, errA := tx.AppendEvent(m, t0)
			err = errors.Join(err, errA)
		}
		say("1", holdfast.EventOptedIn, "acme", "dana", t0.Add(time.Hour))
		say("2", holdfast.EventOptedOut, "globex", "dana", t0)
		say("3", holdfast.EventOptedOut, "acme", "dana", t0)
		say("4", holdfast.EventOptedOut, "acme", "leo", t0)
		say("5", holdfast.EventPaused, "acme", "dana", t0)
		return err
	})
	view(t, s, func(tx store.Tx) error {
		all, err := tx.OptOuts("dana")
		none, errN := tx.OptOuts("nobody")
		var said []string
		for _, e := range all {
			said = append(said, e.ID+" "+e.Account)
		}
		return errors.Join(err, errN, same("what dana said", said, []string{"2 globex", "3 acme", "1 acme"}), same("of nobody", len(none), 0))
	})
}

// Whatever was expected, each is there once, and numbers grow in the order in which
// they are appended.
func expectedEventsAreKeptOnce(t *testing.T, s store.Store) {
	var known int64
	update(t, s, func(tx store.Tx) (err error) {
		known, _, err = tx.AppendEvent(message("known", "login", t0), t0)
		return err
	})
	update(t, s, func(tx store.Tx) error {
		twice, never, odd := message("twice", "login", t0), message("never", "login", t0), message("o\x00d", "login", t0)
		first, last, between := message("first", "login", t0), message("last", "login", t0), message("between", "login", t0)
		first.Props = map[string]any{"n": json.Number("0")}
		if _, err := tx.Look(store.Wanted{Messages: []holdfast.Message{first, message("known", "login", t0), twice, never, twice, odd, last}}); err != nil {
			return err
		}
		first.Props = map[string]any{"n": json.Number("1")} // what is appended is what is kept
		var seqs []int64
		for _, c := range []struct {
			m     holdfast.Message
			fresh bool
		}{{first, true}, {message("known", "login", t0), false}, {twice, true}, {twice, false}, {odd, true}, {between, true}, {last, true}, {between, false}, {last, false}} {
			seq, fresh, err := tx.AppendEvent(c.m, t0)
			if err := errors.Join(err, same(c.m.ID+" is fresh", fresh, c.fresh)); err != nil {
				return err
			}
			seqs = append(seqs, seq)
		}
		fresh := []int64{known, seqs[0], seqs[2], seqs[4], seqs[5], seqs[6]}
		kept, err := tx.Event(seqs[0])
		first.Contact = "dana"
		all, errAll := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		return errors.Join(err, errAll, same("numbers grow", slices.IsSorted(fresh) && len(slices.Compact(fresh)) == 6, true), same("the known one's", seqs[1], known),
			same("twice", seqs[3], seqs[2]), same("between", seqs[7], seqs[5]), same("last", seqs[8], seqs[6]), same("kept", kept.Message, first), same("all of them", len(all), 6))
	})
	view(t, s, func(tx store.Tx) error { return tx.Expect([]holdfast.Message{message("1", "login", t0)}) })
}

func bucketsAddUp(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		return errors.Join(
			tx.AddToBucket("acme", "logins", "2026-03-02", 1, 5), tx.AddToBucket("acme", "logins", "2026-03-02", 2, -1.5),
			tx.AddToBucket("acme", "logins", "2026-03-01", 1, 0), tx.AddToBucket("acme", "logins", "2026-02-01", 1, 1),
			tx.AddToBucket("acme", "bytes", "2026-03-01", 1, 7), tx.AddToBucket("globex", "logins", "2026-03-01", 9, 9))
	})
	d2 := store.Bucket{Day: "2026-03-02", Count: 3, Sum: 3.5, Min: -1.5, Max: 5}
	d1 := store.Bucket{Day: "2026-03-01", Count: 1}
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Buckets("acme", "logins", "2026-03-01", "2026-03-02")
		every, errEvery := tx.AllBuckets("acme", "2026-03-01")
		return errors.Join(err, errEvery, same("buckets", got, []store.Bucket{d1, d2}),
			same("all buckets", every, map[string][]store.Bucket{
				"logins": {d1, d2}, "bytes": {{Day: "2026-03-01", Count: 1, Sum: 7, Min: 7, Max: 7}},
			}))
	})
}

func suppressionsAreKept(t *testing.T, s store.Store) {
	person := store.Suppression{Contact: "dana", Kind: "opted_out", At: t0, Event: 7}
	address := store.Suppression{Address: "dana@acme.example", Kind: "bounced", At: t0.Add(time.Hour)}
	update(t, s, func(tx store.Tx) error {
		shout := address
		shout.Address = "Dana@ACME.example"
		again := person
		again.At = t0.Add(9 * time.Hour)
		return errors.Join(tx.Suppress(person), tx.Suppress(shout), tx.Suppress(again),
			tx.Suppress(store.Suppression{Contact: "bob", Kind: "erased", At: t0}))
	})
	view(t, s, func(tx store.Tx) error {
		both, err := tx.Suppressions("dana", "DANA@acme.example")
		one, errOne := tx.Suppressions("dana", "")
		none, errNone := tx.Suppressions("", "")
		return errors.Join(err, errOne, errNone, same("both", both, []store.Suppression{person, address}),
			same("by contact", one, []store.Suppression{person}), same("nobody", len(none), 0))
	})
	joint := store.Suppression{Contact: "dana", Address: "dana@new.example", Kind: "opted_out", At: t0.Add(2 * time.Hour)}
	bob := store.Suppression{Contact: "bob", Kind: "erased", At: t0}
	update(t, s, func(tx store.Tx) error { return tx.Suppress(joint) })
	view(t, s, func(tx store.Tx) error {
		all, err := tx.AllSuppressions(0)
		first, errFirst := tx.AllSuppressions(1)
		return errors.Join(err, errFirst, same("all", all, []store.Suppression{bob, person, address, joint}), same("the first", first, []store.Suppression{bob}))
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Unsuppress("dana", "", "bounced"), tx.Unsuppress("", "", "erased"), tx.Unsuppress("nobody", "", "opted_out"),
			tx.Unsuppress("", "DANA@new.example", "opted_out"))
	})
	view(t, s, func(tx store.Tx) error {
		all, err := tx.AllSuppressions(0)
		return errors.Join(err, same("after one was lifted by its address", all, []store.Suppression{bob, person, address}))
	})
	update(t, s, func(tx store.Tx) error { return tx.Unsuppress("dana", "dana@acme.example", "opted_out") })
	view(t, s, func(tx store.Tx) error {
		all, err := tx.AllSuppressions(0)
		return errors.Join(err, same("after one was lifted by its contact", all, []store.Suppression{bob, address}))
	})
}

func suppressionsAreLifted(t *testing.T, s store.Store) {
	day := 24 * time.Hour
	pause := store.Suppression{Contact: "dana", Address: "dana@acme.example", Kind: "paused", At: t0, Until: t0.Add(9 * day), Event: 3}
	longer, shorter := pause, pause
	longer.At, longer.Until, longer.Event = t0.Add(day), t0.Add(90*day), 4
	shorter.Until, shorter.Event = t0.Add(day), 5
	no := store.Suppression{Contact: "dana", Address: "dana@acme.example", Kind: "opted_out", At: t0, Event: 6}
	other := store.Suppression{Address: "dana@acme.example", Kind: "opted_out", At: t0.Add(2 * day), Event: 7}
	bounce := store.Suppression{Contact: "dana", Kind: "bounced", At: t0}
	has := func(what string, want ...store.Suppression) {
		t.Helper()
		view(t, s, func(tx store.Tx) error {
			got, err := tx.Suppressions("dana", "dana@acme.example")
			return errors.Join(err, same(what, got, want))
		})
	}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Suppress(pause), tx.Suppress(longer), tx.Suppress(shorter), tx.Suppress(no), tx.Suppress(other), tx.Suppress(bounce))
	})
	has("the longer pause wins", bounce, no, longer, other)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Unsuppress("eve", "", "paused"), tx.Unsuppress("", "", "bounced"), tx.Unsuppress("dana", "", "opted_out"))
	})
	has("by the person", bounce, longer, other)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.Unsuppress("dana", "DANA@acme.example", "opted_out"), tx.Unsuppress("dana", "", "paused"))
	})
	has("by the address", bounce)
}

func longerRestWins(t *testing.T, s store.Store) {
	week := store.Rest{Account: "acme", Scope: "lane:win-back", Until: t0.Add(7 * 24 * time.Hour), Reason: "declined", Unless: "account.vip", Enrollment: "e1"}
	day := store.Rest{Account: "acme", Scope: "lane:win-back", Until: t0.Add(24 * time.Hour), Reason: "no_response"}
	ever := store.Rest{Account: "acme", Scope: "playbook:x", Reason: "declined"}
	short := store.Rest{Account: "acme", Scope: "playbook:x", Until: t0.Add(time.Hour)}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutRest(day), tx.PutRest(week), tx.PutRest(day), tx.PutRest(short), tx.PutRest(ever), tx.PutRest(short))
	})
	view(t, s, func(tx store.Tx) error {
		now, err := tx.Rests("acme", t0)
		then, errThen := tx.Rests("acme", week.Until)
		return errors.Join(err, errThen, same("rests", now, []store.Rest{week, ever}), same("after a week", then, []store.Rest{ever}))
	})
}
