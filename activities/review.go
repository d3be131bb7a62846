package activities

import (
	"encoding/json"
	"errors"
	"fmt"

	"holdfast/guards"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/steps"
)

// reviewChannel is the Channel of a task that shows a draft: it is no touch.
const reviewChannel = "review"

// askReview shows a draft to its reviewer, once. One that nobody could get, or
// that cannot be rendered, ends as it would at its sending.
func (w *walk) askReview(cmd steps.Command, spec *steps.Email) error {
	if known, err := w.tx.Task(taskID(w.e.ID, cmd.Path)); err == nil {
		w.reply(cmd.Path, steps.Answer{Outcome: "opened", Until: known.ExpiresAt})
		return nil
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read task at %s: %w", cmd.Path, err)
	}
	t := touch{cmd: cmd, channel: "email", email: spec}
	done, err := w.settled(&t)
	if err != nil || done {
		return err
	}
	var d guards.Decision
	if t.to, d, err = w.addressee(spec.To, t.channel, true); err != nil {
		return err
	}
	if d.Kind != guards.Go {
		return w.held(t, d)
	}
	m, err := w.compose(t)
	if err != nil {
		return w.failed(t, err)
	}
	who := w.who(spec.Review.By)
	until := spec.Review.Patience().Add(w.now.In(w.place.zone), w.place.days).UTC()
	k := store.Task{
		ID: taskID(w.e.ID, cmd.Path), Enrollment: w.e.ID, Path: cmd.Path, Step: cmd.Step.ID, Playbook: w.e.Playbook,
		Account: w.e.Account, Contact: t.to.contact, Owner: who.id(), Title: "Review: " + m.Subject, Brief: mrkdwn(m.Text),
		Channel: reviewChannel, OpenedAt: w.now, DueAt: until, ExpiresAt: until, Status: "open", OwnerReason: who.Reason,
	}
	line := w.line(cmd, "slack", k.Owner)
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/review", "review", "asked", who.Reason
	w.touched = true
	w.reply(cmd.Path, steps.Answer{Outcome: "opened", Until: until})
	if err := errors.Join(w.tx.PutTask(k), w.owe(k), w.a.watch(w.tx, k, nil), w.tx.AddLine(line)); err != nil {
		return fmt.Errorf("ask for a review: %w", err)
	}
	return nil
}

// edited is what the reviewer wrote in place of the draft.
func (w *walk) edited(t touch) (mail.Edit, error) {
	if t.email.Review == nil {
		return mail.Edit{}, nil
	}
	k, err := w.tx.Task(taskID(w.e.ID, t.cmd.Path))
	if errors.Is(err, store.ErrNotFound) {
		return mail.Edit{}, nil
	}
	if err != nil {
		return mail.Edit{}, fmt.Errorf("read review at %s: %w", t.cmd.Path, err)
	}
	var by struct {
		Subject string `json:"subject"`
		Body    string `json:"body"`
	}
	if k.Status != "done" || len(k.Answers) == 0 {
		return mail.Edit{}, nil
	}
	if err := json.Unmarshal(k.Answers, &by); err != nil {
		return mail.Edit{}, fmt.Errorf("read the edited draft: %w", err)
	}
	return mail.Edit{Subject: by.Subject, Body: by.Body}, nil
}
