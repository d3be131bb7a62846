package activities

import (
	"fmt"
	"strings"

	"holdfast/internal/intake"
	"holdfast/internal/store"
	"holdfast/steps"
)

// child starts another playbook, once a step path.
func (w *walk) child(cmd steps.Command, spec *steps.Run) error {
	got, err := w.a.Start(w.tx, intake.Run{
		Playbook: spec.Playbook, Account: w.e.Account, Contact: w.e.Contact,
		Occurrence: w.e.ID + "/" + cmd.Path, Parent: w.e.Playbook,
	})
	if err != nil {
		return fmt.Errorf("start playbook %s: %w", spec.Playbook, err)
	}
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/run", intake.RunTrigger, "opened", spec.Playbook
	a := steps.Answer{Outcome: "opened"}
	switch {
	case got.Refused != "":
		line.Outcome, line.Reason = "refused", spec.Playbook+": "+got.Refused
		a = steps.Answer{Outcome: "refused", Reason: got.Refused}
	case got.Outcome != "" && spec.Wait:
		a = steps.Answer{Outcome: "done", Answers: map[string]any{"ended": got.Outcome}}
	}
	w.reply(cmd.Path, a)
	return w.tx.AddLine(line)
}

// tellParent wakes the enrollment that started this one.
func (w *walk) tellParent() error {
	if w.e.Trigger != intake.RunTrigger {
		return nil
	}
	parent, path, ok := strings.Cut(w.e.Occurrence, "/")
	if !ok {
		return nil
	}
	return w.tx.Signal(store.Signal{Enrollment: parent, Kind: "child", Path: path, Outcome: w.st.Outcome, At: w.now})
}
