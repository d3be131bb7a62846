package storetest

import (
	"encoding/json"
	"errors"
	"testing"

	"holdfast/internal/store"
)

func contactsAreFoundByAddress(t *testing.T, s store.Store) {
	contact := func(id, address string) store.Contact {
		return store.Contact{ID: id, Account: "acme", Fields: map[string]store.Field{"email": {Value: address, At: t0}}}
	}
	dana, twin, bob := contact("dana", " Dana@ACME.example"), contact("a-twin", "dana@acme.example"), contact("bob", `bob"'@acme.example`)
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.PutContact(dana), tx.PutContact(twin), tx.PutContact(bob), tx.PutContact(contact("carl", "carl@acme.example")),
			tx.PutContact(store.Contact{ID: "nobody", Account: "acme", Fields: fields()}), tx.PutContact(contact("odd", "odd\x00@acme.example")),
			tx.PutContact(contact("number\x00", "")), tx.PutContact(store.Contact{ID: "number", Fields: map[string]store.Field{"email": {Value: json.Number("7")}}}))
	})
	view(t, s, func(tx store.Tx) error {
		by, err := tx.ManyContactsAt([]string{"DANA@acme.example", `bob"'@acme.example`, "eve@acme.example", "odd@acme.example"})
		none, errNone := tx.ManyContactsAt(nil)
		return errors.Join(err, errNone, same("found", by, map[string][]store.Contact{"dana@acme.example": {twin, dana}, `bob"'@acme.example`: {bob}}), same("none", len(none), 0))
	})
}

