package conductor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// errMoved says that the world moved while we looked; look again.
var errMoved = errors.New("no longer at rest")

// advance waits as the pace asks and moves the clock to p.next. A poke ends the
// wait, because what was committed may be due earlier; the plan is made anew.
func (c *Conductor) advance(ctx context.Context, pace *pacer, p plan) error {
	from := c.Clock.Now()
	if d := pace.left(p.next.Sub(from)); d > 0 {
		_, err := clock.Wait(ctx, d, c.bell.Rung())
		if err != nil || pace.left(p.next.Sub(from)) > 0 {
			return err
		}
	}
	woken, err := c.move(ctx, p)
	if errors.Is(err, errMoved) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("move the clock to %s: %w", p.next.Format(time.RFC3339), err)
	}
	if p.next.After(from) {
		pace.moved()
	}
	if woken > 0 {
		c.woken()
	}
	if c.Progress != nil && (p.next.After(from) || woken > 0) {
		c.Progress(Progress{From: from, To: c.Clock.Now(), Woken: woken})
	}
	return nil
}

// move sets the clock and wakes what is due then, in one transaction that first
// looks whether all is still at rest. The clock moves inside it, before anyone
// can see a wake: a commit that fails leaves a clock that is ahead of nothing.
func (c *Conductor) move(ctx context.Context, p plan) (woken int, err error) {
	err = c.Store.Update(ctx, func(tx store.Tx) error {
		woken = 0
		if err := c.still(tx, p); err != nil {
			return err
		}
		now := later(p.next, c.Clock.Now())
		if err := tx.MetaSet(metaNow, now.Format(time.RFC3339Nano)); err != nil {
			return err
		}
		if p.alone {
			due, err := tx.DueEnrollments(now, 0)
			if err != nil {
				return err
			}
			for _, e := range due {
				if err := tx.Wake(e.ID); err != nil {
					return err
				}
			}
			woken = len(due)
		}
		c.Clock.Move(now)
		return nil
	})
	return woken, err
}

// still is nil when nothing has happened since p was made.
func (c *Conductor) still(tx store.Tx, p plan) error {
	n, err := tx.Unsettled()
	if err != nil {
		return err
	}
	due, ok, err := tx.NextEnrollmentDue()
	if err != nil {
		return err
	}
	agenda, _, err := tx.NextDue()
	if err != nil {
		return err
	}
	if n > 0 || (ok && due.Before(p.next)) || !agenda.Equal(p.agenda) || (c.Busy != nil && c.Busy() > 0) {
		return errMoved
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
