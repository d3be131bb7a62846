package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/steps"
)

// preempt ends the enrollments that e, of playbook p, is stronger than and that
// would not wait for it. The others wait by themselves: the guard reads the lanes.
func (b *batch) preempt(s *sheet, e store.Enrollment, p *playbooks.Playbook) error {
	if !p.TakesLane() || len(b.set.Lanes()) == 0 {
		return nil
	}
	runs, err := b.runs(s)
	if err != nil {
		return err
	}
	for i := range runs {
		weaker, err := b.laneOf(&runs[i])
		if err != nil {
			return err
		}
		if weaker == nil || weaker.WhenPreempted != "exit" || !b.set.Stronger(p.Lane, weaker.Lane) {
			continue
		}
		if related, err := Related(b.tx, e, runs[i]); err != nil || related {
			if err != nil {
				return err
			}
			continue
		}
		x := playbooks.Exit{Outcome: Preempted, On: "playbook " + p.Name + " in lane " + p.Lane + " began"}
		if err := b.exit(&runs[i], x, &cause{}); err != nil {
			return err
		}
	}
	return nil
}

// Preempted is the outcome of an enrollment that a stronger lane has ended.
const Preempted = "preempted"

// taken is the lane that keeps an account out of p, or "": one that is stronger,
// when p would not wait for it.
func (b *batch) taken(p *playbooks.Playbook, runs []store.Enrollment) (string, error) {
	if p.WhenPreempted != "exit" || !p.TakesLane() || len(b.set.Lanes()) == 0 {
		return "", nil
	}
	for i := range runs {
		other, err := b.laneOf(&runs[i])
		if err != nil {
			return "", err
		}
		if other != nil && b.set.Stronger(other.Lane, p.Lane) {
			return "lane: " + other.Lane + " is active, by playbook " + other.Name, nil
		}
	}
	return "", nil
}

// laneOf is the version that e runs while it takes its lane, or nil.
func (b *batch) laneOf(e *store.Enrollment) (*playbooks.Playbook, error) {
	if e.Status != "active" || e.Arm == HeldOut {
		return nil, nil
	}
	gone, err := b.exited(e)
	if err != nil || gone {
		return nil, err
	}
	p, err := b.in.ByDigest(e.Digest)
	if err != nil {
		b.trouble(e.Playbook, e.Account, fmt.Errorf("open the version it runs: %w", err))
		return nil, nil
	}
	if !p.TakesLane() {
		return nil, nil
	}
	return p, nil
}

// Related reports whether one of a and b was started by the other, at whatever
// distance: a parent that waits for its child must not keep it waiting.
func Related(tx store.Tx, a, b store.Enrollment) (bool, error) {
	for _, pair := range [][2]store.Enrollment{{a, b}, {b, a}} {
		child := pair[0]
		for range 16 {
			if child.ID == pair[1].ID {
				return true, nil
			}
			parent, _, ok := strings.Cut(child.Occurrence, "/")
			if child.Trigger != RunTrigger || !ok {
				break
			}
			var err error
			if child, err = tx.Enrollment(parent); errors.Is(err, store.ErrNotFound) {
				break
			} else if err != nil {
				return false, fmt.Errorf("read enrollment %s: %w", parent, err)
			}
		}
	}
	return false, nil
}

// metaLanes are the lanes as they were published last.
const metaLanes = "lanes"

// lanesMoved has what waits for a stronger lane asked about again when the order
// of the lanes has changed since it was published last.
func (in *Intake) lanesMoved(ctx context.Context) error {
	now := strings.Join(in.Rules().Lanes(), " ")
	var was string
	err := in.Store.View(ctx, func(tx store.Tx) (err error) {
		was, err = tx.MetaGet(metaLanes)
		return err
	})
	if err != nil || was == now {
		return err
	}
	for f, more := (store.EnrollmentFilter{Status: "active", Limit: 500}), true; more; {
		after := f.After
		err := in.Store.Update(ctx, func(tx store.Tx) error {
			f.After = after
			page, err := tx.ListEnrollments(f)
			if err != nil {
				return fmt.Errorf("list enrollments: %w", err)
			}
			more = len(page) == f.Limit
			for _, e := range page {
				f.After = e.ID
				var st steps.State
				if json.Unmarshal(e.State, &st) != nil || !steps.Kept(st, "lane") {
					continue
				}
				if err := tx.Signal(store.Signal{Enrollment: e.ID, Kind: "retry", At: in.Clock.Now()}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("wake what waits for a lane: %w", err)
		}
	}
	return in.Store.Update(ctx, func(tx store.Tx) error { return tx.MetaSet(metaLanes, now) })
}
