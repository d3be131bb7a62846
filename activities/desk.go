package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/store"
)

// longest is how many characters a person's own words about a task may have.
const longest = 3000

// SnoozeTask puts a task off: it stays open, is not due before until, and whoever
// would hear that it is late hears it then. The reason is kept with the task and
// goes nowhere else. until is not after the task's expiry: how long the playbook
// waits is its author's word. An approval is put off by whoever may answer it.
// The error is a *holdfast.Error: not_found, conflict (closed, by whom and when),
// invalid, or unauthorized.
func (a *Activities) SnoozeTask(ctx context.Context, id, by string, until time.Time, reason string, at time.Time) error {
	until, at, reason = until.UTC(), at.UTC(), strings.TrimSpace(reason)
	return a.act(ctx, id, by, reason, func(tx store.Tx, k store.Task, who Person) error {
		local := func(t time.Time) string { return t.In(a.Project().ours(someone{Person: who}).zone).Format(sayMoment) }
		switch {
		case reason == "":
			return holdfast.Errorf(holdfast.Invalid, "say why it is put off")
		case !until.After(at):
			return holdfast.Errorf(holdfast.Invalid, "%s is past", local(until))
		case !k.ExpiresAt.IsZero() && until.After(k.ExpiresAt):
			return &holdfast.Error{
				Code:    holdfast.Invalid,
				Message: "the playbook waits for it until " + local(k.ExpiresAt) + ", and no longer",
				Hint:    "put it off until then at the most",
			}
		}
		if err := a.mayAnswer(tx, k, who); err != nil {
			return err
		}
		if err := store.Audited(ctx, tx, at, by, "task.snooze", k.ID, map[string]any{"until": until}); err != nil {
			return err
		}
		k.SnoozedUntil, k.SnoozeReason = until, reason
		if err := tx.PutTask(k); err != nil {
			return fmt.Errorf("put task: %w", err)
		}
		return errors.Join(a.replan(tx, k), a.redraw(tx, k), tx.AddLine(store.Line{
			Key: fmt.Sprintf("%s/snoozed/%d", k.ID, at.UnixMicro()), At: at, Account: k.Account, Playbook: k.Playbook,
			Enrollment: k.Enrollment, Step: k.Step, Path: k.Path, Kind: "task", Channel: k.Channel, To: who.ID, Outcome: "snoozed",
			Reason: "until " + local(until) + ": " + reason, Local: until.In(a.Project().ours(someone{Person: who}).zone).Format(time.RFC3339),
		}))
	})
}

// ReassignTask gives an open task to another of the team, for by. What is due
// stays due, and a snooze holds. An approval goes to somebody with the authority
// for it, and never to whoever asked. The error is a *holdfast.Error: not_found,
// conflict (closed, by whom and when; or theirs already), invalid (nobody of the
// team, or not there), or unauthorized.
func (a *Activities) ReassignTask(ctx context.Context, id, to, by, reason string, at time.Time) error {
	at, reason = at.UTC(), strings.TrimSpace(reason)
	return a.act(ctx, id, by, reason, func(tx store.Tx, k store.Task, who Person) error {
		p := a.Project()
		next, ok := p.person(to)
		if !ok {
			return holdfast.Errorf(holdfast.Invalid, "%q is nobody of the team", to)
		}
		if next.ID == k.Owner {
			return holdfast.Errorf(holdfast.Conflict, "%s has it already", next.ID)
		}
		if why, _ := p.gone(next, at); why != "" {
			e := holdfast.Errorf(holdfast.Invalid, "%s is not there: %s", next.ID, why)
			e.Hint = p.present(someone{Person: next}, at).id() + " stands in"
			return e
		}
		r, err := tx.Approval(k.ID)
		switch {
		case err == nil:
			if err := p.mayDecide(next, r); err != nil {
				return err
			}
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("read approval %s: %w", k.ID, err)
		}
		if err := store.Audited(ctx, tx, at, by, "task.reassign", k.ID, map[string]any{"from": k.Owner, "to": next.ID}); err != nil {
			return err
		}
		_, err = a.move(tx, k, someone{Person: next}, store.Line{At: at, Reason: joinNonEmpty("by "+who.ID, reason)})
		return err
	})
}

// sayMoment is how people read a moment in an answer of ours.
const sayMoment = "2 Jan 2006 15:04 MST"

// act does something to an open task, for one of the team, in a transaction.
func (a *Activities) act(ctx context.Context, id, by, reason string, do func(tx store.Tx, k store.Task, who Person) error) error {
	if utf8.RuneCountInString(reason) > longest {
		return holdfast.Errorf(holdfast.Invalid, "the reason is longer than %d characters", longest)
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		k, err := openTask(tx, id)
		if err != nil {
			return err
		}
		who, ok := a.Project().person(by)
		if !ok {
			return holdfast.Errorf(holdfast.Unauthorized, "%q is nobody of the team", by)
		}
		return do(tx, k, who)
	})
	if err != nil {
		return err
	}
	a.Poke()
	return nil
}

// openTask reads a task that can still be acted on.
func openTask(tx store.Tx, id string) (store.Task, error) {
	k, err := tx.Task(id)
	if errors.Is(err, store.ErrNotFound) {
		return k, holdfast.Errorf(holdfast.NotFound, "there is no task %q", id)
	}
	if err != nil {
		return k, fmt.Errorf("read task %s: %w", id, err)
	}
	if k.Status != "open" {
		return k, alreadyClosed(k)
	}
	return k, nil
}

// mayAnswer refuses whoever may not answer k, where that takes an authority.
func (a *Activities) mayAnswer(tx store.Tx, k store.Task, who Person) error {
	r, err := tx.Approval(k.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read approval %s: %w", k.ID, err)
	}
	return a.Project().mayDecide(who, r)
}

// closed takes a task that is closed now off the agenda, drops what tells that it
// was late, and has its card redrawn.
func (a *Activities) closed(tx store.Tx, k store.Task, at time.Time) error {
	if err := errors.Join(tx.DropDue(lateKind+"/"+k.ID), a.redraw(tx, k)); err != nil {
		return err
	}
	if isAlert(k) {
		return nil
	}
	all, err := tx.TasksOf(k.Enrollment)
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	for _, n := range all {
		if n.Status != "open" || !isAlert(n) || !strings.HasPrefix(n.Path, k.Path+overdueMark) {
			continue
		}
		n.Status, n.ClosedAt, n.Reason = "dropped", at, "the task that was late is closed"
		if err := errors.Join(tx.PutTask(n), closeTouch(tx, n, at), a.redraw(tx, n)); err != nil {
			return fmt.Errorf("drop notice %s: %w", n.ID, err)
		}
	}
	return nil
}
