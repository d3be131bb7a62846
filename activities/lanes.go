package activities

import (
	"fmt"

	"holdfast/guards"
	"holdfast/internal/intake"
)

// rival is the strongest enrollment of a stronger lane at work on the account,
// or nil. Accounts that are held out take no lane, and neither does what a
// playbook and the playbooks that it runs do for one another.
func (w *walk) rival() (*guards.Rival, error) {
	if !w.v.TakesLane() || len(w.set.Lanes()) == 0 {
		return nil, nil
	}
	runs, err := w.tx.EnrollmentsOf(w.e.Account, true)
	if err != nil {
		return nil, fmt.Errorf("list enrollments: %w", err)
	}
	var best *guards.Rival
	for _, e := range runs {
		if e.ID == w.e.ID || e.Arm == intake.HeldOut {
			continue
		}
		v, err := w.a.Versions.version(w.tx, w.set, e.Digest)
		if err != nil || !v.TakesLane() || !w.set.Stronger(v.Lane, w.v.Lane) {
			continue // a version that cannot be opened sends nothing
		}
		if related, err := intake.Related(w.tx, e, w.e); err != nil || related {
			if err != nil {
				return nil, err
			}
			continue
		}
		if best == nil || w.set.Stronger(v.Lane, best.Lane) {
			best = &guards.Rival{Playbook: v.Name, Lane: v.Lane}
		}
	}
	return best, nil
}
