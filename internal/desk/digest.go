package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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
	// digestLook is how long after a post without an answer it is looked for: longer
	// than a post takes.
	digestLook = 40 * time.Second
	week       = 7 * 24 * time.Hour
)

// Digests tells each of the team on Monday morning, by their own clock, how their
// week stands, and those with reports what is late with them. Who has nothing to
// hear of hears nothing. A week is told once, whatever restarts: a digest whose
// post had no answer is looked for, and posted again when it is not there.
type Digests struct {
	Desk *Desk
	Post func(ctx context.Context, to, mark string, d slack.Digest, at time.Time) error // slack.Channel.PostDigest
	Find func(ctx context.Context, to, mark string, at time.Time) (bool, error)         // slack.Channel.FindDigest
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
		again, err := g.send(ctx, p, monday)
		if errs = append(errs, err); again > 0 {
			wait = min(wait, again)
		}
	}
	return wait, errors.Join(errs...)
}

// mondayOf is the Monday of now's week, at the hour of the digest, in now's zone.
func mondayOf(now time.Time) time.Time {
	back := (int(now.Weekday()) + 6) % 7
	return time.Date(now.Year(), now.Month(), now.Day()-back, digestHour, 0, 0, 0, now.Location())
}

// A week is remembered by its Monday; while its digest is on its way, also since when.
const onItsWay = " since "

// send tells p once; again is when to look after it, 0 when it is settled. The week
// is claimed before the message leaves, given back when it definitely did not, and
// settled when it did.
func (g *Digests) send(ctx context.Context, p slack.Person, monday time.Time) (again time.Duration, err error) {
	key, name := "digest/"+p.ID, monday.Format(time.DateOnly)
	told := ""
	err = g.Desk.Store.View(ctx, func(tx store.Tx) (err error) {
		told, err = tx.MetaGet(key)
		return err
	})
	if err != nil {
		return 0, err
	}
	since, lost := strings.CutPrefix(told, name+onItsWay)
	if told >= name && !lost {
		return 0, nil
	}
	if lost {
		settled, again, err := g.look(ctx, p, name, since)
		if err != nil || again > 0 {
			return again, err
		}
		if settled {
			_, err := g.put(ctx, key, told, name)
			return 0, err
		}
	}
	d, err := g.Desk.digest(ctx, p, monday)
	if err != nil {
		return 0, fmt.Errorf("write the digest of %s: %w", p.ID, err)
	}
	now := g.Desk.Clock.Now().UTC()
	claimed := name + onItsWay + now.Format(time.RFC3339Nano)
	if d.Empty() {
		claimed = name
	}
	mine, err := g.put(ctx, key, told, claimed)
	if err != nil || !mine || d.Empty() {
		return 0, err
	}
	return g.post(ctx, p, d, name, claimed, now)
}

// post posts a digest that was claimed, and keeps what became of it.
func (g *Digests) post(ctx context.Context, p slack.Person, d slack.Digest, name, claimed string, now time.Time) (again time.Duration, err error) {
	err = g.Post(ctx, p.Slack, name, d, now)
	settled := name
	if err != nil {
		g.Log.WarnContext(ctx, "a digest is not sent", "person", p.ID)
		refused, ok := errors.AsType[*holdfast.DeliveryError](err)
		switch {
		case !ok || refused.Unknown():
			return digestLook, nil // it is looked for
		case refused.Refused:
			settled = ""
		default:
			err = nil // for good
		}
	}
	_, kept := g.put(context.WithoutCancel(ctx), "digest/"+p.ID, claimed, settled)
	return 0, errors.Join(err, kept)
}

// look looks for a digest that was posted without an answer; settled is false when
// it is not there. One that can never be looked for is not repeated.
func (g *Digests) look(ctx context.Context, p slack.Person, name, since string) (settled bool, again time.Duration, err error) {
	at, err := time.Parse(time.RFC3339Nano, since)
	if err != nil {
		return false, 0, fmt.Errorf("read since when the digest of %s is on its way: %w", p.ID, err)
	}
	if wait := at.Add(digestLook).Sub(g.Desk.Clock.Now()); wait > 0 {
		return false, wait, nil
	}
	there, err := g.Find(ctx, p.Slack, name, at)
	if err == nil {
		return there, 0, nil
	}
	refused, ok := errors.AsType[*holdfast.DeliveryError](err)
	g.Log.WarnContext(ctx, "a digest cannot be looked for", "person", p.ID)
	if ok && refused.Permanent {
		return true, 0, nil
	}
	return false, digestRetry, nil
}

// put remembers something of a week, unless another has done so meanwhile.
func (g *Digests) put(ctx context.Context, key, was, now string) (mine bool, err error) {
	err = g.Desk.Store.Update(ctx, func(tx store.Tx) error {
		told, err := tx.MetaGet(key)
		if mine = err == nil && told == was; !mine {
			return err
		}
		return tx.MetaSet(key, now)
	})
	return mine, err
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
