package memory

import (
	"strings"
	"time"

	"holdfast/internal/store"
)

func holdTables(t *tables) {
	t.holds.key = func(h *store.Hold) string { return h.ID }
	bySince := func(a, b *store.Hold) int { return byTime(a.Since, b.Since, a.ID, b.ID) }
	t.holdsByAccount = t.holds.indexed(nil, nil, func(a, b *store.Hold) int {
		if n := strings.Compare(a.Account, b.Account); n != 0 {
			return n
		}
		return bySince(a, b)
	})
	t.holdsOfAccount = t.holds.indexed(nil, func(h *store.Hold) key { return key{h.Account} }, bySince)
	t.holdsOf = t.holds.indexed(func(h *store.Hold) bool { return h.Enrollment != "" }, func(h *store.Hold) key { return key{h.Enrollment} },
		func(a, b *store.Hold) int { return strings.Compare(a.ID, b.ID) })
	t.arms.key = func(a *arm) key { return key{a.holdout, a.account} }
}

// arm is the side of a holdout on which an account is.
type arm struct{ holdout, account, arm string }

func (t *tx) PutHold(h store.Hold) error {
	if err := t.writes("write hold"); err != nil {
		return err
	}
	h.Since, h.Until = moment(h.Since), moment(h.Until)
	t.holds.put(t, h)
	return nil
}

func (t *tx) DropHold(id string) (bool, error) {
	if err := t.writes("drop hold"); err != nil {
		return false, err
	}
	there := t.holds.rows[id] != nil
	t.holds.drop(t, id)
	return there, nil
}

func (t *tx) Holds(account string, now time.Time) ([]store.Hold, error) {
	rows := t.holdsByAccount.of()
	if account != "" {
		rows = t.holdsOfAccount.of(account)
	}
	now = moment(now)
	return some(t, rows, 0, func(h *store.Hold) bool { return !h.Ended(now) }, self)
}

func (t *tx) HoldsOf(enrollment string) ([]store.Hold, error) {
	return some(t, t.holdsOf.of(enrollment), 0, nil, self)
}

func (t *tx) Arm(holdout, account string) (string, error) {
	if err := t.ready(); err != nil {
		return "", err
	}
	if a := t.arms.rows[key{holdout, account}]; a != nil {
		return a.arm, nil
	}
	return "", nil
}

func (t *tx) PutArm(holdout, account, side string) error {
	if err := t.writes("write arm"); err != nil {
		return err
	}
	if t.arms.rows[key{holdout, account}] == nil {
		t.arms.put(t, arm{holdout, account, side})
	}
	return nil
}
