package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/channels"
	"holdfast/internal/store"
	"holdfast/steps"
)

const (
	// lookAfter is how long after a send without an answer its message is looked
	// for: longer than sendTimeout, so that no attempt is still under way.
	lookAfter = 40 * time.Second
	lookAgain = 30 * time.Second // when looking did not work
	// cannotLook is the reason of a touch that its channel can never look for.
	cannotLook = "cannot_look"
	// found is the reason of a touch that went, as was seen by looking for it.
	found = "found"
)

// foundWords say the same on the timeline.
const foundWords = "its send had no answer; it was looked for and found"

// finder of a channel, when it can look for what it sent.
func (a *Activities) finder(channel string) channels.Finder {
	f, _ := a.Channels[channel].(channels.Finder)
	return f
}

// seek answers for a message of our own that was sent without an answer: it is
// looked for before anything else is decided about it. done is false when there
// is no way to look.
func (w *walk) seek(row store.Touch, reason string) (done bool, err error) {
	from := row.SendingAt.Add(lookAfter)
	if w.a.finder(row.Channel) == nil || row.Reason == cannotLook || w.now.Sub(row.SendingAt) >= unconfirmedAfter {
		return false, nil
	}
	line := touchLine(row, w.now)
	line.Key, line.Kind, line.Outcome, line.Reason = fmt.Sprintf("%s/looks/%d", row.ID, row.Attempts), "error", "retry", reason
	if w.now.Before(from) {
		w.reply(row.Path, steps.Answer{Outcome: "retry", Until: from, Reason: reason})
		return true, w.tx.AddLine(line)
	}
	w.sought = append(w.sought, row)
	w.reply(row.Path, steps.Answer{Outcome: "retry", Until: w.now.Add(lookAgain), Reason: reason})
	return true, w.tx.AddLine(line)
}

// look looks for a message that was sent without an answer, and records what it
// finds: it is sent, or it is missing and may be sent again. pending is true when
// that is not known yet.
func (a *Activities) look(ctx context.Context, row store.Touch, missing holdfast.TouchState) (there, pending bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	p := a.Project()
	receipt, there, err := a.finder(row.Channel).Find(ctx, holdfast.Outbound{
		Touch: row.ID, Channel: row.Channel, To: p.reach(row.Recipient), At: row.SendingAt,
	})
	state, reason := missing, row.Reason
	if err != nil {
		var d *holdfast.DeliveryError
		if !errors.As(err, &d) || !d.Permanent {
			a.Log.WarnContext(ctx, "looking for a message did not work", "touch", row.ID, "channel", row.Channel)
			return false, true, nil
		}
		a.Log.WarnContext(ctx, "a message cannot be looked for", "touch", row.ID, "channel", row.Channel, "reason", d.Reason)
		state, reason = holdfast.Sending, cannotLook
	}
	if there {
		state, reason = holdfast.Sent, found
	}
	err = a.Store.Update(ctx, func(tx store.Tx) error {
		now, err := tx.Touch(row.ID)
		if err != nil {
			return fmt.Errorf("read touch: %w", err)
		}
		switch {
		case now.State == holdfast.Unknown && there:
			now.State, now.Reason = holdfast.Reconciled, found // it was given up meanwhile
		case now.State != holdfast.Sending || now.Attempts != row.Attempts:
			return nil
		default:
			now.State, now.Reason = state, reason
		}
		if missing != holdfast.Claimed { // its enrollment need not wait for the next look
			if err := tx.Signal(store.Signal{Enrollment: row.Enrollment, Kind: "retry", Path: row.Path, At: a.Clock.Now()}); err != nil {
				return err
			}
		}
		if !there {
			return tx.PutTouch(now)
		}
		now.ProviderID, now.DoneAt = receipt.ProviderID, a.Clock.Now()
		if missing == holdfast.Claimed { // a card: its task's own line tells of it
			return errors.Join(tx.PutTouch(now), a.handed(tx, now))
		}
		line := sentLine(now, now.DoneAt, p.zoneOf(row.Recipient))
		line.Reason = foundWords
		return errors.Join(tx.PutTouch(now), tx.AddLine(line))
	})
	if err != nil {
		return false, false, fmt.Errorf("record what was found of %s: %w", row.ID, err)
	}
	return there, false, nil
}

// seekCard looks for a card that was sent without an answer, before it is sent
// again; settled is false when it is to be sent.
func (a *Activities) seekCard(ctx context.Context, h store.Touch) (settled bool, retry time.Time, err error) {
	if h.State != holdfast.Sending || a.finder(h.Channel) == nil || h.Reason == cannotLook {
		return false, time.Time{}, nil
	}
	if from := h.SendingAt.Add(lookAfter); a.Clock.Now().Before(from) {
		return true, from, nil
	}
	there, pending, err := a.look(ctx, h, holdfast.Claimed)
	if pending {
		retry = a.Clock.Now().Add(lookAgain)
	}
	a.Poke()
	return there || pending, retry, err
}

// lookFor looks for the messages that walks have found without an answer.
func (a *Activities) lookFor(ctx context.Context, rows []store.Touch) error {
	for _, row := range rows {
		if _, _, err := a.look(ctx, row, holdfast.Released); err != nil {
			return err
		}
	}
	return nil
}
