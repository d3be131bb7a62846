package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

func aliasesAreKept(t *testing.T, s store.Store) {
	a := func(id, into string) store.Alias {
		return store.Alias{Kind: store.OfAccount, ID: id, Into: into, At: t0}
	}
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutAlias(a("a", "b")), tx.PutAlias(a("a", "b")), tx.PutAlias(a("x", "b")), tx.PutAlias(a("b", "c")),
			tx.PutAlias(store.Alias{Kind: store.OfContact, ID: "a", Into: "dana", At: t0}))
	})
	view(t, s, func(tx store.Tx) error {
		accounts, errA := tx.Aliases(store.OfAccount, []string{"a", "b", "c", "x", "y"})
		contacts, errC := tx.Aliases(store.OfContact, []string{"a", "b"})
		none, errN := tx.Aliases(store.OfContact, nil)
		of, errO := tx.AliasesOf(store.OfAccount, "c")
		look, errL := tx.Look(store.Wanted{Accounts: []string{"a", "b", "c", "x", "y"}, Contacts: []string{"a", "b"}, Became: true})
		return errors.Join(errA, errC, errN, errO, errL, same("by look", look.Became, map[string]map[string]string{store.OfAccount: accounts, store.OfContact: contacts}),
			same("chains end at their last", accounts, map[string]string{"a": "c", "b": "c", "x": "c"}),
			same("of contacts", contacts, map[string]string{"a": "dana"}), same("of nobody", len(none), 0),
			same("who became c", of, []store.Alias{a("a", "c"), a("b", "c"), a("x", "c")}))
	})
	for _, circle := range []store.Alias{a("c", "a"), a("c", "c"), a("n", "b")} {
		update(t, s, func(tx store.Tx) error {
			if err := tx.PutAlias(circle); err == nil {
				return errors.New("a circle was kept: " + circle.ID + " into " + circle.Into)
			}
			return nil
		})
	}
}

