package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/steps"
)

// leave ends the enrollment by an exit row.
func (w *walk) leave(s store.Signal) error {
	var rest struct {
		For    string `json:"for"`
		Scope  string `json:"scope"`
		Unless string `json:"unless"`
	}
	if len(s.Data) > 0 {
		if err := json.Unmarshal(s.Data, &rest); err != nil {
			return fmt.Errorf("decode exit %d: %w", s.Seq, err)
		}
	}
	step := w.st.At
	w.st.At, w.st.Wait, w.st.Loops, w.st.Arms = "", nil, nil, nil
	w.st.Over, w.st.Outcome = true, s.Outcome
	return w.end(resting{rest.For, rest.Scope, rest.Unless}, store.Line{Kind: "exit", Step: step, Reason: s.Reason})
}

// finish ends the enrollment by its own steps.
func (w *walk) finish(cmd steps.Command) error {
	return w.end(resting{cmd.RestFor, cmd.Scope, cmd.Unless}, store.Line{Kind: "outcome"})
}

// resting is what an end asks for: how long, who, and what lifts it.
type resting struct{ span, scope, unless string }

// end closes what the enrollment leaves open: its row, tasks, claims, listener,
// lane and holds; and begins the rest that follows.
func (w *walk) end(after resting, line store.Line) error {
	w.e.Status, w.e.Outcome, w.e.EndedAt = "ended", w.st.Outcome, w.now
	words, err := w.rest(after)
	if err != nil {
		return err
	}
	line.Reason = joinNonEmpty(line.Reason, words)
	if err := w.dropTasks(line.Kind == "exit"); err != nil {
		return err
	}
	if err := errors.Join(w.settle(""), w.leavePlace("")); err != nil {
		return err
	}
	line.Key, line.At = w.e.ID+"/end", w.now
	line.Account, line.Playbook, line.Enrollment, line.Outcome = w.e.Account, w.e.Playbook, w.e.ID, w.st.Outcome
	if err := w.tx.AddLine(line); err != nil {
		return err
	}
	if err := errors.Join(w.tellParent(), w.let()); err != nil {
		return err
	}
	w.emit(w.e.ID+"/ended", holdfast.EventEnrollmentEnded, map[string]any{"outcome": w.st.Outcome})
	return nil
}

// rest begins the quiet time after an end, and says so in words. A shadow binds
// nobody.
func (w *walk) rest(after resting) (string, error) {
	if after.span == "" || w.v.Shadow {
		return "", nil
	}
	r := store.Rest{
		Account: w.e.Account, Scope: scopeOf(w.v, after.scope), Reason: w.st.Outcome, Unless: after.unless, Enrollment: w.e.ID,
	}
	words := "rests for ever"
	if after.scope == "account" {
		words = "the account rests for ever"
	}
	if after.span != "forever" {
		s, err := calendar.ParseSpan(after.span)
		if err != nil {
			return "", fmt.Errorf("rest after outcome %s: %w", w.st.Outcome, err)
		}
		until := s.Add(w.now.In(w.place.zone), w.place.days)
		r.Until = until.UTC()
		words = strings.TrimSuffix(words, "for ever") + "until " + until.Format("2 Jan 2006")
	}
	if after.unless != "" {
		words += " unless " + after.unless
	}
	return words, w.tx.PutRest(r)
}

// scopeOf is what a rest binds: the playbook's lane unless it says otherwise, or
// the playbook where it has none.
func scopeOf(v *version, scope string) string {
	switch {
	case scope == "account":
		return "account"
	case v.Lane != "" && scope != "playbook":
		return "lane:" + v.Lane
	}
	return "playbook:" + v.Name
}

// dropTasks closes the tasks that nobody needs to do any more. What tells the
// owner of a failure stays, and so does work in the background of a sequence
// that came to its own end.
func (w *walk) dropTasks(exit bool) error {
	tasks, err := w.tx.TasksOf(w.e.ID)
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	for _, t := range tasks {
		if t.Status != "open" || isAlert(t) || (t.Background && !exit) {
			continue
		}
		if err := w.shut(t, "dropped", "the enrollment ended as "+w.st.Outcome); err != nil {
			return err
		}
	}
	return nil
}

// expire closes the task at path, which nobody did in time.
func (w *walk) expire(path string) error {
	t, err := w.tx.Task(taskID(w.e.ID, path))
	if errors.Is(err, store.ErrNotFound) || (err == nil && t.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task at %s: %w", path, err)
	}
	w.emit(t.ID+"/expired", holdfast.EventTaskExpired, map[string]any{"task": t.ID, "step": t.Step})
	return w.shut(t, "expired", "nobody did it in time")
}

// dropTask closes the task at path, which nobody needs any more.
func (w *walk) dropTask(path, why string) error {
	t, err := w.tx.Task(taskID(w.e.ID, path))
	if errors.Is(err, store.ErrNotFound) || (err == nil && t.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read task at %s: %w", path, err)
	}
	return w.shut(t, "dropped", why)
}

// shut closes a task that was not done, and gives back what it had claimed.
func (w *walk) shut(t store.Task, status, reason string) error {
	t.Status, t.ClosedAt, t.Reason = status, w.now, reason
	if err := w.tx.PutTask(t); err != nil {
		return fmt.Errorf("put task: %w", err)
	}
	if err := errors.Join(w.unapproved(t.ID, status), w.a.closed(w.tx, t, w.now)); err != nil {
		return err
	}
	touches, err := w.ledger()
	if err != nil {
		return err
	}
	for _, h := range touches {
		if h.Path != t.Path || h.State != holdfast.Claimed {
			continue
		}
		h.State, h.Reason, h.DoneAt = holdfast.Skipped, status, w.now
		if err := w.tx.PutTouch(h); err != nil {
			return err
		}
	}
	return nil
}

// settle gives messages that the sequence has left behind their last state, at
// one path or at all: a refused one is skipped, one that was being sent when the
// process died is unknown. Cards are handed out still.
func (w *walk) settle(path string) error {
	touches, err := w.ledger()
	if err != nil {
		return err
	}
	for _, h := range touches {
		if path != "" && h.Path != path {
			continue
		}
		if w.aside && h.State == holdfast.Sending {
			continue
		}
		if h.State == holdfast.Released || h.State == holdfast.Sending {
			if done, err := w.told(&h); err != nil {
				return err
			} else if done {
				continue
			}
		}
		switch h.State {
		case holdfast.Released:
			h.State, h.Reason, h.DoneAt = holdfast.Skipped, "too_late", w.now
			err = w.tx.PutTouch(h)
		case holdfast.Sending:
			_, missing := w.tx.Task(taskID(w.e.ID, h.Path))
			if h.Channel != "slack" || missing != nil { // a card is handed out still
				err = w.markUnknown(h, "process_died")
				if w.a.finder(h.Channel) != nil {
					w.sought = append(w.sought, h)
				}
			}
		case holdfast.Claimed, holdfast.Unknown, holdfast.Sent, holdfast.Reconciled, holdfast.Unconfirmed, holdfast.Failed, holdfast.Skipped:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ledger is every touch of the enrollment, by claim.
func (w *walk) ledger() ([]store.Touch, error) {
	all, err := w.tx.TouchesOf(w.e.ID)
	if err != nil {
		return nil, fmt.Errorf("read touches: %w", err)
	}
	return all, nil
}

// isAlert reports whether t tells of a failure: nothing waits for it.
func isAlert(t store.Task) bool { return strings.HasSuffix(t.Path, alertMark) }
