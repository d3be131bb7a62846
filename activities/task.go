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
	var who someone
	if d.Kind == guards.Go {
		if who, err = w.assignee(cmd.Step, spec); err != nil {
			return err
		}
		if d = w.office(w.recipient(who)); d.Kind == guards.At {
			t.to, t.channel = w.recipient(who), "slack"
		}
	}
	if d.Kind != guards.Go {
		return w.held(t, d)
	}
	return w.openTask(t, spec, who)
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

func (w *walk) openTask(t touch, spec *steps.Task, who someone) error {
	title, brief, trouble, err := w.reading(spec, t.to, t.cmd.Step.ID)
	if err != nil {
		return err
	}
	its := w.recipient(who)
	due, expires := spec.Times(w.now.In(w.place.zone), w.place.days, its.work, its.place.zone)
	k := store.Task{
		ID: taskID(w.e.ID, t.cmd.Path), Enrollment: w.e.ID, Path: t.cmd.Path, Step: t.cmd.Step.ID, Playbook: w.e.Playbook,
		Account: w.e.Account, Contact: t.to.contact, Owner: who.id(), Title: title, Brief: brief, Channel: spec.Channel,
		OpenedAt: w.now, DueAt: due.UTC(), ExpiresAt: expires.UTC(), Status: "open", Background: spec.Background, OwnerReason: who.Reason,
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
	if err := errors.Join(w.owe(k), w.a.watch(w.tx, k, w.chain(spec.Overdue))); err != nil {
		return err
	}
	line := w.line(t.cmd, spec.Channel, who.id())
	line.Key, line.Kind, line.Outcome = line.Key+"/opened", "task", "opened"
	line.Reason, line.Local = joinNonEmpty(who.Reason, k.Reason), w.now.In(its.place.zone).Format(time.RFC3339)
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
	about := store.Task{Enrollment: w.e.ID, Path: path, Step: w.st.At, Playbook: w.e.Playbook, Account: w.e.Account}
	_, err := w.a.notice(w.tx, about, who, title, brief, w.now)
	return err
}

// notice tells somebody of the task, or of the step, at about.Path, by a task of
// its own, once. fresh is false when it was there already; its card is owed.
func (a *Activities) notice(tx store.Tx, about store.Task, who someone, title, brief string, now time.Time) (fresh bool, err error) {
	path := about.Path + alertMark
	id := taskID(about.Enrollment, path)
	if _, err := tx.Task(id); err == nil || !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	p := a.Project()
	local := now.In(p.ours(who).zone)
	k := store.Task{
		ID: id, Enrollment: about.Enrollment, Path: path, Step: about.Step, Playbook: about.Playbook, Account: about.Account,
		Owner: who.id(), Title: title, Brief: mrkdwn(brief), Channel: "slack", OpenedAt: now,
		DueAt: p.work(who).Add(local, calendar.Span{Business: 1}).UTC(), Status: "open", Background: true, OwnerReason: who.Reason,
	}
	if err := tx.PutTask(k); err != nil {
		return false, fmt.Errorf("put task: %w", err)
	}
	line := store.Line{
		Key: k.Enrollment + "/" + path, At: now, Account: k.Account, Playbook: k.Playbook, Enrollment: k.Enrollment,
		Step: k.Step, Path: path, Kind: "task", Channel: "slack", To: k.Owner, Outcome: "opened",
		Reason: joinNonEmpty(title, who.Reason), Local: local.Format(time.RFC3339),
	}
	return true, errors.Join(owe(tx, k, now), a.foresee(tx, k), tx.AddLine(line))
}

// owe claims the card that shows task k to its owner; handOut delivers it.
func (w *walk) owe(k store.Task) error { return owe(w.tx, k, w.now) }

func owe(tx store.Tx, k store.Task, now time.Time) error {
	err := tx.PutTouch(store.Touch{
		ID:         cardID(k),
		Enrollment: k.Enrollment, Account: k.Account, Playbook: k.Playbook, Step: k.Step, Path: k.Path,
		Channel: "slack", Recipient: k.Owner, State: holdfast.Claimed, ClaimedAt: now,
	})
	if err != nil {
		return fmt.Errorf("claim card: %w", err)
	}
	return nil
}

// cardID is the touch of the card that its owner has of a task.
func cardID(k store.Task) string { return holdfast.TouchID(k.Enrollment, k.Path, "slack", k.Owner) }