func accountsMove(t *testing.T, s store.Store) {
	old, kept := enrollment("old"), enrollment("kept")
	old.Account, old.EntryKey, kept.EntryKey = "gone", "once", "once"
	other := enrollment("other")
	other.Account, other.EntryKey = "gone", "twice"
	enrolled(t, s, old, kept, other)
	touch := store.Touch{ID: "t1", Enrollment: "old", Account: "gone", Contact: "dana", Path: "mail", Channel: "email", Recipient: "dana", State: holdfast.Sent, ClaimedAt: t0}
	update(t, s, func(tx store.Tx) error {
		_, _, errE := tx.AppendEvent(holdfast.Message{ID: "e1", Source: "s", Kind: "track", Event: "Login", Account: "gone", At: t0}, t0)
		_, errM := tx.PutMessage(store.Outmail{Outbound: holdfast.Outbound{Touch: "t1", Account: "gone", Subject: "Hi"}})
		return errors.Join(errE, errM,
			tx.PutAccount(store.Account{ID: "gone", Known: true}), tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields()}),
			tx.PutContact(store.Contact{ID: "dana", Account: "gone", Fields: fields()}),
			tx.PutObject(store.Object{Kind: "subscription", Key: "s1", Account: "gone", Fields: fields()}),
			tx.PutObject(store.Object{Kind: "ticket", Key: "s1", Account: "acme", Fields: fields()}),
			tx.AddToBucket("gone", "logins", "2026-03-01", 2, 5), tx.AddToBucket("gone", "logins", "2026-03-02", 1, 1),
			tx.AddToBucket("acme", "logins", "2026-03-01", 1, 9),
			tx.PutRest(store.Rest{Account: "gone", Scope: "account", Until: t0.Add(2 * time.Hour), Reason: "longer"}),
			tx.PutRest(store.Rest{Account: "acme", Scope: "account", Until: t0.Add(time.Hour), Reason: "shorter"}),
			tx.PutRest(store.Rest{Account: "gone", Scope: "lane:save", Until: t0.Add(time.Hour), Reason: "mine"}),
			tx.PutRest(store.Rest{Account: "acme", Scope: "lane:save", Reason: "for ever"}),
			tx.PutHold(store.Hold{ID: "h1", Account: "gone", Since: t0}),
			tx.PutListener(store.Listener{Enrollment: "old", Path: "w", Account: "gone", Events: []string{"Login"}, OpenedAt: t0}),
			tx.PutTask(store.Task{ID: "k1", Enrollment: "old", Account: "gone", Status: "open", OpenedAt: t0}),
			tx.PutApproval(store.Approval{ID: "p1", Account: "gone", AskedAt: t0}),
			tx.PutTouch(touch), tx.AddLine(store.Line{Key: "l1", At: t0, Account: "gone", Enrollment: "old", Kind: "enroll"}),
			tx.PutTruth(store.Truth{Playbook: "p", Trigger: "t", Account: "gone", True: true, Since: t0}))
	})
	move := func(tx store.Tx) error { return tx.MoveAccount("gone", "acme") }
	update(t, s, func(tx store.Tx) error {
		return errors.Join(move(tx), tx.MoveTruth(store.Truth{Playbook: "p", Trigger: "t", Account: "acme", True: true, Since: t0, Fired: true}, "gone"))
	})
	update(t, s, move) // there is nothing left to move
	touch.Account = "acme"
	view(t, s, func(tx store.Tx) error {
		_, errA := tx.Account("gone")
		acme, errK := tx.Account("acme")
		cs, errC := tx.Contacts("acme")
		o, errO := tx.Objects("acme", "subscription")
		es, errE := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		bs, errB := tx.Buckets("acme", "logins", "", "9999")
		left, errL := tx.Buckets("gone", "logins", "", "9999")
		rs, errR := tx.Rests("acme", t0)
		hs, errH := tx.Holds("acme", t0)
		ls, errS := tx.Listeners("acme", "Login")
		ks, errT := tx.Tasks("acme", "", "", 0)
		ps, errP := tx.ApprovalsOf("acme", 0)
		tt, errTT := tx.Touch("t1")
		n, errN := tx.CountTouches("acme", "dana", "email", t0)
		ms, errM := tx.Messages("acme", 0, 0)
		lines, errLn := tx.LinesOf("old")
		runs, errRuns := tx.EnrollmentsOf("acme", false)
		gone, errGone := tx.EnrollmentsOf("gone", false)
		truth, errTr := tx.Truth("p", "t", "acme")
		_, errNo := tx.Truth("p", "t", "gone")
		if err := errors.Join(errK, errC, errO, errE, errB, errL, errR, errH, errS, errT, errP, errTT, errN, errM, errLn, errRuns, errGone, errTr,
			missing("account", errA), missing("truth", errNo)); err != nil {
			return err
		}
		var keys []string
		for _, e := range runs {
			keys = append(keys, e.EntryKey)
		}
		return errors.Join(
			same("fields are the caller's", acme.Fields, fields()), same("contacts", len(cs), 1), same("objects", len(o), 1),
			same("events", es[0].Account, "acme"),
			same("metrics are added", bs, []store.Bucket{{Day: "2026-03-01", Count: 3, Sum: 14, Min: 5, Max: 9}, {Day: "2026-03-02", Count: 1, Sum: 1, Min: 1, Max: 1}}),
			same("metrics that are left", len(left), 0), same("rests", []string{rs[0].Reason, rs[1].Reason}, []string{"longer", "for ever"}),
			same("holds", len(hs), 1), same("listeners", len(ls), 1), same("tasks", len(ks), 1), same("approvals", len(ps), 1),
			same("touch", tt, touch), same("touches count", n, 1), same("messages", ms[0].Account, "acme"), same("lines", lines[0].Account, "acme"),
			same("entries", keys, []string{"once", store.MovedEntry("once", "old"), "twice"}), same("runs that are left", len(gone), 0),
			same("truth", truth, store.Truth{Playbook: "p", Trigger: "t", Account: "acme", True: true, Since: t0, Fired: true}))
	})
	update(t, s, func(tx store.Tx) error {
		for _, key := range []string{"once", "twice"} {
			e := enrollment("again-" + key)
			e.EntryKey = key
			if won, err := tx.Enroll(e); won || err != nil {
				return errors.Join(errors.New("an entry that moved was made again: "+key), err)
			}
		}
		return nil
	})
}

