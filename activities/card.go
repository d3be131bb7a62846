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
	out, err := a.takeCard(ctx, h.ID)
	if errors.Is(err, errStopped) {
		return a.Clock.Now().Add(again), nil
	}
	if err != nil || out == nil {
		return time.Time{}, err
	}
	d := a.send(ctx, *out)
	err = a.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		retry = time.Time{}
		kept, err := tx.Touch(out.row.ID)
		if err != nil {
			return fmt.Errorf("read touch: %w", err)
		}
		row, now := out.row, a.Clock.Now()
		row.Account, row.Contact = kept.Account, kept.Contact // they may have become others meanwhile
		switch f := d.failure; {
		case f == nil:
			row.State, row.ProviderID, row.DoneAt = holdfast.Sent, d.receipt.ProviderID, now
			if err := a.handed(tx, row); err != nil {
				return err
			}
		case f.Permanent || row.Attempts >= cardTries:
			row.State, row.Reason, row.DoneAt = holdfast.Failed, f.Reason, now
			line := touchLine(row, now)
			line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/failed", "error", "failed", f.Reason
			if err := tx.AddLine(line); err != nil {
				return err
			}
		case f.Unknown() && a.finder(row.Channel) != nil:
			row.Reason = f.Reason // it stays sending: it is looked for before it is sent again
			retry = row.SendingAt.Add(lookAfter)
		default:
			row.State, row.Reason = holdfast.Claimed, f.Reason
			retry = now.Add(backoff(row.Attempts, f.After))
		}
		return tx.PutTouch(row)
	})
	a.Poke()
	return retry, err
}

// takeCard marks a card as being sent and draws it; nil when its task needs none
// any more.
func (a *Activities) takeCard(ctx context.Context, id string) (out *outgoing, err error) {
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		out = nil
		row, err := tx.Touch(id)
		if err != nil {
			return fmt.Errorf("read touch: %w", err)
		}
		if by, err := stopped(tx, row.Playbook); err != nil || by != "" {
			return errors.Join(err, errStopped)
		}
		if row.State != holdfast.Claimed && row.State != holdfast.Sending {
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
	return out, err
}

// mrkdwn is plain text as Slack's markup has it: no mention, no link.
func mrkdwn(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
