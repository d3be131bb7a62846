package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
)

// sendTimeout bounds one call of a provider. Advance's own limit is two minutes.
const sendTimeout = 30 * time.Second

// A refused touch is tried again from five seconds to an hour later, for a day
// and at least patience times: a window that opens in between is no refusal.
const (
	firstRetry  = 5 * time.Second
	longestWait = time.Hour
	giveUpAfter = 24 * time.Hour
	patience    = 12
)

// delivery is what is known of a message after its send.
type delivery struct {
	outgoing
	receipt holdfast.Receipt
	failure *holdfast.DeliveryError // nil: accepted
}

// send hands a message to its channel, outside any transaction. An error that
// is not classed proves nothing: the message may be out.
func (a *Activities) send(ctx context.Context, o outgoing) delivery {
	d := delivery{outgoing: o}
	ch, ok := a.Channels[o.row.Channel]
	if !ok {
		d.failure = &holdfast.DeliveryError{
			Channel: o.row.Channel, Reason: "no_channel", Permanent: true, Err: errors.New("no such channel is set up"),
		}
		return d
	}
	// A send that began is finished: given up half-way its fate would be unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	ctx, stop := a.untilExit(ctx, o.row.Enrollment)
	defer stop()
	var err error
	d.receipt, err = ch.Deliver(ctx, o.message)
	if err != nil && !errors.As(err, &d.failure) {
		d.failure = &holdfast.DeliveryError{Channel: o.row.Channel, Reason: "unclassed", Err: err}
	}
	if d.failure != nil {
		a.Log.WarnContext(ctx, "delivery failed", "touch", o.row.ID, "enrollment", o.row.Enrollment, "channel", o.row.Channel, "reason", d.failure.Reason)
	}
	return d
}

// backoff after the n-th refusal; the provider's wish counts when it is longer.
func backoff(n int, wish time.Duration) time.Duration {
	wait := longestWait
	if n < 11 {
		wait = min(firstRetry<<max(n-1, 0), longestWait)
	}
	return max(wait, wish)
}

// record writes what became of the message that was sent. current is false when
// another attempt has taken the touch over: then only the ledger learns of it.
func (w *walk) record(mine bool) (current bool, err error) {
	row, err := w.tx.Touch(w.sent.row.ID)
	if err != nil {
		return false, fmt.Errorf("read touch: %w", err)
	}
	w.sent.row.Account, w.sent.row.Contact = row.Account, row.Contact // they may have become others meanwhile
	accepted := w.sent.failure == nil
	if row.State != holdfast.Sending || row.Attempts != w.sent.row.Attempts || !mine {
		if accepted && row.State == holdfast.Unknown {
			row.State, row.ProviderID, row.DoneAt = holdfast.Reconciled, w.sent.receipt.ProviderID, w.now
			return false, w.tx.PutTouch(row)
		}
		return false, nil
	}
	if !accepted {
		return true, nil // fate decides, when the version is at hand
	}
	row.State, row.ProviderID, row.DoneAt, row.Reason = holdfast.Sent, w.sent.receipt.ProviderID, w.now, w.sent.receipt.Reason
	if exit, err := w.tx.ExitOf(w.e.ID); err == nil && exit.Seq > 0 {
		row.Reason = "sent_before_exit"
	} else if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, fmt.Errorf("read exit: %w", err)
	}
	if err := w.tx.PutTouch(row); err != nil {
		return false, err
	}
	if err := w.countSent(row); err != nil {
		return false, err
	}
	return true, w.tx.AddLine(sentLine(row, w.now, w.sent.zone))
}

func sentLine(row store.Touch, now time.Time, zone *time.Location) store.Line {
	return store.Line{
		Key: row.ID + "/sent", At: now, Account: row.Account, Playbook: row.Playbook, Enrollment: row.Enrollment,
		Step: row.Step, Path: row.Path, Kind: row.Channel, Channel: row.Channel, To: row.Recipient,
		Local: now.In(zone).Format(time.RFC3339), Outcome: "sent", Reason: row.Reason, Touch: row.ID,
	}
}

// fate tells the interpreter what became of the message that was sent.
func (w *walk) fate() error {
	if w.sent == nil {
		return nil
	}
	w.touched = true
	row, f := w.sent.row, w.sent.failure
	switch {
	case f == nil:
		w.reply(row.Path, steps.Answer{Outcome: "sent"})
		return nil
	case f.Permanent:
		return w.rejected(row, f.Reason, f.Error())
	case f.Unknown() && w.a.finder(row.Channel) != nil:
		_, err := w.seek(row, f.Reason)
		return err
	case f.Refused || w.v.Unknown == atLeastOnce:
		return w.refused(row, *f)
	}
	return w.lostSight(row, f.Reason)
}

// refused releases the claim: the guards are asked again at the next try.
func (w *walk) refused(row store.Touch, f holdfast.DeliveryError) error {
	if done, err := w.told(&row); err != nil {
		return err
	} else if done {
		return w.went(row)
	}
	if wait := steps.WaitAt(w.st, row.Path); wait != nil && row.Attempts >= patience && w.now.Sub(wait.Since) >= giveUpAfter {
		return w.rejected(row, f.Reason, "given up after a day: "+f.Error())
	}
	row.State, row.Reason = holdfast.Released, f.Reason
	if err := errors.Join(w.tx.PutTouch(row), w.leaveAlone(row, f.After)); err != nil {
		return err
	}
	line := touchLine(row, w.now)
	line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/retry", "error", "retry", f.Reason
	w.reply(row.Path, steps.Answer{Outcome: "retry", Until: w.now.Add(backoff(row.Attempts, f.After)), Reason: f.Reason})
	return w.tx.AddLine(line)
}

