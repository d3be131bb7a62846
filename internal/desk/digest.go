package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"holdfast"
	"holdfast/channels/slack"
	"holdfast/internal/clock"
	"holdfast/internal/store"
)

const (
	digestHour  = 9               // on Monday, by the reader's clock
	digestGrace = 24 * time.Hour  // later than this after it, a digest is no news
	digestWait  = 5 * time.Minute // longest wait between two looks at the clock
	digestRetry = time.Minute
	week        = 7 * 24 * time.Hour
)

// Digests tells each of the team on Monday morning, by their own clock, how their
// week stands, and those with reports what is late with them. Who has nothing to
// hear of hears nothing. A week is told once, whatever restarts; one whose fate
// is unknown is not repeated.
type Digests struct {
	Desk *Desk
	Post func(ctx context.Context, to string, d slack.Digest, at time.Time) error // slack.Channel.PostDigest
	Log  *slog.Logger
}

// Run sends what is due, until ctx ends, and returns its error.
func (g *Digests) Run(ctx context.Context) error {
	for {
		wait, err := g.Send(ctx)
		if err != nil && ctx.Err() == nil {
			g.Log.ErrorContext(ctx, "digests cannot be sent, it is tried again", "error", err)
			wait = digestRetry
		}
		if err := clock.Sleep(ctx, min(max(wait, time.Second), digestWait)); err != nil {
			return err
		}
	}
}

// Send tells everybody whose Monday morning it is, and answers how long it is
// until the next. A person whom Slack refuses for now does not hold up the others.
func (g *Digests) Send(ctx context.Context) (wait time.Duration, err error) {
	wait = week
	var errs []error
	for _, p := range g.Desk.Team() {
		if p.Slack == "" {
			continue
		}
		now := g.Desk.Clock.Now()
		monday := mondayOf(now.In(p.Zone))
		wait = min(wait, mondayOf(now.In(p.Zone).AddDate(0, 0, 7)).Sub(now))
		if now.Before(monday) {
			wait = min(wait, monday.Sub(now))
		}
		if now.Before(monday) || now.Sub(monday) > digestGrace {
			continue
		}
		errs = append(errs, g.send(ctx, p, monday))
	}
	return wait, errors.Join(errs...)
}

// mondayOf is the Monday of now's week, at the hour of the digest, in now's zone.
func mondayOf(now time.Time) time.Time {
	back := (int(now.Weekday()) + 6) % 7
	return time.Date(now.Year(), now.Month(), now.Day()-back, digestHour, 0, 0, 0, now.Location())
}

// send tells p once. The week is claimed before the message leaves, and given
// back when it definitely did not.
func (g *Digests) send(ctx context.Context, p slack.Person, monday time.Time) error {
	key, name := "digest/"+p.ID, monday.Format(time.DateOnly)
	told, st := "", g.Desk.Store
	err := st.View(ctx, func(tx store.Tx) (err error) {
		told, err = tx.MetaGet(key)
		return err
	})
	if err != nil || told >= name {
		return err
	}
	d, err := g.Desk.digest(ctx, p, monday)
	if err != nil {
		return fmt.Errorf("write the digest of %s: %w", p.ID, err)
	}
	mine := false
	err = st.Update(ctx, func(tx store.Tx) error {
		was, err := tx.MetaGet(key)
		if mine = err == nil && was < name; !mine {
			return err
		}
		return tx.MetaSet(key, name)
	})
	if err != nil || !mine || d.Empty() {
		return err
	}
	err = g.Post(ctx, p.Slack, d, g.Desk.Clock.Now())
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*holdfast.DeliveryError](err)
	g.Log.WarnContext(ctx, "a digest is not sent", "person", p.ID)
	if !ok || !refused.Refused {
		return nil
	}
	return errors.Join(err, st.Update(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.MetaSet(key, "") }))
}

// digest is p's week as it begins.
func (d *Desk) digest(ctx context.Context, p slack.Person, monday time.Time) (out slack.Digest, err error) {
	open, err := d.OpenTasks(ctx, p.ID)
	if err != nil {
		return out, err
	}
	out.Open = len(open)
	for _, c := range open {
		switch {
		case c.Overdue:
			out.Overdue = append(out.Overdue, c)
		case !c.Due.IsZero() && c.Due.Before(monday.Add(week)):
			out.Coming = append(out.Coming, c)
		}
	}
	if out.Done, err = d.done(ctx, p.ID, monday.Add(-week)); err != nil {
		return out, err
	}
	for _, one := range d.Activities.Project().Team {
		if one.Manager != p.ID || one.ID == p.ID {
			continue
		}
		late, err := d.overdue(ctx, one.ID)
		if err != nil {
			return out, err
		}
		if len(late) > 0 {
			out.Reports = append(out.Reports, slack.Report{Name: cmp.Or(one.Name, one.ID), Overdue: late})
		}
	}
	return out, nil
}

// done counts what somebody has done since a moment.
func (d *Desk) done(ctx context.Context, person string, since time.Time) (n int, err error) {
	err = d.Store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Tasks("", person, "done", 0)
		n = 0
		for _, k := range all {
			if !k.ClosedAt.Before(since) {
				n++
			}
		}
		return err
	})
	return n, err
}

func (d *Desk) overdue(ctx context.Context, person string) (late []holdfast.TaskCard, err error) {
	open, err := d.OpenTasks(ctx, person)
	for _, c := range open {
		if c.Overdue {
			late = append(late, c)
		}
	}
	return late, err
}
