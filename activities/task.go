package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/steps"
)

// alertMark ends the path of a task that tells of a failure. No step has it.
const alertMark = "!"

// taskID is the id of the one task that a step path has.
func taskID(enrollment, path string) string {
	return holdfast.TouchID(enrollment, path, "task", "")
}

// task opens human work once, after the guards that bind it: the window and the
// days to avoid are the human's own business.
func (w *walk) task(cmd steps.Command, spec *steps.Task) error {
	for _, path := range append([]string{cmd.Path}, steps.FormerPaths(w.v.Program, cmd.Path)...) {
		known, err := w.tx.Task(taskID(w.e.ID, path))
		if err == nil {
			w.known(cmd.Path, known)
			return nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("read task at %s: %w", path, err)
		}
	}
	t := touch{cmd: cmd, channel: spec.Channel}
	rails := w.v.Rails
	rails.Window, rails.Avoid, rails.CatchUp = calendar.Window{}, nil, ""
	to, d, err := w.reached(spec.Channel)
	t.to = to
	if err == nil && (d.Kind == guards.Go || !spec.HumanTouch()) {
		d, err = w.ask(t.to, guards.Ask{Channel: spec.Channel, Internal: !spec.HumanTouch(), Human: true, Rails: rails})
	}
	if err != nil {
		return err
	}
	if d.Kind == guards.Go {
		who := w.ours(spec.Assign)
		if d = w.office(who); d.Kind == guards.At {
			t.to, t.channel = who, "slack"
		}
	}
	if d.Kind != guards.Go {
		return w.held(t, d)
	}
	return w.openTask(t, spec)
}

// known answers for a task that is there already. One that was closed before its
// step came again, in another version, is not asked for twice.
func (w *walk) known(path string, k store.Task) {
	w.reply(path, steps.Answer{Outcome: "opened", Until: k.ExpiresAt})
	if k.Status == "open" || k.Background {
		return
	}
	c := steps.TaskClosed{Path: path, Status: k.Status, At: k.ClosedAt}
	if json.Unmarshal(k.Answers, &c.Answers) != nil {
		c.Answers = nil
	}
	w.closed = append(w.closed, c)
}

// reached is who human work is about: the trigger's contact, the champion, or
// whoever is known and may be spoken to. Nobody is fine: people find people.
func (w *walk) reached(channel string) (recipient, guards.Decision, error) {
	refs := []string{"contact", "contacts.champion", "contacts.decision_maker", "contacts.executive", "contacts.owner"}
	r, d, err := w.addressee(refs, channel, false)
	if d.Reason == noRecipient {
		return recipient{id: w.e.Account, place: w.place}, guards.Decision{}, err
	}
	return r, d, err
}

func (w *walk) openTask(t touch, spec *steps.Task) error {
	who := w.who(spec.Assign)
	title, brief, trouble, err := w.reading(spec, t.to, t.cmd.Step.ID)
	if err != nil {
		return err
	}
	due, expires := spec.Times(w.now.In(w.place.zone), w.place.days)
	k := store.Task{
		ID: taskID(w.e.ID, t.cmd.Path), Enrollment: w.e.ID, Path: t.cmd.Path, Step: t.cmd.Step.ID, Playbook: w.e.Playbook,
		Account: w.e.Account, Contact: t.to.contact, Owner: who.id(), Title: title, Brief: brief, Channel: spec.Channel,
		OpenedAt: w.now, DueAt: due.UTC(), ExpiresAt: expires.UTC(), Status: "open", Background: spec.Background,
	}
	if trouble != "" {
		k.Reason = "missing_variable: " + trouble
	}
	if err := w.tx.PutTask(k); err != nil {
		return fmt.Errorf("put task: %w", err)
	}
	if spec.HumanTouch() {
		row := w.row(t)
		row.State, row.HumanWork = holdfast.Claimed, true
		if err := w.tx.PutTouch(row); err != nil {
			return fmt.Errorf("claim touch: %w", err)
		}
	}
	if err := w.owe(k); err != nil {
		return err
	}
	line := w.line(t.cmd, spec.Channel, who.id())
	line.Key, line.Kind, line.Outcome = line.Key+"/opened", "task", "opened"
	line.Reason, line.Local = joinNonEmpty(who.Reason, k.Reason), w.now.In(w.ours(spec.Assign).place.zone).Format(time.RFC3339)
	w.touched = true
	w.reply(t.cmd.Path, steps.Answer{Outcome: "opened", Until: k.ExpiresAt})
	return w.tx.AddLine(line)
}

// alert gives the owner a task about a touch that needs eyes, once a path. Title
// and brief are plain text.
func (w *walk) alert(path, title, brief string) error {
	return w.tellOf(path, w.who("owner"), title, brief)
}

// tellOf gives somebody a task about a path, once. Nothing waits for it.
func (w *walk) tellOf(path string, who someone, title, brief string) error {
	if w.v.Shadow {
		return nil // its line says it; a shadow makes no work
	}
	path += alertMark
	id := taskID(w.e.ID, path)
	if _, err := w.tx.Task(id); err == nil || !errors.Is(err, store.ErrNotFound) {
		return err
	}
	k := store.Task{
		ID: id, Enrollment: w.e.ID, Path: path, Step: w.st.At, Playbook: w.e.Playbook, Account: w.e.Account,
		Owner: who.id(), Title: title, Brief: mrkdwn(brief), Channel: "slack", OpenedAt: w.now,
		DueAt: w.place.days.AddBusiness(w.now.In(w.place.zone), 1).UTC(), Status: "open", Background: true,
	}
	if err := w.tx.PutTask(k); err != nil {
		return fmt.Errorf("put task: %w", err)
	}
	line := store.Line{
		Key: w.e.ID + "/" + path, At: w.now, Account: w.e.Account, Playbook: w.e.Playbook, Enrollment: w.e.ID,
		Step: w.st.At, Path: path, Kind: "task", Channel: "slack", To: k.Owner, Outcome: "opened", Reason: title, Local: w.local(w.now),
	}
	return errors.Join(w.owe(k), w.tx.AddLine(line))
}

// owe claims the card that shows task k to its owner; handOut delivers it.
func (w *walk) owe(k store.Task) error {
	err := w.tx.PutTouch(store.Touch{
		ID:         holdfast.TouchID(w.e.ID, k.Path, "slack", k.Owner),
		Enrollment: w.e.ID, Account: w.e.Account, Playbook: w.e.Playbook, Step: k.Step, Path: k.Path,
		Channel: "slack", Recipient: k.Owner, State: holdfast.Claimed, ClaimedAt: w.now,
	})
	if err != nil {
		return fmt.Errorf("claim card: %w", err)
	}
	return nil
}
