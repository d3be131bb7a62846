package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/workflows"
)

// cardTries bounds the deliveries of one card. The task itself stays visible on
// the dashboard and in `holdfast tasks` whatever happens to its card.
const cardTries = 30

// findOwed reads which task cards are still to be handed out. One that was
// being sent when the process died is among them: a task is delivered at least
// once, and can be completed once.
func (w *walk) findOwed() error {
	all, err := w.ledger()
	if err != nil {
		return err
	}
	for _, h := range all {
		if h.Channel != "slack" || h.HumanWork || (h.State != holdfast.Claimed && h.State != holdfast.Sending) {
			continue
		}
		if w.out != nil && h.ID == w.out.row.ID {
			continue
		}
		switch _, err := w.tx.Task(taskID(h.Enrollment, h.Path)); {
		case err == nil:
			w.owed = append(w.owed, h)
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("read task at %s: %w", h.Path, err)
		}
	}
	return nil
}

// handOut delivers the cards that w owes and answers for it. A card that no one
// takes now brings the enrollment back sooner, even when it is over.
func (a *Activities) handOut(ctx context.Context, w *walk) (workflows.Progress, error) {
	p := w.result
	if w.e.Digest != w.in.Digest {
		p.Digest = w.e.Digest // it was moved
	}
	for _, h := range w.owed {
		retry, err := a.handCard(ctx, h)
		if err != nil {
			return workflows.Progress{}, fmt.Errorf("hand out card %s: %w", h.ID, err)
		}
		// What is over waits for nothing but its cards, whatever it waited for before.
		if !retry.IsZero() && !p.Again && (p.Over || p.Until.IsZero() || retry.Before(p.Until)) {
			p.Until, p.Over = retry, false
		}
	}
	if p.Until.Equal(w.result.Until) {
		return p, nil
	}
	err := a.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		e, err := tx.Enrollment(w.e.ID)
		if err != nil {
			return err
		}
		m := readMirror(e.State)
		m.Until, e.Due = p.Until, p.Until
		again := &walk{tx: tx, e: e, in: w.in, doing: e.Doing}
		return again.put(m)
	})
	if err != nil {
		return workflows.Progress{}, fmt.Errorf("put off enrollment %s: %w", w.e.ID, err)
	}
	return p, nil
}

// handCard delivers one card; retry is when to try again, zero when that is settled.
func (a *Activities) handCard(ctx context.Context, h store.Touch) (retry time.Time, err error) {
	if settled, retry, err := a.seekCard(ctx, h); err != nil || settled {
		return retry, err
	}
	out, retry, err := a.takeCard(ctx, h)
	if errors.Is(err, errStopped) {
		return a.Clock.Now().Add(again), nil
	}
	if err != nil || out == nil {
		return retry, err
	}
	d := a.send(ctx, *out)
	err = a.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) (err error) {
		retry, err = a.recordCard(tx, d)
		return err
	})
	a.Poke()
	return retry, err
}

// recordCard writes what became of a card that was sent, and says when to try again.
// Another process may have taken the card over meanwhile, or have handed it out: then
// a failure of this send says nothing about the card.
func (a *Activities) recordCard(tx store.Tx, d delivery) (retry time.Time, err error) {
	kept, err := tx.Touch(d.row.ID)
	if err != nil {
		return retry, fmt.Errorf("read touch: %w", err)
	}
	row, now := d.row, a.Clock.Now()
	row.Account, row.Contact = kept.Account, kept.Contact // they may have become others meanwhile
	underWay := kept.State == holdfast.Claimed || kept.State == holdfast.Sending || kept.State == holdfast.Unknown
	switch f := d.failure; {
	case !underWay:
		return retry, nil
	case f == nil:
		row.Attempts, row.State, row.ProviderID, row.DoneAt = kept.Attempts, holdfast.Sent, d.receipt.ProviderID, now
		if err := a.handed(tx, row); err != nil {
			return retry, err
		}
	case kept.State != holdfast.Sending || kept.Attempts != row.Attempts:
		return a.anothers(kept), nil
	case f.Permanent || row.Attempts >= cardTries:
		row.State, row.Reason, row.DoneAt = holdfast.Failed, f.Reason, now
		line := touchLine(row, now)
		line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/failed", "error", "failed", f.Reason
		if err := tx.AddLine(line); err != nil {
			return retry, err
		}
	case f.Unknown() && a.finder(row.Channel) != nil:
		row.Reason = f.Reason // it stays sending: it is looked for before it is sent again
		retry = row.SendingAt.Add(lookAfter)
	default:
		row.State, row.Reason = holdfast.Claimed, f.Reason
		retry = now.Add(backoff(row.Attempts, f.After))
	}
	return retry, tx.PutTouch(row)
}

// anothers is when to look again after a card that another process has in hand, which
// may die with it.
func (a *Activities) anothers(row store.Touch) time.Time {
	if row.State == holdfast.Sending {
		return row.SendingAt.Add(lookAfter)
	}
	return a.Clock.Now().Add(backoff(row.Attempts, 0))
}

// takeCard marks a card as being sent, as it was when it was read, and draws it; nil
// when its task needs none any more, or when another process sends it now, with when
// to look after it again.
func (a *Activities) takeCard(ctx context.Context, was store.Touch) (out *outgoing, retry time.Time, err error) {
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		out, retry = nil, time.Time{}
		row, err := tx.Touch(was.ID)
		if err != nil {
			return fmt.Errorf("read touch: %w", err)
		}
		if by, err := stopped(tx, row.Playbook); err != nil || by != "" {
			return errors.Join(err, errStopped)
		}
		if row.State != holdfast.Claimed && row.State != holdfast.Sending {
			return nil
		}
		if row.State == holdfast.Sending && row.Attempts != was.Attempts {
			retry = a.anothers(row)
			return nil
		}
		k, err := tx.Task(taskID(row.Enrollment, row.Path))
		if err != nil {
			return fmt.Errorf("read task: %w", err)
		}
		now := a.Clock.Now()
		if k.Status != "open" || k.Owner != row.Recipient {
			row.State, row.Reason, row.DoneAt = holdfast.Skipped, k.Status, now
			if k.Status == "open" {
				row.Reason = "reassigned"
			}
			return tx.PutTouch(row)
		}
		row.State, row.Reason, row.SendingAt, row.Attempts = holdfast.Sending, "", now, row.Attempts+1
		out = &outgoing{row: row, zone: time.UTC}
		if out.message, err = a.card(tx, row, k); err != nil {
			return err
		}
		return tx.PutTouch(row)
	})
	return out, retry, err
}

// mrkdwn is plain text as Slack's markup has it: no mention, no link.
func mrkdwn(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
