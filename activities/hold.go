package activities

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
)

// hold keeps automated touches of every playbook from the account, once a step path.
func (w *walk) hold(cmd steps.Command, spec *steps.Hold) error {
	h := store.Hold{
		ID: w.e.ID + "/" + cmd.Path, Account: w.e.Account, Enrollment: w.e.ID, By: "playbook " + w.v.Name,
		Reason: spec.Reason, Since: w.now,
	}
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/hold", "hold", "held", spec.Reason
	if !spec.For.Zero() {
		h.Until = spec.For.Add(w.now.In(w.place.zone), w.place.days).UTC()
		line.Local = w.local(h.Until)
	}
	w.reply(cmd.Path, steps.Answer{Outcome: "held"})
	if err := w.tx.PutHold(h); err != nil {
		return err
	}
	return w.tx.AddLine(line)
}

// thaw ends what this enrollment holds.
func (w *walk) thaw(cmd steps.Command) error {
	n, err := w.dropHolds()
	if err != nil {
		return err
	}
	if n > 0 {
		w.hurry() // its own arms too
		if err := release(w.tx, w.e.Account, w.e.ID, w.now, "held"); err != nil {
			return err
		}
	}
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome = line.Key+"/release", "hold", "released"
	w.reply(cmd.Path, steps.Answer{Outcome: "released"})
	return w.tx.AddLine(line)
}

// dropHolds ends the enrollment's own, and says how many still held.
func (w *walk) dropHolds() (held int, err error) {
	all, err := w.tx.HoldsOf(w.e.ID)
	if err != nil {
		return 0, fmt.Errorf("read holds: %w", err)
	}
	for _, h := range all {
		if !h.Ended(w.now) {
			held++
		}
		if _, err := w.tx.DropHold(h.ID); err != nil {
			return 0, err
		}
	}
	return held, nil
}

// byHand begins the ids of holds that a person put.
const byHand = "hand/"

// HoldAccount holds an account by hand from the commit on; until zero is until it
// is released. It works beside a running process. The error is a *holdfast.Error
// for an account that is not there.
func HoldAccount(ctx context.Context, st store.Store, account, by, reason string, until func(now time.Time) time.Time, machine time.Time) (store.Hold, error) {
	var h store.Hold
	err := st.Update(ctx, func(tx store.Tx) error {
		now, err := known(tx, account, machine)
		if err != nil {
			return err
		}
		h = store.Hold{
			ID: byHand + account + "/" + strconv.FormatInt(now.UnixMicro(), 10), Account: account, By: by,
			Reason: reason, Since: now.UTC(), Until: until(now),
		}
		details := map[string]any{"hold": h.ID}
		if !h.Until.IsZero() {
			details["until"] = h.Until
		}
		if err := errors.Join(tx.PutHold(h), store.Audited(ctx, tx, now, by, "account.hold", account, details)); err != nil {
			return err
		}
		return tx.AddLine(store.Line{
			Key: h.ID, At: now, Account: account, Kind: "hold", Outcome: "held", Reason: by + ": " + reason,
		})
	})
	return h, err
}

// ReleaseAccount ends the holds that people put on an account and, with
// playbooks, those of playbooks too; what waited is looked at again by all
// guards. It answers what it ended.
func ReleaseAccount(ctx context.Context, st store.Store, account, by string, playbooks bool, machine time.Time) (ended []store.Hold, err error) {
	err = st.Update(ctx, func(tx store.Tx) error {
		ended = nil
		now, err := known(tx, account, machine)
		if err != nil {
			return err
		}
		all, err := tx.Holds(account, now)
		if err != nil {
			return fmt.Errorf("read holds: %w", err)
		}
		for _, h := range all {
			if h.Enrollment != "" && !playbooks {
				continue
			}
			if _, err := tx.DropHold(h.ID); err != nil {
				return err
			}
			line := store.Line{Key: h.ID + "/released", At: now, Account: account, Enrollment: h.Enrollment, Kind: "hold", Outcome: "released", Reason: by}
			if err := tx.AddLine(line); err != nil {
				return err
			}
			ended = append(ended, h)
		}
		if len(ended) == 0 {
			return nil
		}
		if err := store.Audited(ctx, tx, now, by, "account.release", account, map[string]any{"holds": len(ended)}); err != nil {
			return err
		}
		return release(tx, account, "", now, "held")
	})
	return ended, err
}

// known is the directory's moment, if the account is there.
func known(tx store.Tx, account string, machine time.Time) (time.Time, error) {
	if _, err := tx.Account(account); err != nil {
		missing := holdfast.Errorf(holdfast.NotFound, "there is no account %q", account)
		if now, err := store.Became(tx, store.OfAccount, account); err == nil && now != "" {
			missing.Hint = fmt.Sprintf("it has become %q", now)
		}
		return time.Time{}, missing
	}
	return Now(tx, machine)
}
