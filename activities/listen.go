package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
)

// listen reads the signals that came since the state last did. An exit comes
// before all else.
func (w *walk) listen() error {
	signals, err := w.tx.Signals(w.e.ID, w.st.Seen)
	if err != nil {
		return fmt.Errorf("read signals: %w", err)
	}
	for _, s := range signals {
		w.st.Seen = s.Seq
		switch s.Kind {
		case "exit":
			if w.exit == nil {
				w.exit = &s
			}
		case "heard":
			w.heard = append(w.heard, steps.Heard{Path: s.Path, Event: s.Reason, At: s.At})
		case "task", "child":
			w.closed = append(w.closed, taskClosed(s))
		case "retry":
			w.hurry()
		case MigrateSignal:
			if err := w.migrateTo(s); err != nil {
				return err
			}
		}
	}
	return nil
}

func taskClosed(s store.Signal) steps.TaskClosed {
	c := steps.TaskClosed{Path: s.Path, Status: s.Outcome, At: s.At}
	if json.Unmarshal(s.Data, &c.Answers) != nil {
		c.Answers = nil
	}
	return c
}

// hurry ends the wait of a touch that is to be tried again.
func (w *walk) hurry() { w.st = steps.Hurry(w.st) }

// listeners are the paths at which st waits for events.
func listeners(st steps.State) map[string]bool {
	paths := map[string]bool{}
	for _, wait := range steps.Waits(st) {
		if wait.Kind == "event" {
			paths[wait.Path] = true
		}
	}
	return paths
}

// open begins to listen, and looks back in the same transaction, so that an
// event is found by one or the other. The event that started the enrollment is
// not what it waits for.
func (w *walk) open(cmd steps.Command) error {
	past, err := w.tx.Events(w.e.Account, cmd.Events, cmd.Since, w.now.Add(time.Microsecond), 2)
	if err != nil {
		return fmt.Errorf("look back for %v: %w", cmd.Events, err)
	}
	for _, ev := range past {
		if ev.Seq != w.e.Event {
			w.heard = append(w.heard, steps.Heard{Path: cmd.Path, Event: ev.Event, At: ev.At})
			return nil
		}
	}
	w.listening[cmd.Path] = true
	return w.tx.PutListener(store.Listener{
		Enrollment: w.e.ID, Path: cmd.Path, Account: w.e.Account, Events: cmd.Events, OpenedAt: w.now,
	})
}

// stopListening drops the listeners of waits that are over.
func (w *walk) stopListening() error {
	still := listeners(w.st)
	for _, path := range slices.Sorted(maps.Keys(w.listening)) {
		if still[path] {
			continue
		}
		if err := w.tx.DropListener(w.e.ID, path); err != nil {
			return err
		}
	}
	return nil
}

// tell writes what the interpreter decided by itself to the timeline, and does
// what follows from it.
func (w *walk) tell(lines []steps.Happened) error {
	for _, h := range lines {
		key := []string{w.e.ID, h.Path, h.Kind, h.Outcome}
		if !h.Until.IsZero() {
			key = append(key, strconv.FormatInt(h.Until.Unix(), 10))
		}
		for _, l := range w.st.Loops {
			key = append(key, strconv.Itoa(l.Pass))
		}
		err := w.tx.AddLine(store.Line{
			Key: strings.Join(key, "/"), At: w.now, Account: w.e.Account, Playbook: w.e.Playbook, Enrollment: w.e.ID,
			Step: h.Step, Path: h.Path, Kind: h.Kind, Outcome: h.Outcome, Reason: h.Reason, Local: w.local(h.Until),
		})
		if err != nil {
			return err
		}
		switch {
		case h.Kind == "task" && h.Outcome == "expired":
			err = w.expire(h.Path)
		case h.Kind == "overdue":
			err = w.overdueAt(h.Path)
		case h.Kind == "skip":
			err = w.settle(h.Path)
		case h.Kind == "drop":
			err = errors.Join(w.dropTask(h.Path, h.Reason), w.settle(h.Path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// local is t by the account's clock; "" for none.
func (w *walk) local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(w.place.zone).Format(time.RFC3339)
}

// emit keeps a message of our own for the end of the transaction.
func (w *walk) emit(id, event string, props map[string]any) {
	props["playbook"], props["enrollment"] = w.e.Playbook, w.e.ID
	w.events = append(w.events, holdfast.Message{
		ID: id, Source: "system", Kind: holdfast.Track, Event: event,
		Account: w.e.Account, Contact: w.e.Contact, At: w.now, Props: props,
	})
}