func manyAreAsOneByOne(t *testing.T, s store.Store) {
	odd := `a"b,'c` // ids come from outside
	update(t, s, func(tx store.Tx) error {
		var errs []error
		for _, id := range []string{"acme", odd, "other"} {
			_, err := tx.Enroll(store.Enrollment{ID: "e-" + id, Playbook: "save", Account: id, EntryKey: "k", StartedAt: t0})
			_, again := tx.Enroll(store.Enrollment{ID: "a-" + id, Playbook: "save", Account: id, EntryKey: "l", StartedAt: t0.Add(1000)})
			errs = append(errs, err, again,
				tx.PutAccount(store.Account{ID: id, Known: id != odd, Fields: fields()}),
				tx.PutContact(store.Contact{ID: "c-" + id, Account: id, Fields: fields()}),
				tx.AddToBucket(id, "logins", "2026-03-02", 1, 2), tx.AddToBucket(id, "logins", "2026-03-01", 3, 4),
				tx.AddToBucket(id, "logins", "2026-02-01", 1, 1), tx.AddToBucket(id, "tickets", "2026-03-01", 1, 1),
				tx.PutTruth(store.Truth{Playbook: "save", Trigger: "red", Account: id, True: true, Since: t0}),
				tx.PutTruth(store.Truth{Playbook: "save", Trigger: "quiet", Account: id}),
				tx.PutTruth(store.Truth{Playbook: "save", Trigger: "goal:e", Account: id, True: true, Since: t0}),
				tx.PutRest(store.Rest{Account: id, Scope: "playbook:x", Reason: "declined"}), tx.PutRest(store.Rest{Account: id, Scope: "account", Until: t0, Reason: "over"}),
				tx.PutArm("save", id, "holdout"), tx.PutArm("other", id, "treated"),
				tx.Signal(store.Signal{Enrollment: "e-" + id, Kind: "retry"}), tx.Signal(store.Signal{Enrollment: "e-" + id, Kind: "exit", Outcome: "won", At: t0}),
				tx.Signal(store.Signal{Enrollment: "e-" + id, Kind: "exit", Outcome: "lost", At: t0}),
				tx.PutRest(store.Rest{Account: id, Scope: "lane:save", Until: t0.Add(1000), Reason: "won", Unless: "account.vip", Enrollment: "e-" + id}))
		}
		return errors.Join(append(errs, tx.MetaSet("look", "at"))...)
	})
	view(t, s, func(tx store.Tx) error {
		ids := []string{odd, "acme", "nobody"}
		accounts, errA := tx.ManyAccounts(ids)
		contacts, errC := tx.ManyContacts([]string{"c-acme", "c-nobody"})
		buckets, errB := tx.ManyBuckets("logins", ids, "2026-03-01", "2026-03-02")
		truths, errT := tx.ManyTruths("save", "red", ids)
		runs, errE := tx.ManyEnrollments(append(ids, ids...))
		rests, errR := tx.ManyRests(ids, t0)
		arms, errArms := tx.ManyArms("save", ids)
		exits, errExits := tx.ManyExits([]string{"e-acme", "e-" + odd, "a-acme", "nobody"})
		none, errN := tx.ManyAccounts(nil)
		errs := []error{errA, errC, errB, errT, errE, errR, errArms, errExits, errN, same("arms", arms, map[string]string{"acme": "holdout", odd: "holdout"}), same("accounts of nobody", len(none), 0),
			same("sizes", []int{len(accounts), len(contacts), len(buckets), len(truths), len(runs), len(rests), len(exits)}, []int{2, 1, 2, 2, 2, 2, 2})}
		for _, id := range ids[:2] {
			account, errA := tx.Account(id)
			bs, errB := tx.Buckets(id, "logins", "2026-03-01", "2026-03-02")
			truth, errT := tx.Truth("save", "red", id)
			es, errE := tx.EnrollmentsOf(id, false)
			rs, errR := tx.Rests(id, t0)
			exit, errX := tx.ExitOf("e-" + id)
			errs = append(errs, errA, errB, errT, errE, errR, errX, same("exit", exits["e-"+id], exit), same("first", exit.Outcome, "won"), same("rests", rests[id], rs), same("how many rests", len(rs), 2), same("account", accounts[id], account), same("buckets", buckets[id], bs),
				same("truth", truths[id], truth), same("enrollments", runs[id], es))
		}
		called := 0
		look, errL := tx.Look(store.Wanted{Accounts: ids, Contacts: []string{"c-acme"}, Runs: ids, Meta: []string{"look", "unset"}, Meanwhile: func() { called++ }})
		_, errNothing := tx.Look(store.Wanted{Meanwhile: func() { called++ }})
		errs = append(errs, errNothing, same("meanwhile", called, 2))
		errs = append(errs, errL, same("accounts by look", look.Accounts, accounts), same("contacts by look", look.Contacts, contacts), same("runs by look", look.Runs, runs),
			same("meta by look", look.Meta, map[string]string{"look": "at"}), same("listeners by look", len(look.Listeners), 0))
		more, errM := tx.Look(store.Wanted{
			Truths: ids, Parked: []string{"c-acme"},
			Buckets: []store.BucketsOf{{Metric: "logins", From: "2026-03-01", To: "2026-03-02", Accounts: ids}}, Accounts: ids, Contacts: []string{"c-acme"}, Became: true,
		})
		errs = append(errs, errM, truthsByLook(more.Truths, truths), same("buckets by look", more.Buckets, []map[string][]store.Bucket{buckets}),
			same("parked by look", len(more.Parked), 0), same("aliases by look", len(more.Became[store.OfAccount])+len(more.Became[store.OfContact]), 0))
		dana, err := tx.Contact("c-acme")
		return errors.Join(append(errs, err, same("contact", contacts["c-acme"], dana))...)
	})
}

// truthsByLook are those of all that are true, unless the store has not looked.
func truthsByLook(got []store.Truth, all map[string]store.Truth) error {
	if got == nil {
		return nil
	}
	by, want := map[string]store.Truth{}, map[string]store.Truth{}
	for _, t := range got {
		by[t.Account] = t
	}
	for id, t := range all {
		if t.True {
			want[id] = t
		}
	}
	return errors.Join(same("truths by look", by, want), same("truths by look, each once", len(got), len(want)))
}
