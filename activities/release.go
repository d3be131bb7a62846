package activities

import (
	"fmt"
	"time"

	"holdfast/internal/store"
	"holdfast/steps"
)

// release has the touches of an account that wait for one of these reasons asked
// about again: what kept them may be over. It commits with the caller's writes.
func release(tx store.Tx, account, except string, now time.Time, reasons ...string) error {
	runs, err := tx.EnrollmentsOf(account, true)
	if err != nil {
		return fmt.Errorf("list enrollments: %w", err)
	}
	for _, e := range runs {
		if e.ID == except || !steps.Kept(readMirror(e.State).State, reasons...) {
			continue
		}
		if err := ask(tx, e.ID, now); err != nil {
			return err
		}
	}
	return nil
}

// ask has the guards asked again about what an enrollment keeps back.
func ask(tx store.Tx, enrollment string, now time.Time) error {
	if err := tx.Signal(store.Signal{Enrollment: enrollment, Kind: "retry", At: now}); err != nil {
		return fmt.Errorf("wake enrollment %s: %w", enrollment, err)
	}
	return nil
}

// let frees the account of what w holds back by being at work: its lane, and
// its holds.
func (w *walk) let() error {
	held, err := w.dropHolds()
	if err != nil {
		return err
	}
	if held == 0 && !w.v.TakesLane() {
		return nil
	}
	return release(w.tx, w.e.Account, w.e.ID, w.now, "held", "lane")
}

// Now is the moment by a data directory's own clock, which a compressed run
// leaves in the store; machine is what an ordinary one goes by.
func Now(tx store.Tx, machine time.Time) (time.Time, error) {
	was, err := tx.MetaGet("virtual_now")
	if err != nil || was == "" {
		return machine, err
	}
	at, err := time.Parse(time.RFC3339Nano, was)
	if err != nil {
		return machine, fmt.Errorf("read where the clock stood: %w", err)
	}
	return at, nil
}
