package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func versionsAreImmutable(t *testing.T, s store.Store) {
	v := store.Version{Digest: "d1", Playbook: "save", Bundle: []byte("{\"x\":\"\x00\xff\"}"), PublishedAt: t0}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Version("d1")
		again := v
		again.Bundle = []byte("other")
		return errors.Join(missing("version", err), tx.PutVersion(v), tx.PutVersion(again),
			tx.SetHead("save", "d0", t0), tx.SetHead("save", "d1", t0), tx.SetHead("win-back", "d2", t0))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Version("d1")
		heads, errHeads := tx.Heads()
		return errors.Join(err, errHeads, same("version", got, v),
			same("heads", heads, map[string]string{"save": "d1", "win-back": "d2"}))
	})
}

func truthsAreKept(t *testing.T, s store.Store) {
	was := store.Truth{Playbook: "save", Trigger: "red", Account: "acme", True: true, Since: t0, Fired: true}
	is := store.Truth{Playbook: "save", Trigger: "red", Account: "acme"}
	update(t, s, func(tx store.Tx) error {
		_, err := tx.Truth("save", "red", "acme")
		errPut := tx.PutTruth(was)
		got, errGot := tx.Truth("save", "red", "acme")
		return errors.Join(missing("truth", err), errPut, errGot, same("truth", got, was), tx.PutTruth(is))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.Truth("save", "red", "acme")
		_, errOther := tx.Truth("save", "red", "globex")
		return errors.Join(err, same("truth", got, is), missing("another account's", errOther))
	})
}

func duesAreKeptByKey(t *testing.T, s store.Store) {
	b := store.Due{Key: "b", Kind: "date", At: t0, Account: "acme", Data: []byte(`{"x":1}`)}
	a := store.Due{Key: "a", Kind: "held", At: t0}
	late := store.Due{Key: "late", Kind: "act", At: t0.Add(time.Hour)}
	update(t, s, func(tx store.Tx) error {
		_, ok, err := tx.NextDue()
		moved := b
		moved.At, moved.Data = t0.Add(-time.Hour), nil
		return errors.Join(err, same("a next due of none", ok, false),
			tx.PutDue(moved), tx.PutDue(late), tx.PutDue(a), tx.PutDue(b))
	})
	view(t, s, func(tx store.Tx) error {
		got, err := tx.DueBefore(t0, 0)
		first, errFirst := tx.DueBefore(t0.Add(time.Hour), 1)
		before, errBefore := tx.DueBefore(t0.Add(-time.Microsecond), 0)
		next, ok, errNext := tx.NextDue()
		acts, errActs := tx.DueBefore(late.At, 0, "act", "none")
		nextAct, _, errAct := tx.NextDue("act")
		_, okNone, errNone := tx.NextDue("none")
		nextOf, _, errOf := tx.NextDue("act", "held", "none")
		one, errOne := tx.Due("b")
		_, errNo := tx.Due("never was")
		return errors.Join(err, errFirst, errBefore, errNext, errActs, errAct, errNone, errOf, errOne,
			same("the due by its key", one, b), missing("a due that never was", errNo), same("next of kinds", nextOf, a.At),
			same("acts", acts, []store.Due{late}), same("next act", nextAct, late.At), same("next of no such kind", okNone, false),
			same("due by At then Key", got, []store.Due{a, b}),
			same("the first", first, []store.Due{a}), same("before", len(before), 0), same("next", next, t0), same("ok", ok, true))
	})
	update(t, s, func(tx store.Tx) error {
		return errors.Join(tx.DropDue("a"), tx.DropDue("b"), tx.DropDue("never was"))
	})
	view(t, s, func(tx store.Tx) error {
		next, ok, err := tx.NextDue()
		return errors.Join(err, same("next", next, late.At), same("ok", ok, true))
	})
}
