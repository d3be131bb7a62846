package storetest

import (
	"errors"
	"testing"
	"time"

	"holdfast/internal/store"
)

func holdsAreKept(t *testing.T, s store.Store) {
	day := store.Hold{
		ID: "e1/freeze", Account: "acme", Enrollment: "e1", By: "escalation", Reason: "executive talks",
		Since: t0, Until: t0.Add(24 * time.Hour),
	}
	ever := store.Hold{ID: "hand/1", Account: "acme", By: "Mira", Reason: "a lawsuit", Since: t0.Add(-time.Hour)}
	other := store.Hold{ID: "e2/freeze", Account: "beta", Enrollment: "e2", Since: t0}
	update(t, s, func(tx store.Tx) error {
		longer := day
		longer.Until = t0.Add(time.Hour)
		return errors.Join(tx.PutHold(longer), tx.PutHold(day), tx.PutHold(ever), tx.PutHold(other))
	})
	view(t, s, func(tx store.Tx) error {
		now, err := tx.Holds("acme", t0)
		then, errThen := tx.Holds("acme", day.Until)
		all, errAll := tx.Holds("", t0)
		of, errOf := tx.HoldsOf("e1")
		hand, errHand := tx.HoldsOf("")
		return errors.Join(err, errThen, errAll, errOf, errHand, same("now, by Since", now, []store.Hold{ever, day}),
			same("when the day is over", then, []store.Hold{ever}), same("all", all, []store.Hold{ever, day, other}),
			same("of e1", of, []store.Hold{day}), same("of none", len(hand), 0))
	})
	update(t, s, func(tx store.Tx) error {
		dropped, err := tx.DropHold("hand/1")
		again, errAgain := tx.DropHold("hand/1")
		left, errLeft := tx.Holds("acme", t0)
		return errors.Join(err, errAgain, errLeft, same("dropped", dropped, true), same("again", again, false),
			same("left", left, []store.Hold{day}))
	})
}

func firstArmCounts(t *testing.T, s store.Store) {
	update(t, s, func(tx store.Tx) error {
		none, err := tx.Arm("win-back", "acme")
		first, second := tx.PutArm("win-back", "acme", "holdout"), tx.PutArm("win-back", "acme", "treated")
		got, errGot := tx.Arm("win-back", "acme")
		other, errOther := tx.Arm("win-back", "beta")
		return errors.Join(err, first, second, errGot, errOther, same("none", none, ""), same("first", got, "holdout"), same("other", other, ""))
	})
}
