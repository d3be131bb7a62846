package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast/activities"
	"holdfast/internal/facts"
	"holdfast/internal/plan"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// Migration asks enrollments that run to go on in the versions of a project.
type Migration struct {
	Store   store.Store
	Project *project.Project // that is published
	Release int64
	Choice  plan.Choice
	Batch   int // rows read in one transaction; 0 is 100
	Now     func() time.Time
	// Progress is told after each transaction.
	Progress func(Moved)
}

// Moved counts. Asked are those that a row was written for, Waiting those that had
// one unread, Blocked those that cannot move, Stopped those whose playbook is gone.
type Moved struct {
	Looked  int `json:"looked"`
	Asked   int `json:"asked"`
	Waiting int `json:"waiting"`
	Blocked int `json:"blocked"`
	Stopped int `json:"stopped"`
}

// batchSize is how many enrollments one transaction looks at.
const batchSize = 100

// Run writes the rows, in transactions of bounded size, by enrollment. It may be
// cut short and run again, also by two at once: whoever has a row unread, or runs
// the version already, gets none.
func (m *Migration) Run(ctx context.Context) (Moved, error) {
	where, err := plan.Where(m.Project.Rules, m.Choice.Where)
	if err != nil {
		return Moved{}, err
	}
	versions := &plan.Versions{Set: m.Project.Rules}
	limit := m.Batch
	if limit <= 0 {
		limit = batchSize
	}
	var total Moved
	for after, more := "", true; more; {
		var part Moved
		var last string
		err := m.Store.Update(ctx, func(tx store.Tx) error {
			part, last = Moved{}, ""
			page, err := tx.ListEnrollments(store.EnrollmentFilter{Status: "active", After: after, Limit: limit})
			if err != nil {
				return fmt.Errorf("list enrollments: %w", err)
			}
			more = len(page) == limit
			for _, e := range page {
				if err := m.one(tx, e, versions, where, &part); err != nil {
					return fmt.Errorf("enrollment %s: %w", e.ID, err)
				}
				last = e.ID
			}
			return nil
		})
		if err != nil {
			return total, fmt.Errorf("move enrollments: %w", err)
		}
		after = last
		total.add(part)
		if m.Progress != nil {
			m.Progress(total)
		}
	}
	return total, nil
}

func (m *Moved) add(o Moved) {
	m.Looked += o.Looked
	m.Asked += o.Asked
	m.Waiting += o.Waiting
	m.Blocked += o.Blocked
	m.Stopped += o.Stopped
}

// one looks at an enrollment.
func (m *Migration) one(tx store.Tx, e store.Enrollment, versions *plan.Versions, where *rules.Expr, n *Moved) error {
	n.Looked++
	head := m.Project.Playbook(e.Playbook)
	if head == nil {
		return m.stop(tx, e, n)
	}
	if head.Digest == e.Digest || !m.Choice.Of(e.Playbook) {
		return nil
	}
	if where != nil {
		f, err := facts.Load(tx, m.Project.Rules, e.Account, e.Contact, m.Now())
		if err != nil || !plan.Holds(where, f) {
			return nil //nolint:nilerr // what cannot be known is not chosen
		}
	}
	st, err := plan.StateOf(e)
	if err != nil {
		return err
	}
	waiting, err := plan.Asked(tx, e, st, activities.MigrateSignal, head.Digest)
	if err != nil {
		return err
	}
	if waiting {
		n.Waiting++
		return nil
	}
	old, err := versions.Open(tx, e.Digest)
	if err != nil {
		n.Blocked++
		return nil //nolint:nilerr // the plan says why
	}
	moving := steps.Moving{CloseTasks: m.Choice.CloseTasks}
	if steps.Move(old.Program, head.Program, st, moving).Fate == steps.Blocked {
		n.Blocked++
		return nil
	}
	data, err := json.Marshal(activities.MoveOrder{Digest: head.Digest, Release: m.Release, CloseTasks: m.Choice.CloseTasks})
	if err != nil {
		return err
	}
	n.Asked++
	return tx.Signal(store.Signal{Enrollment: e.ID, Kind: activities.MigrateSignal, At: m.Now(), Data: data})
}

// stop ends an enrollment whose playbook is gone, when that is chosen.
func (m *Migration) stop(tx store.Tx, e store.Enrollment, n *Moved) error {
	if !m.Choice.Stop {
		return nil
	}
	switch _, err := tx.ExitOf(e.ID); {
	case err == nil:
		return nil // it is told to end already
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	n.Stopped++
	return tx.Signal(store.Signal{
		Enrollment: e.ID, Kind: "exit", Outcome: "stopped", Reason: fmt.Sprintf("release %d takes the playbook away", m.Release), At: m.Now(),
	})
}

// Left counts those that a row asks to move and that have not read it.
func (m *Migration) Left(ctx context.Context) (left int, err error) {
	err = m.Store.View(ctx, func(tx store.Tx) error {
		left = 0
		for f := (store.EnrollmentFilter{Status: "active"}); ; {
			page, err := tx.ListEnrollments(f)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				head := m.Project.Playbook(e.Playbook)
				if head == nil || head.Digest == e.Digest {
					continue
				}
				st, err := plan.StateOf(e)
				if err != nil {
					return err
				}
				asked, err := plan.Asked(tx, e, st, activities.MigrateSignal, head.Digest)
				if err != nil {
					return err
				}
				if asked {
					left++
				}
			}
			f.After = page[len(page)-1].ID
		}
	})
	return left, err
}
