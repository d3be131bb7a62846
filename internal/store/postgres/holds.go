package postgres

import (
	"errors"
	"time"

	"holdfast/internal/store"
)

const holdColumns = "id, account, enrollment, by_whom, reason, since, until"

func scanHold(row scanner) (store.Hold, error) {
	var h store.Hold
	return h, row.Scan(&h.ID, &h.Account, &h.Enrollment, &h.By, &h.Reason, at(&h.Since), at(&h.Until))
}

var putHold = upsert("holds", holdColumns)

func (t *tx) PutHold(h store.Hold) error {
	return t.put("write hold", putHold, h.ID, h.Account, h.Enrollment, h.By, h.Reason, when(h.Since), when(h.Until))
}

func (t *tx) DropHold(id string) (bool, error) {
	n, err := t.exec("drop hold", "DELETE FROM holds WHERE id = $1", id)
	return n > 0, err
}

func (t *tx) Holds(account string, now time.Time) ([]store.Hold, error) {
	return all(t, "list holds", scanHold, "SELECT "+holdColumns+` FROM holds
		WHERE ($1 = '' OR account = $1) AND (until IS NULL OR until > $2) ORDER BY account, since NULLS FIRST, id`, account, now)
}

func (t *tx) HoldsOf(enrollment string) ([]store.Hold, error) {
	return all(t, "list holds of enrollment", scanHold,
		"SELECT "+holdColumns+" FROM holds WHERE enrollment = $1 AND enrollment <> '' ORDER BY id", enrollment)
}

func (t *tx) Arm(holdout, account string) (string, error) {
	arm, err := one(t, "read arm", value[string], "SELECT arm FROM arms WHERE holdout = $1 AND account = $2", holdout, account)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return arm, err
}

var armRows = rows("write arm", "arms", "holdout text, account text, arm text", "DO NOTHING")

func (t *tx) PutArm(holdout, account, arm string) error { return t.add(armRows, holdout, account, arm) }
