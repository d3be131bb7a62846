package transfer

import (
	"context"
	"fmt"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/store"
)

// perTransaction bounds how many enrollments or touches are changed at once.
const perTransaction = 200

// onTheirWay are the states of a touch that somebody was sending.
var onTheirWay = []holdfast.TouchState{holdfast.Claimed, holdfast.Sending}

// doubt makes every touch that was on its way unknown, and says how many: an archive
// may be older than what became of them.
func doubt(ctx context.Context, st store.Store, now time.Time) (int, error) {
	total := 0
	for {
		var n int
		err := st.Update(ctx, func(tx store.Tx) error {
			touches, err := tx.TouchesIn(onTheirWay, perTransaction)
			if err != nil {
				return err
			}
			for _, h := range touches {
				if err := activities.Doubt(tx, h, now); err != nil {
					return err
				}
			}
			n = len(touches)
			return nil
		})
		if err != nil {
			return total, fmt.Errorf("settle touches that were on their way: %w", err)
		}
		if total += n; n < perTransaction {
			return total, nil
		}
	}
}

// restart has the relay start every enrollment that runs, and says how many. Over
// again it changes nothing. An ended one runs on while a card of it is owed.
func restart(ctx context.Context, st store.Store) (int, error) {
	total := 0
	for after := ""; ; {
		var n int
		var last string
		err := st.Update(ctx, func(tx store.Tx) error {
			page, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active", After: after, Limit: perTransaction})
			if err != nil {
				return err
			}
			n, last = len(page), ""
			for _, e := range page {
				if err := tx.Restart(e.ID); err != nil {
					return err
				}
				last = e.ID
			}
			return nil
		})
		if err != nil {
			return total, fmt.Errorf("start enrollments anew: %w", err)
		}
		total += n
		if after = last; n < perTransaction {
			break
		}
	}
	return total, restartOwing(ctx, st)
}

func restartOwing(ctx context.Context, st store.Store) error {
	err := st.Update(ctx, func(tx store.Tx) error {
		touches, err := tx.TouchesIn(onTheirWay, 0)
		if err != nil {
			return err
		}
		for _, h := range touches {
			if err := tx.Restart(h.Enrollment); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("start enrollments that owe a card: %w", err)
	}
	return nil
}
