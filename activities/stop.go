package activities

import (
	"context"
	"errors"
	"fmt"

	"holdfast/internal/store"
)

// metaStopped names who stopped all sending; every claim reads it.
const metaStopped = "stopped"

// errStopped keeps a card from being handed out.
var errStopped = errors.New("all sending is stopped")

// resumePage is how many enrollments are woken in one transaction.
const resumePage = 500

// StopAll stops every message of every playbook, to customers and to our own
// people, from the commit on. by is who did it, for the reasons. What is being
// sent at this moment is finished. It works beside a running process.
func StopAll(ctx context.Context, st store.Store, by string) error {
	if by == "" {
		by = "someone"
	}
	return st.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaStopped, by) })
}

// ResumeAll lets messages go again and wakes what waits for that; a running relay
// finds the wakes within a second. It may be called again when it failed half way.
func ResumeAll(ctx context.Context, st store.Store) error {
	err := st.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaStopped, "") })
	if err != nil {
		return err
	}
	for after, more := "", true; more; {
		var last string
		err := st.Update(ctx, func(tx store.Tx) error {
			page, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active", After: after, Limit: resumePage})
			if err != nil {
				return fmt.Errorf("list enrollments: %w", err)
			}
			more = len(page) == resumePage
			for _, e := range page {
				if err := tx.Wake(e.ID); err != nil {
					return fmt.Errorf("wake enrollment %s: %w", e.ID, err)
				}
				last = e.ID
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}
