package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/steps"
)

// MigrateSignal is the kind of the row that asks an enrollment to go on in
// another version.
const MigrateSignal = "migrate"

// MoveOrder is the Data of a migrate row.
type MoveOrder struct {
	Digest     string `json:"digest"`                // the version to go on in
	Release    int64  `json:"release,omitempty"`     // the release that brought it
	CloseTasks bool   `json:"close_tasks,omitempty"` // what people have open at a step that is gone is closed
	Seq        int64  `json:"seq,omitempty"`         // of the row, once it is read
}

// migrateTo reads a migrate row; the last of several counts.
func (w *walk) migrateTo(s store.Signal) error {
	var o MoveOrder
	if err := json.Unmarshal(s.Data, &o); err != nil {
		return fmt.Errorf("decode migrate %d: %w", s.Seq, err)
	}
	o.Seq = s.Seq
	w.order = &o
	return nil
}

// mayMove reports whether an order is there and no touch is under way: an answer
// is taken by the version that asked for it.
func (w *walk) mayMove() (bool, error) {
	if w.order == nil || w.answer != nil || w.out != nil {
		return false, nil
	}
	touches, err := w.ledger()
	if err != nil {
		return false, err
	}
	for _, h := range touches {
		if h.State != holdfast.Sending {
			continue
		}
		switch _, err := w.tx.Task(taskID(h.Enrollment, h.Path)); {
		case errors.Is(err, store.ErrNotFound):
			return false, nil // a message; a task's card is no touch
		case err != nil:
			return false, fmt.Errorf("read task at %s: %w", h.Path, err)
		}
	}
	return true, nil
}

// migrate goes on in the version that the order names, or says why it cannot.
// over reports that the enrollment ended by it.
func (w *walk) migrate() (over bool, err error) {
	order := *w.order
	w.order = nil
	if order.Digest == w.e.Digest {
		return false, nil
	}
	to, err := w.a.Versions.version(w.tx, w.set, order.Digest)
	if err != nil {
		return false, w.notMoved(order, err.Error())
	}
	in := steps.Moving{Zone: w.place.zone, Days: w.place.days, CloseTasks: order.CloseTasks}
	for _, c := range w.closed {
		in.Closed = append(in.Closed, c.Path)
	}
	m := steps.Move(w.v.Program, to.Program, w.st, in)
	if m.Fate == steps.Blocked {
		return false, w.notMoved(order, strings.Join(m.Notes, "; "))
	}
	from := w.v
	w.e.Digest, w.v, w.st = order.Digest, to, m.State
	w.result.Again = false
	if err := w.letGo(m.Left); err != nil {
		return false, err
	}
	if err := w.recall(); err != nil {
		return false, err
	}
	if err := w.moved(order, from, m); err != nil {
		return false, err
	}
	exit, err := w.trueExit(from.Playbook)
	if err != nil {
		return false, err
	}
	if exit != nil {
		return true, w.leave(*exit)
	}
	if m.Fate == steps.Ends {
		w.st.At, w.st.Wait, w.st.Loops, w.st.Arms = "", nil, nil, nil
		return true, w.finish(steps.Command{Kind: steps.Finish, Outcome: steps.Completed})
	}
	for _, l := range m.Listen {
		if err := w.open(steps.Command{Path: l.Path, Events: l.Events, Since: l.Since}); err != nil {
			return false, err
		}
	}
	return false, nil
}

// letGo closes what is open at paths where nothing waits any more.
func (w *walk) letGo(paths []string) error {
	for _, path := range paths {
		if err := w.dropTask(path, "a new version of the playbook does without it"); err != nil {
			return err
		}
		if err := w.settle(path); err != nil {
			return err
		}
		if err := w.tx.DropListener(w.e.ID, path); err != nil {
			return err
		}
	}
	return nil
}

// recall tells the new version what the ledger and the tasks know of steps whose
// results the old one did not keep.
func (w *walk) recall() error {
	known := map[string]steps.Result{}
	touches, err := w.ledger()
	if err != nil {
		return err
	}
	for _, h := range touches {
		if h.DoneAt.IsZero() || h.State == holdfast.Claimed || h.State == holdfast.Released || strings.HasSuffix(h.Path, alertMark) {
			continue
		}
		outcome := string(h.State)
		if h.State == holdfast.Reconciled {
			outcome = string(holdfast.Sent)
		}
		known[h.Path] = steps.Result{At: h.DoneAt, Outcome: outcome}
	}
	tasks, err := w.tx.TasksOf(w.e.ID)
	if err != nil {
		return fmt.Errorf("read tasks: %w", err)
	}
	for _, t := range tasks {
		delete(known, t.Path) // a card that went is no result
		if t.Status == "open" || t.Status == "dropped" || isAlert(t) {
			continue
		}
		r := steps.Result{At: t.ClosedAt, From: t.OpenedAt, Outcome: t.Status}
		if json.Unmarshal(t.Answers, &r.Answers) != nil {
			r.Answers = nil
		}
		known[t.Path] = r
	}
	w.st = steps.Recall(w.v.Program, w.st, known)
	return nil
}

// trueExit is the exit that ends the enrollment at its move, or nil.
func (w *walk) trueExit(old *playbooks.Playbook) (*store.Signal, error) {
	x := w.v.TrueAtOnce(old, w.facts)
	if x == nil {
		return nil, nil
	}
	data, err := json.Marshal(map[string]string{"for": x.RestFor, "scope": x.Scope, "unless": x.Unless})
	if err != nil {
		return nil, err
	}
	return &store.Signal{Outcome: x.Outcome, Reason: "true when it moved: " + x.When.Source(), Data: data, At: w.now}, nil
}

// moved says so on the timeline.
func (w *walk) moved(order MoveOrder, from *version, m steps.Moved) error {
	reason := fmt.Sprintf("from version %s to %s", playbooks.Short(from.Digest), playbooks.Short(order.Digest))
	if m.To != "" {
		reason += " at step " + m.To
	}
	if len(m.Notes) > 0 {
		reason += ": " + strings.Join(m.Notes, "; ")
	}
	return w.moveLine(order, "moved", m.To, reason)
}

func (w *walk) notMoved(order MoveOrder, why string) error {
	return w.moveLine(order, "blocked", w.st.At, fmt.Sprintf("stays on version %s: %s", playbooks.Short(w.e.Digest), why))
}

func (w *walk) moveLine(order MoveOrder, outcome, step, reason string) error {
	return w.tx.AddLine(store.Line{
		Key: fmt.Sprintf("%s/move/%d", w.e.ID, order.Seq), At: w.now.UTC().Truncate(time.Microsecond), Account: w.e.Account,
		Playbook: w.e.Playbook, Enrollment: w.e.ID, Step: step, Kind: "move", Outcome: outcome, Reason: reason,
	})
}
