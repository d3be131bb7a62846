package conductor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// StallError says that time stands still because something never came to rest.
type StallError struct {
	At          time.Time     // where the clock stands
	For         time.Duration // how long nothing settled, in real time
	Busy        int           // work under way that the store does not show
	Unsettled   int           // as store.Tx counts it
	Enrollments []string      // woken and not at rest, the first 20 by id, with what they do
}

func (e *StallError) Error() string {
	s := fmt.Sprintf("the clock stands at %s: nothing settled for %s; %d unsettled, %d in the works",
		e.At.Format(time.RFC3339), e.For, e.Unsettled, e.Busy)
	if len(e.Enrollments) > 0 {
		s += ": " + strings.Join(e.Enrollments, ", ")
	}
	return s
}

// state is what must change while things settle, or they are stuck.
type state struct {
	unsettled, busy int
	line            int64
}

func (s state) atRest() bool { return s.unsettled == 0 && s.busy == 0 }

// settle waits until every wake is echoed, every row is relayed and nothing else
// is under way.
func (c *Conductor) settle(ctx context.Context) error {
	stall := c.Stall
	if stall <= 0 {
		stall = defaultStall
	}
	var last state
	since := clock.System{}.Now()
	for {
		now, err := c.look(ctx)
		if err != nil || now.atRest() {
			return err
		}
		if now != last {
			last, since = now, clock.System{}.Now()
		}
		quiet := clock.System{}.Now().Sub(since)
		if quiet >= stall {
			return c.stalled(ctx, now, quiet)
		}
		if _, err := clock.Wait(ctx, min(recheck, stall-quiet), c.bell.Rung()); err != nil {
			return err
		}
	}
}

func (c *Conductor) look(ctx context.Context) (s state, err error) {
	if c.Busy != nil {
		s.busy = c.Busy() // before the store: what it hands over is in one of the two
	}
	err = c.Store.View(ctx, func(tx store.Tx) error {
		if s.unsettled, err = tx.Unsettled(); err != nil {
			return err
		}
		s.line, err = tx.LastLine()
		return err
	})
	if err != nil {
		return s, fmt.Errorf("ask what is at rest: %w", err)
	}
	return s, nil
}

func (c *Conductor) stalled(ctx context.Context, now state, quiet time.Duration) error {
	e := &StallError{At: c.Clock.Now(), For: quiet.Round(time.Second), Busy: now.busy, Unsettled: now.unsettled}
	err := c.Store.View(ctx, func(tx store.Tx) error {
		for f := (store.EnrollmentFilter{Status: "active"}); len(e.Enrollments) < 20; {
			page, err := tx.ListEnrollments(f)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, en := range page {
				if en.Woken != en.Echoed && len(e.Enrollments) < 20 {
					e.Enrollments = append(e.Enrollments, strings.TrimSpace(fmt.Sprintf("%s (%s for %s, wake %d of %d) %s",
						en.ID, en.Playbook, en.Account, en.Echoed, en.Woken, en.Doing)))
				}
			}
			f.After = page[len(page)-1].ID
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w; ask which: %w", e, err)
	}
	return e
}
