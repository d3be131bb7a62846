package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/triggers"
)

// ours are the kinds of dues that the intake acts on.
var ours = []string{"date", "held", "derive", "unconfirmed", "sunset", admittedKind, enteringKind, returnedKind}

// Next is when the clock alone makes something happen here: a due of the agenda,
// or the next scan while anything reads the clock. It is what the conductor asks
// before it moves.
func (in *Intake) Next(ctx context.Context) (next time.Time, ok bool, err error) {
	if err := in.settle(ctx); err != nil {
		return next, false, err
	}
	if next, ok, err = in.nextScan(ctx); err != nil {
		return next, false, err
	}
	err = in.Store.View(ctx, func(tx store.Tx) error {
		due, some, err := tx.NextDue(append([]string{FanOutKind}, ours...)...)
		if some && (!ok || due.Before(next)) {
			next, ok = due, true
		}
		return err
	})
	return next, ok && err == nil, err
}

// Fire acts on everything due at now, the dues first and then the scan.
func (in *Intake) Fire(ctx context.Context, now time.Time) error {
	if err := in.settle(ctx); err != nil {
		return err
	}
	for more := true; more; {
		var b *batch
		err := in.Store.Update(ctx, func(tx store.Tx) error {
			b = in.batchAt(tx, Live, now)
			ds, err := tx.DueBefore(now, 64, ours...)
			if err != nil {
				return err
			}
			more = len(ds) == 64
			if err := b.gatherEntries(ds); err != nil {
				return err
			}
			for _, d := range ds {
				if err := b.fire(d); err != nil {
					return fmt.Errorf("due %s: %w", d.Key, err)
				}
			}
			return b.flush()
		})
		if err != nil {
			return fmt.Errorf("fire the agenda: %w", err)
		}
		in.after(b)
	}
	if err := in.fanOut(ctx, now); err != nil {
		return fmt.Errorf("take an announcement to the accounts: %w", err)
	}
	return in.scanIfDue(ctx, now)
}

// fire acts on one due and takes it off the agenda, or moves it. A trigger that
// is no longer published just goes.
func (b *batch) fire(d store.Due) error {
	if err := b.tx.DropDue(d.Key); err != nil {
		return err
	}
	if d.Kind == returnedKind {
		return b.fireReturned(d)
	}
	var err error
	if d.Account, err = b.who(d.Account); err != nil {
		return err
	}
	switch d.Kind {
	case "unconfirmed":
		return b.unconfirmed(d)
	case "sunset":
		return b.sunset(d)
	case admittedKind:
		return b.fireAdmitted(d)
	case enteringKind:
		return b.fireEntering(d)
	case "derive":
		s, err := b.sheet(d.Account)
		if err != nil {
			return err
		}
		return b.fireDerive(s)
	}
	return b.fireTrigger(d)
}

// fireTrigger acts on the due of a date or of a condition that has held.
func (b *batch) fireTrigger(d store.Due) error {
	var p pending
	if err := json.Unmarshal(d.Data, &p); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	r, ok := b.watch.find(p.Playbook, p.Trigger)
	if !ok || r.trig.Kind != map[string]string{"date": triggers.Date, "held": triggers.Condition}[d.Kind] {
		return nil
	}
	s, err := b.sheet(d.Account)
	if err != nil || !s.acct.Known {
		return err
	}
	f := b.facts(s, "")
	if d.Kind == "held" {
		return b.fireHeld(s, f, r, p)
	}
	return b.fireDate(s, f, r, p)
}

// fireHeld starts what has been true for long enough, if it still is.
func (b *batch) fireHeld(s *sheet, f *rules.Facts, r ref, p pending) error {
	t, err := b.truth(p.Playbook, p.Trigger, s.acct.ID)
	if err != nil || !t.True || t.Fired || t.Since.Format(time.RFC3339) != p.Occurrence {
		return err
	}
	if !b.holds(f, p.Playbook, s.acct.ID, r.trig.When, r.book.When) {
		t.True, t.Since = false, time.Time{}
		return b.putTruth(t)
	}
	t.Fired = true
	if err := b.putTruth(t); err != nil {
		return err
	}
	words := clip(r.trig.When.Source()) + " held for " + r.trig.For.Text
	return b.start(s, f, why{ref: r, occurrence: p.Occurrence, words: words})
}

// unconfirmed ends the wait for a word about a touch whose outcome is unknown.
func (b *batch) unconfirmed(d store.Due) error {
	var about struct {
		Touch string `json:"touch"`
	}
	if err := json.Unmarshal(d.Data, &about); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	t, err := b.tx.Touch(about.Touch)
	if err != nil || t.State != holdfast.Unknown {
		return none(err)
	}
	t.State, t.DoneAt = holdfast.Unconfirmed, b.now
	if err := b.tx.PutTouch(t); err != nil {
		return err
	}
	return b.tx.AddLine(store.Line{
		Key: "unconfirmed/" + t.ID, At: b.now, Account: t.Account, Playbook: t.Playbook, Enrollment: t.Enrollment,
		Step: t.Step, Path: t.Path, Kind: "outcome", Channel: t.Channel, To: t.Recipient, Touch: t.ID,
		Outcome: "unconfirmed", Reason: "the provider never said whether it went",
	})
}
