package activities

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/store"
	"holdfast/steps"
)

// unknownWait is how long a provider has to say whether it took a message whose
// fate is unknown, before the sequence goes on, where the playbook names no other
// time; unconfirmedAfter ends the matter.
const (
	unknownWait      = time.Hour
	unconfirmedAfter = 24 * time.Hour
)

// deliver answers a Deliver command, or claims the touch and leaves the message
// in w.out.
func (w *walk) deliver(cmd steps.Command) error {
	if done, err := w.shadowed(cmd); err != nil || done {
		return err
	}
	var err error
	switch spec := cmd.Step.Spec.(type) {
	case *steps.Email:
		if cmd.Review {
			return w.askReview(cmd, spec)
		}
		err = w.message(touch{cmd: cmd, channel: "email", email: spec})
	case *steps.Slack:
		err = w.message(touch{cmd: cmd, channel: "slack", slack: spec})
	case *steps.Task:
		err = w.task(cmd, spec)
	case *steps.Approval:
		err = w.askApproval(cmd, "approve", spec)
	case *steps.Offer:
		err = w.askApproval(cmd, spec.Kind, spec.Ask)
	case *steps.Webhook:
		err = w.message(touch{cmd: cmd, channel: "webhook", webhook: spec})
	case *steps.Hold:
		err = w.hold(cmd, spec)
	case *steps.Release:
		err = w.thaw(cmd)
	case *steps.Set:
		err = w.assign(cmd)
	case *steps.Run:
		err = w.child(cmd, spec)
	default:
		return fmt.Errorf("step %s: no way to deliver %s", cmd.Step.ID, cmd.Step.Verb)
	}
	return err
}

// touch is one message on its way through the guards.
type touch struct {
	cmd     steps.Command
	channel string
	email   *steps.Email
	slack   *steps.Slack
	webhook *steps.Webhook
	to      recipient
	locale  string      // wanted before the recipient's own; of a preview
	row     store.Touch // as the ledger has it; zero when it does not
	pace    *guards.Pace
}

// message brings an e-mail or a note through ledger, recipient, guards and
// template to its claim.
func (w *walk) message(t touch) error {
	done, err := w.settled(&t)
	if err != nil || done {
		return err
	}
	var d guards.Decision
	switch {
	case t.email != nil:
		t.to, d, err = w.addressee(t.email.To, t.channel, true)
	case t.slack != nil:
		t.to = w.ours(t.slack.To)
	default:
		t.to = recipient{id: t.webhook.Name, address: holdfast.Address{ID: t.webhook.Name}, place: w.place}
	}
	if err != nil {
		return err
	}
	if d.Kind == guards.Go {
		if t.pace, err = w.pace(t); err != nil {
			return err
		}
		if d, err = w.ask(t.to, guards.Ask{Channel: t.channel, Internal: t.email == nil, Rails: w.v.Rails, Pace: t.pace}); err != nil {
			return err
		}
	}
	if d.Kind == guards.Go && t.slack != nil {
		d = w.office(t.to)
	}
	if d.Kind == guards.Drop && d.Reason == noRecipient && t.email.IfMissing == "task" {
		who := w.v.Title + " has nobody to write to at " + w.accountName()
		if err := w.alert(t.cmd.Path, "Find someone: "+who, "The step "+t.cmd.Step.ID+" asks for one of: "+joined(t.email.To)); err != nil {
			return err
		}
	}
	if d.Kind != guards.Go && d.Reason != "shadow" {
		return w.held(t, d)
	}
	m, err := w.compose(t)
	if err != nil {
		return w.failed(t, err)
	}
	if d.Kind != guards.Go {
		return w.held(t, wouldGo(d, m))
	}
	return w.claim(t, w.redirected(m))
}

// settled answers from the ledger when the touch was tried before: what is on
// record is never done again.
func (w *walk) settled(t *touch) (done bool, err error) {
	all, err := w.ledger()
	if err != nil {
		return true, err
	}
	former := steps.FormerPaths(w.v.Program, t.cmd.Path)
	for _, row := range all {
		switch {
		case row.Channel != t.channel:
		case row.Path == t.cmd.Path:
			t.row = row
		case t.row.ID == "" && slices.Contains(former, row.Path) && row.State != holdfast.Claimed && row.State != holdfast.Released:
			t.row = row // it went before it was renamed
		}
	}
	switch t.row.State {
	case "", holdfast.Claimed, holdfast.Released:
		return false, nil
	case holdfast.Sending: // the process died between the first byte and the answer
		t.to = recipient{contact: t.row.Contact, id: t.row.Recipient}
		if done, err := w.seek(t.row, "process_died"); err != nil || done {
			return true, err
		}
		if w.v.Unknown == atLeastOnce || t.channel == "webhook" { // whoever is called knows the second call by its webhook-id
			if done, err = w.told(&t.row); err != nil || !done {
				return done, err
			}
			return true, w.went(t.row)
		}
		return true, w.lostSight(t.row, "process_died")
	case holdfast.Unknown:
		w.reply(t.cmd.Path, steps.Answer{Outcome: "unknown", Until: w.heardBy(t.row.SendingAt), Reason: t.row.Reason})
	case holdfast.Reconciled:
		w.reply(t.cmd.Path, steps.Answer{Outcome: "sent"})
	case holdfast.Sent, holdfast.Unconfirmed, holdfast.Failed, holdfast.Skipped:
		w.reply(t.cmd.Path, steps.Answer{Outcome: string(t.row.State), Reason: t.row.Reason})
	}
	return true, nil
}

