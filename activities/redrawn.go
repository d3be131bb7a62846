package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/clock"
	"holdfast/internal/store"
)

const (
	redrawLease = time.Minute     // after which a card that was being redrawn as the process died is redrawn again
	redrawIdle  = 5 * time.Second // longest wait of a loop that nobody wakes: another process may have closed a task
	redrawTries = 40              // some thirty hours
)

// RunRedraws shows cards anew as their tasks change, until ctx ends, and returns
// its error. A card is redrawn at least once after each change, from its task as
// it is then, by one loop for all: clicks never wait for it. changed wakes it.
func (a *Activities) RunRedraws(ctx context.Context, changed <-chan struct{}) error {
	for {
		wait, wake := redrawIdle, changed
		pause, err := a.RedrawDue(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			a.Log.ErrorContext(ctx, "cards cannot be redrawn, it is tried again", "error", err)
			wait, wake = firstRetry, nil
		case pause > 0:
			wait, wake = pause, nil // what Slack asked for
		default:
			next, some, err := a.nextRedraw(ctx)
			if err == nil && some {
				wait = min(max(next.Sub(a.Clock.Now()), time.Millisecond), redrawIdle)
			}
		}
		if _, err := clock.Wait(ctx, wait, wake); err != nil {
			return err
		}
	}
}

func (a *Activities) nextRedraw(ctx context.Context) (next time.Time, some bool, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) (err error) {
		next, some, err = tx.NextDue(RedrawKind, lateCardKind)
		return err
	})
	return next, some, err
}

// RedrawDue redraws all cards that are to be redrawn by now. pause is how long
// the provider wants to be left alone.
func (a *Activities) RedrawDue(ctx context.Context) (pause time.Duration, err error) {
	r, can := a.Channels["slack"].(channels.Redrawer)
	if !can {
		return 0, nil
	}
	for ctx.Err() == nil {
		job, err := a.takeRedraw(ctx)
		if err != nil || job == nil {
			return 0, err
		}
		again := time.Duration(0)
		for i, m := range job.messages {
			d := a.redrawOne(ctx, r, job.at[i], m)
			if d == nil {
				continue
			}
			again = max(again, backoff(job.tries, d.After))
			if d.Refused && d.After > 0 {
				pause = d.After
			}
		}
		if err := a.endRedraw(context.WithoutCancel(ctx), job, again); err != nil || pause > 0 {
			return pause, err
		}
	}
	return 0, ctx.Err()
}

// redrawOne shows one message anew; nil when that is settled, also by a message
// that is gone.
func (a *Activities) redrawOne(ctx context.Context, r channels.Redrawer, at string, m holdfast.Outbound) *holdfast.DeliveryError {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := r.Redraw(ctx, at, m)
	if err == nil {
		return nil
	}
	d := &holdfast.DeliveryError{Channel: m.Channel, Reason: "unclassed", Err: err}
	_ = errors.As(err, &d)
	a.Log.WarnContext(ctx, "a card is not redrawn", "touch", m.Touch, "reason", d.Reason)
	if d.Permanent && d.Reason != "bad_credentials" {
		return nil
	}
	return d
}

// redrawing is a due that was taken, and the messages that show its task.
type redrawing struct {
	due      store.Due // as it was put off while the work is done
	task     string
	tries    int
	at       []string // receipts
	messages []holdfast.Outbound
}

// takeRedraw takes the next due and puts it off: should the process die, it comes
// again. nil: there is none.
func (a *Activities) takeRedraw(ctx context.Context) (job *redrawing, err error) {
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		job = nil
		now := a.Clock.Now()
		for {
			ds, err := tx.DueBefore(now, 1, RedrawKind, lateCardKind)
			if err != nil || len(ds) == 0 {
				return err
			}
			var about toRedraw
			if err := json.Unmarshal(ds[0].Data, &about); err != nil {
				return fmt.Errorf("read due %s: %w", ds[0].Key, err)
			}
			k, err := tx.Task(about.Task)
			over := errors.Is(err, store.ErrNotFound) || err == nil && k.Status != "open" && ds[0].Key == lateKey(k.ID)
			if over || about.Tries >= redrawTries {
				if err := tx.DropDue(ds[0].Key); err != nil {
					return err
				}
				continue
			}
			if err != nil {
				return fmt.Errorf("read task %s: %w", about.Task, err)
			}
			d := redrawDue(ds[0].Key, now.Add(redrawLease).Truncate(time.Microsecond), k, about.Tries+1)
			job = &redrawing{due: d, task: k.ID, tries: about.Tries + 1}
			if err := a.draw(tx, k, job); err != nil {
				return err
			}
			return tx.PutDue(d)
		}
	})
	return job, err
}

// draw adds the messages that show k to job.
func (a *Activities) draw(tx store.Tx, k store.Task, job *redrawing) error {
	all, err := tx.TouchesOf(k.Enrollment)
	if err != nil {
		return fmt.Errorf("read touches: %w", err)
	}
	for _, h := range all {
		if h.Channel != "slack" || h.Path != k.Path || h.HumanWork || !strings.Contains(h.ProviderID, "/") {
			continue
		}
		m, err := a.card(tx, h, k)
		if err != nil {
			return err
		}
		job.at, job.messages = append(job.at, h.ProviderID), append(job.messages, m)
	}
	return nil
}

// endRedraw takes the due off, or puts it off by again, unless the task changed
// meanwhile: then its new due stands.
func (a *Activities) endRedraw(ctx context.Context, job *redrawing, again time.Duration) error {
	return a.Store.Update(ctx, func(tx store.Tx) error {
		ds, err := tx.DueBefore(job.due.At, 0, job.due.Kind)
		if err != nil {
			return err
		}
		mine := false
		for _, d := range ds {
			mine = mine || d.Key == job.due.Key && d.At.Equal(job.due.At)
		}
		k, err := tx.Task(job.task)
		if err != nil || !mine {
			return err
		}
		if again > 0 {
			return tx.PutDue(redrawDue(job.due.Key, a.Clock.Now().Add(again), k, job.tries))
		}
		return errors.Join(tx.DropDue(job.due.Key), a.markLate(tx, k))
	})
}
