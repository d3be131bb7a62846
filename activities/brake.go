package activities

import (
	"errors"
	"fmt"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// countError tells the playbook's failure brake of an error. In a shadow nothing
// was to go.
func (w *walk) countError(step, words string) error {
	if w.v.Shadow {
		return nil
	}
	b, err := intake.BrakeOf(w.tx, w.e.Playbook, w.e.Account, w.now)
	if err != nil {
		return err
	}
	return b.Failed(step, words)
}

// countTrouble is countError for a rule by which the enrollment cannot go on,
// however often it tries.
func (w *walk) countTrouble(cause error) error {
	_, err := w.tx.Task(taskID(w.e.ID, w.st.At+alertMark))
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("read the alert at %s: %w", w.st.At, err)
	}
	return w.countError(w.st.At, cause.Error())
}

// countSent tells it of an e-mail that went.
func (w *walk) countSent(row store.Touch) error {
	if row.Channel != "email" || row.State != holdfast.Sent {
		return nil
	}
	b, err := intake.BrakeOf(w.tx, row.Playbook, row.Account, w.now)
	if err != nil {
		return err
	}
	return b.Sent()
}