// heardBy is when the sequence no longer waits for the provider to tell of a
// message that it may have taken at a moment.
func (w *walk) heardBy(at time.Time) time.Time {
	if span := w.v.UnknownWait; !span.Zero() {
		return span.Add(at.In(w.place.zone), w.place.days).UTC()
	}
	return at.Add(unknownWait)
}

// atLeastOnce is the playbook's word that a message of unknown fate may be
// repeated.
const atLeastOnce = "at_least_once"

// reply is what the interpreter is told next.
func (w *walk) reply(path string, a steps.Answer) {
	a.Path = path
	w.answer = &a
}

// held says why a touch does not go now: it is shifted, parked or skipped.
func (w *walk) held(t touch, d guards.Decision) error {
	if w.a.Held != nil {
		w.a.Held(w.e.ID, t.cmd.Path, d)
	}
	line := w.line(t.cmd, t.channel, t.to.id)
	line.Reason = d.Reason
	if d.Detail != "" {
		line.Reason += ": " + d.Detail
	}
	switch d.Kind {
	case guards.At:
		line.Kind, line.Local = "shift", d.At.In(t.to.place.zone).Format(time.RFC3339)
		line.Key += "/shift/" + line.Local
		w.reply(t.cmd.Path, steps.Answer{Outcome: "shift", Until: d.At, Reason: d.Reason})
		if err := w.bookPlace(t, d); err != nil {
			return err
		}
	case guards.Park:
		line.Kind, line.Outcome = "wait", "parked"
		line.Key += "/park/" + d.Reason
		w.reply(t.cmd.Path, steps.Answer{Outcome: "park", Reason: d.Reason})
	case guards.Drop, guards.Go: // one that may go is not held
		line.Kind, line.Outcome = "skip", "skipped"
		line.Key += "/skip"
		row := w.row(t)
		row.State, row.Reason, row.DoneAt = holdfast.Skipped, d.Reason, w.now
		line.Touch = row.ID
		if err := errors.Join(w.tx.PutTouch(row), w.leavePlace(t.cmd.Path)); err != nil {
			return err
		}
		w.reply(t.cmd.Path, steps.Answer{Outcome: "skipped", Reason: d.Reason})
	}
	return w.tx.AddLine(line)
}

// failed ends a touch that cannot go, visibly.
func (w *walk) failed(t touch, cause error) error {
	reason, at := unrendered(cause)
	detail := cause.Error()
	row := w.row(t)
	row.State, row.Reason, row.DoneAt = holdfast.Failed, reason, w.now
	if err := errors.Join(w.tx.PutTouch(row), w.leavePlace(t.cmd.Path)); err != nil {
		return err
	}
	line := w.line(t.cmd, t.channel, t.to.id)
	line.Key, line.Kind, line.Outcome, line.Reason, line.Touch = line.Key+"/failed", "error", "failed", reason+": "+detail, row.ID
	if err := w.tx.AddLine(line); err != nil {
		return err
	}
	w.reply(t.cmd.Path, steps.Answer{Outcome: "failed", Reason: reason})
	if err := w.countError(t.cmd.Step.ID, reason+" "+at); err != nil {
		return err
	}
	return w.alert(t.cmd.Path, w.v.Title+" could not reach "+w.accountName(), detail)
}

// row is the touch's line in the ledger: the one that is there, or a new one.
func (w *walk) row(t touch) store.Touch {
	if t.row.ID != "" {
		return t.row
	}
	return store.Touch{
		ID:         holdfast.TouchID(w.e.ID, t.cmd.Path, t.channel, t.to.id),
		Enrollment: w.e.ID, Account: w.e.Account, Contact: t.to.contact, Playbook: w.e.Playbook,
		Step: t.cmd.Step.ID, Path: t.cmd.Path, Channel: t.channel, Recipient: t.to.id, ClaimedAt: w.now,
	}
}

// line about a step, its Key to be completed.
func (w *walk) line(cmd steps.Command, channel, to string) store.Line {
	return store.Line{
		Key: w.e.ID + "/" + cmd.Path, At: w.now, Account: w.e.Account, Playbook: w.e.Playbook, Enrollment: w.e.ID,
		Step: cmd.Step.ID, Path: cmd.Path, Channel: channel, To: to,
	}
}
