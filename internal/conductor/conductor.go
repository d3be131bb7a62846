// Package conductor moves a compressed clock, and is the one place that knows
// there is one. It moves only when all is at rest, straight to the next moment
// at which something is due, and wakes what is due there. It decides nothing
// about playbooks. In production a Ticker drives the same sources by real time.
package conductor

import (
	"context"
	"fmt"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// Source is something besides the enrollments that happens by the clock: the
// agenda and its scans, a scripted message, an act of the cast.
type Source interface {
	// Next is the earliest moment at which it wants to act; false for none now.
	Next(ctx context.Context) (time.Time, bool, error)
	// Fire acts on everything due at now. Afterwards Next is later than now, or
	// it is asked again. It may be called twice for a moment after a crash.
	Fire(ctx context.Context, now time.Time) error
}

const (
	metaNow = "virtual_now" // RFC 3339, in store.Meta

	recheck      = time.Second     // how late a change is noticed when nobody pokes
	defaultStall = 2 * time.Minute // longer than the longest retry pause of an activity
	maxRounds    = 1000            // at one instant; more is a loop that never ends
)

// Conductor runs a compressed clock. Set the fields, then Run; one Run at a time.
// Poke may be called from anywhere at any time.
type Conductor struct {
	Store   store.Store
	Clock   *clock.Virtual
	Sources []Source // fired in this order
	Pace    Pace
	End     time.Time // where the clock stops; zero: when nothing is due any more

	// Busy is how much work is under way that the store does not show, such as a
	// message being taken in; nil for none.
	Busy func() int
	// Woken is called after a commit that left rows for the relay; may be nil.
	Woken func()
	// Progress is called after each move, from Run's goroutine; may be nil.
	Progress func(Progress)
	// Stall is how long in real time nothing may settle; default 2 minutes.
	Stall time.Duration

	bell clock.Bell
}

// Progress is one move of the clock.
type Progress struct {
	From, To time.Time
	Woken    int // enrollments woken by the move; those behind a source follow after it
}

// Poke says that something was committed. It never blocks; pokes collapse.
func (c *Conductor) Poke() { c.bell.Ring() }

// Run moves the clock until End, or until nothing is due, and returns nil then.
// It goes on from where the store says that the clock stood. A *StallError says
// that something never came to rest; Run may be called again. Otherwise the
// error is ctx's, the store's or a source's.
//
// At one instant the sources act first, one after the other, and what they woke
// comes to rest; then all enrollments due by the clock wake together. So a reply
// at the very end of a wait for it is heard, every time.
func (c *Conductor) Run(ctx context.Context) error {
	if err := c.resume(ctx); err != nil {
		return err
	}
	pace := pacer{pace: c.Pace, last: clock.System{}.Now()}
	rounds := 0
	for {
		if err := c.settle(ctx); err != nil {
			return err
		}
		now := c.Clock.Now()
		p, err := c.plan(ctx, now)
		if err != nil {
			return err
		}
		if len(p.fire) == 0 && (p.over || p.next.After(now)) {
			rounds = 0
		} else if rounds++; rounds > maxRounds {
			return fmt.Errorf("at %s: %s is due again and again", now.Format(time.RFC3339), p.what)
		}
		switch {
		case len(p.fire) > 0:
			err = c.fire(ctx, p.fire, now)
		case p.over && !now.Before(c.End):
			return nil
		default:
			err = c.advance(ctx, &pace, p)
		}
		if err != nil {
			return err
		}
	}
}

// resume stands the clock where it stood, and marks the start of a new store.
func (c *Conductor) resume(ctx context.Context) error {
	err := c.Store.Update(ctx, func(tx store.Tx) error {
		was, err := tx.MetaGet(metaNow)
		if err != nil {
			return err
		}
		if was != "" {
			at, err := time.Parse(time.RFC3339Nano, was)
			if err != nil {
				return fmt.Errorf("%s: %w", metaNow, err)
			}
			c.Clock.Move(at)
		}
		return tx.MetaSet(metaNow, c.Clock.Now().Format(time.RFC3339Nano))
	})
	if err != nil {
		return fmt.Errorf("resume the clock: %w", err)
	}
	return nil
}

// plan is what comes next.
type plan struct {
	over   bool      // nothing is due, or not before End; next is End then
	next   time.Time // the earliest moment; may be past
	what   string    // is due then, for errors
	fire   []Source  // those due now
	alone  bool      // at next only enrollments are due
	agenda time.Time // of the store, as it was when the plan was made
}

func (c *Conductor) plan(ctx context.Context, now time.Time) (plan, error) {
	p := plan{over: true}
	err := c.Store.View(ctx, func(tx store.Tx) error {
		due, ok, err := tx.NextEnrollmentDue()
		if err != nil {
			return err
		}
		if ok {
			p.over, p.next, p.alone = false, due, true
			if first, err := tx.DueEnrollments(due, 1); err == nil && len(first) > 0 {
				p.what = "enrollment " + first[0].ID + " of " + first[0].Playbook
			}
		}
		p.agenda, _, err = tx.NextDue()
		return err
	})
	if err != nil {
		return p, fmt.Errorf("ask what is due: %w", err)
	}
	for _, s := range c.Sources {
		due, ok, err := s.Next(ctx)
		if err != nil {
			return p, fmt.Errorf("ask %T what is due: %w", s, err)
		}
		if !ok {
			continue
		}
		if !due.After(now) {
			p.fire = append(p.fire, s)
		}
		if p.over || !due.After(p.next) {
			p.over, p.next, p.alone, p.what = false, due, false, fmt.Sprintf("%T", s)
		}
	}
	if !c.End.IsZero() && (p.over || p.next.After(c.End)) {
		p.over, p.next, p.alone = true, c.End, false
	}
	return p, nil
}

// fire lets sources act, each on what those before it have left at rest.
func (c *Conductor) fire(ctx context.Context, sources []Source, now time.Time) error {
	for _, s := range sources {
		if err := c.settle(ctx); err != nil {
			return err
		}
		if err := s.Fire(ctx, now); err != nil {
			return fmt.Errorf("fire %T at %s: %w", s, now.Format(time.RFC3339), err)
		}
		c.woken()
	}
	return nil
}

func (c *Conductor) woken() {
	if c.Woken != nil {
		c.Woken()
	}
}