func contactsMove(t *testing.T, s store.Store) {
	e := enrollment("e1")
	e.Contact = "dan"
	enrolled(t, s, e)
	no := func(contact, address, kind string, at, until time.Time) store.Suppression {
		return store.Suppression{Contact: contact, Address: address, Kind: kind, At: at, Until: until}
	}
	later := t0.Add(time.Hour)
	update(t, s, func(tx store.Tx) error {
		_, _, errE := tx.AppendEvent(holdfast.Message{ID: "e1", Source: "s", Kind: "track", Event: "Login", Account: "acme", Contact: "dan", At: t0}, t0)
		_, _, errO := tx.AppendEvent(holdfast.Message{ID: "e2", Source: "s", Kind: "track", Event: holdfast.EventOptedOut, Account: "globex", Contact: "dan", At: t0}, t0)
		return errors.Join(errE, errO,
			tx.PutContact(store.Contact{ID: "dan", Account: "acme", Fields: fields()}), tx.PutContact(store.Contact{ID: "dana", Account: "acme"}),
			tx.Suppress(no("dan", "d@acme.example", "opted_out", t0, time.Time{})), tx.Suppress(no("dan", "", "paused", t0, later.Add(time.Hour))),
			tx.Suppress(no("dana", "", "paused", t0, later)), tx.Suppress(no("dana", "", "bounced", t0, time.Time{})),
			tx.PutTask(store.Task{ID: "k1", Account: "acme", Contact: "dan", Status: "open", OpenedAt: t0}),
			tx.PutTouch(store.Touch{ID: "t1", Enrollment: "e1", Account: "acme", Contact: "dan", Path: "mail", Channel: "email", Recipient: "dan", State: holdfast.Sent, ClaimedAt: t0}))
	})
	for range 2 { // the second time there is nothing to move
		update(t, s, func(tx store.Tx) error { return tx.MoveContact("dan", "dana", []string{"acme", "other"}) })
	}
	view(t, s, func(tx store.Tx) error {
		_, errC := tx.Contact("dan")
		noes, errS := tx.Suppressions("dana", "")
		gone, errG := tx.Suppressions("dan", "")
		run, errR := tx.Enrollment("e1")
		k, errK := tx.Task("k1")
		h, errT := tx.Touch("t1")
		n, errN := tx.CountTouches("acme", "dana", "email", t0)
		es, errE := tx.Events("acme", nil, time.Time{}, time.Time{}, 0)
		said, errO := tx.OptOuts("dana")
		left, errL := tx.OptOuts("dan")
		return errors.Join(missing("contact", errC), errS, errG, errR, errK, errT, errN, errE, errO, errL,
			same("opt-outs of an account that was not named", []int{len(said), len(left)}, []int{1, 0}),
			same("suppressions", noes, []store.Suppression{
				no("dana", "", "bounced", t0, time.Time{}), no("dana", "d@acme.example", "opted_out", t0, time.Time{}), no("dana", "", "paused", t0, later.Add(time.Hour)),
			}), same("suppressions that are left", len(gone), 0),
			same("who", []string{run.Contact, k.Contact, h.Contact, h.Recipient, es[0].Contact}, []string{"dana", "dana", "dana", "dan", "dana"}),
			same("touches count", n, 1))
	})
}