// rejected ends a touch that no try will bring through; its owner hears of it.
func (w *walk) rejected(row store.Touch, reason, detail string) error {
	row.State, row.Reason, row.DoneAt = holdfast.Failed, reason, w.now
	if err := errors.Join(w.tx.PutTouch(row), w.leavePlace(row.Path)); err != nil {
		return err
	}
	line := touchLine(row, w.now)
	line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/failed", "error", "failed", reason
	if err := w.tx.AddLine(line); err != nil {
		return err
	}
	w.reply(row.Path, steps.Answer{Outcome: "failed", Reason: reason})
	w.bounced(row, reason)
	return w.alert(row.Path, w.v.Title+" could not reach "+w.accountName(), detail)
}

// bounced tells of an address that the channel itself found to lead nowhere: an
// SMTP server says so at once and sends no events. The event suppresses it.
func (w *walk) bounced(row store.Touch, reason string) {
	if reason != "bad_address" || row.Channel != "email" || row.Contact == "" || w.project.RedirectAllTo != "" {
		return
	}
	w.events = append(w.events, holdfast.Message{
		ID: row.ID + "/bounced", Source: "system", Kind: holdfast.Track, Event: holdfast.EventBounced, Account: row.Account, Contact: row.Contact,
		At: w.now, Props: map[string]any{"class": "hard", "playbook": row.Playbook, "enrollment": row.Enrollment},
	})
}

// lostSight is a message that may or may not be out. It is not repeated. The
// provider may have told of it before its answer was given up.
func (w *walk) lostSight(row store.Touch, reason string) error {
	if done, err := w.told(&row); err != nil {
		return err
	} else if done {
		return w.went(row)
	}
	if err := w.markUnknown(row, reason); err != nil {
		return err
	}
	w.reply(row.Path, steps.Answer{Outcome: "unknown", Until: w.heardBy(w.now), Reason: reason})
	if w.v.Unknown == "ask" {
		return w.askWhetherItArrived(row)
	}
	return nil
}

// markUnknown leaves it to the provider's events to tell; a day later the matter
// is closed.
func (w *walk) markUnknown(row store.Touch, reason string) error {
	row.State, row.Reason = holdfast.Unknown, reason
	if err := w.tx.PutTouch(row); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]string{"touch": row.ID})
	if err != nil {
		return err
	}
	err = w.tx.PutDue(store.Due{
		Key: "unconfirmed/" + row.ID, Kind: "unconfirmed", At: row.SendingAt.Add(unconfirmedAfter), Account: row.Account, Data: data,
	})
	if err != nil {
		return err
	}
	line := touchLine(row, w.now)
	line.Key, line.Kind, line.Outcome, line.Reason = row.ID+"/unknown", "error", "unknown", reason
	return w.tx.AddLine(line)
}

// Doubt makes a touch that somebody was sending one of unknown fate, unless its
// provider has told of it: what is remembered of it may be older than what became
// of it, as after a restore. Nobody may be sending it now.
func Doubt(tx store.Tx, row store.Touch, now time.Time) error {
	w := &walk{tx: tx, now: now}
	if done, err := w.told(&row); err != nil || done {
		return err
	}
	if row.SendingAt.IsZero() {
		row.SendingAt = now
	}
	return w.markUnknown(row, "restored")
}

// unknown looks after touches whose fate was unknown when the enrollment came to
// rest: it takes what the provider said since, or asks the owner to look.
func (w *walk) unknown() error {
	for _, wait := range steps.Waits(w.st) {
		if wait.Kind != "unknown" {
			continue
		}
		if w.answer != nil {
			w.more = true
			return nil
		}
		if err := w.learn(wait); err != nil {
			return err
		}
	}
	return nil
}

// learn answers for the touch at one wait, when its fate is known by now.
func (w *walk) learn(wait steps.Wait) error {
	all, err := w.ledger()
	if err != nil {
		return err
	}
	for _, row := range all {
		if row.Path != wait.Path {
			continue
		}
		switch row.State {
		case holdfast.Reconciled, holdfast.Sent:
			w.reply(row.Path, steps.Answer{Outcome: "sent"})
		case holdfast.Failed:
			return w.went(row)
		case holdfast.Unconfirmed:
			w.reply(row.Path, steps.Answer{Outcome: "unconfirmed", Reason: row.Reason})
		case holdfast.Unknown:
			if !w.now.Before(wait.Until) {
				return w.askWhetherItArrived(row)
			}
		case holdfast.Claimed, holdfast.Sending, holdfast.Released, holdfast.Skipped:
		}
	}
	return nil
}

func (w *walk) askWhetherItArrived(row store.Touch) error {
	return w.alert(row.Path, "Look whether a message of "+w.v.Title+" reached "+w.accountName(),
		"The connection broke while it was sent over "+row.Channel+". It is not sent again.")
}

func touchLine(row store.Touch, now time.Time) store.Line {
	return store.Line{
		At: now, Account: row.Account, Playbook: row.Playbook, Enrollment: row.Enrollment,
		Step: row.Step, Path: row.Path, Channel: row.Channel, To: row.Recipient, Touch: row.ID,
	}
}
