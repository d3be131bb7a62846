package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/mail"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// CloseTask ends a task as done or cannot, once, for by. An approval that is done
// is granted, and one that cannot be is denied; by must have the authority, or
// the error is unauthorized. Answers are JSON-shaped
// and checked against the task's form; at is when the person acted. The error is
// a *holdfast.Error: not_found, invalid (naming the answer), or conflict, which
// says who closed it and when.
func (a *Activities) CloseTask(ctx context.Context, id, status, by string, answers map[string]any, at time.Time) error {
	if status != "done" && status != "cannot" {
		return holdfast.Errorf(holdfast.Invalid, "a task is closed as done or cannot, not as %q", status)
	}
	err := a.Store.Update(ctx, func(tx store.Tx) error {
		k, err := openTask(tx, id)
		if err != nil {
			return err
		}
		what := "task." + status
		details := map[string]any{"step": k.Step, "playbook": k.Playbook, "enrollment": k.Enrollment}
		switch r, err := tx.Approval(k.ID); {
		case err == nil:
			what = map[string]string{"done": "approval.approve", "cannot": "approval.deny"}[status]
			details["asked_by"], details["amount"] = r.RequestedBy, r.Amount
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("read approval %s: %w", k.ID, err)
		}
		if err := store.Audited(ctx, tx, at.UTC(), by, what, k.ID, details); err != nil {
			return err
		}
		return a.closeTask(tx, k, status, by, maps.Clone(answers), at.UTC())
	})
	if err != nil {
		return err
	}
	a.Poke()
	return nil
}

func alreadyClosed(k store.Task) error {
	at := k.ClosedAt.UTC().Format("2 Jan 2006 15:04 MST")
	if k.ClosedBy == "" {
		return holdfast.Errorf(holdfast.Conflict, "the task is closed: %s on %s (%s)", k.Status, at, k.Reason)
	}
	return holdfast.Errorf(holdfast.Conflict, "the task is closed: %s by %s on %s", k.Status, k.ClosedBy, at)
}

func (a *Activities) closeTask(tx store.Tx, k store.Task, status, by string, answers map[string]any, at time.Time) error {
	if r, err := tx.Approval(k.ID); err == nil {
		return a.decide(tx, k, r, status, by, answers, at)
	} else if !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read approval %s: %w", k.ID, err)
	}
	if err := a.takeReason(tx, &k, status, answers); err != nil {
		return err
	}
	kept, err := a.answers(tx, k, status, answers)
	if err != nil {
		return err
	}
	why := ""
	if status == "cannot" {
		why = k.Reason
	}
	k.Status, k.ClosedBy, k.ClosedAt = status, by, at
	if k.Answers, err = json.Marshal(answers); err != nil {
		return holdfast.Errorf(holdfast.Invalid, "the answers are no JSON: %v", err)
	}
	if err := tx.PutTask(k); err != nil {
		return fmt.Errorf("put task: %w", err)
	}
	if err := errors.Join(closeTouch(tx, k, at), a.closed(tx, k, at)); err != nil {
		return err
	}
	err = tx.AddLine(store.Line{
		Key: k.ID + "/closed", At: at, Account: k.Account, Playbook: k.Playbook, Enrollment: k.Enrollment, Step: k.Step,
		Path: k.Path, Kind: "task", Channel: k.Channel, To: by, Outcome: status, Reason: why,
	})
	if err != nil || isAlert(k) {
		return err
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	err = tx.Signal(store.Signal{Enrollment: k.Enrollment, Kind: "task", Path: k.Path, Outcome: status, At: at, Data: data})
	if err != nil {
		return fmt.Errorf("signal enrollment %s: %w", k.Enrollment, err)
	}
	event := holdfast.EventTaskDone
	if status == "cannot" {
		event = holdfast.EventTaskCannot
	}
	return a.Emit(tx, holdfast.Message{
		ID: k.ID + "/" + status, Source: "system", Kind: holdfast.Track, Event: event, Account: k.Account, Contact: k.Contact, At: at,
		Props: map[string]any{
			"task": k.ID, "step": k.Step, "playbook": k.Playbook, "enrollment": k.Enrollment, "by": by, "answers": kept,
		},
	})
}

// reasonKey of answers is why a task cannot be done.
const reasonKey = "reason"

// takeReason keeps why a task cannot be done, and takes it out of the answers.
func (a *Activities) takeReason(tx store.Tx, k *store.Task, status string, answers map[string]any) error {
	reason, given := answers[reasonKey].(string)
	if status != "cannot" || !given {
		return nil
	}
	form, err := a.form(tx, *k)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(form, func(q steps.Question) bool { return q.Name == reasonKey }) {
		return nil
	}
	if utf8.RuneCountInString(reason) > longest {
		return holdfast.Errorf(holdfast.Invalid, "the reason is longer than %d characters", longest)
	}
	k.Reason = strings.TrimSpace(reason)
	delete(answers, reasonKey)
	return nil
}

// closeTouch settles what the task had claimed: human work that was done is a
// touch that went.
func closeTouch(tx store.Tx, k store.Task, at time.Time) error {
	all, err := tx.TouchesOf(k.Enrollment)
	if err != nil {
		return fmt.Errorf("read touches: %w", err)
	}
	for _, h := range all {
		if h.Path != k.Path || h.State != holdfast.Claimed {
			continue
		}
		h.State, h.Reason, h.DoneAt = holdfast.Skipped, k.Status, at
		if h.HumanWork && k.Status == "done" {
			h.State, h.Reason = holdfast.Sent, ""
		}
		if err := tx.PutTouch(h); err != nil {
			return err
		}
	}
	return nil
}

// answers checks what was answered against the form, and keeps what later steps
// may read: typed answers, no free text.
func (a *Activities) answers(tx store.Tx, k store.Task, status string, given map[string]any) (map[string]any, error) {
	form, err := a.form(tx, k)
	if err != nil {
		return nil, err
	}
	kept := map[string]any{}
	asked := map[string]bool{}
	for _, q := range form {
		asked[q.Name] = true
		v := given[q.Name]
		if v == nil || v == "" {
			if q.Required && status == "done" {
				return nil, holdfast.Errorf(holdfast.Invalid, "%q needs an answer", q.Name)
			}
			continue
		}
		typed, err := rules.Typed(q.Type, v)
		if err != nil {
			return nil, holdfast.Errorf(holdfast.Invalid, "%q: %v", q.Name, err)
		}
		if s, _ := typed.(string); len(q.Choose) > 0 && !slices.Contains(q.Choose, s) {
			return nil, holdfast.Errorf(holdfast.Invalid, "%q is one of %s", q.Name, joined(q.Choose))
		}
		if text, _ := v.(string); q.Long && k.Channel == reviewChannel && mail.HasLiquid(text) {
			return nil, holdfast.Errorf(holdfast.Invalid, "%q holds {{ or {%%: write the words that the customer is to read", q.Name)
		}
		if !q.Long {
			kept[q.Name] = rules.Untyped(typed)
		}
	}
	for name := range given {
		if !asked[name] {
			return nil, holdfast.Errorf(holdfast.Invalid, "the task does not ask for %q", name)
		}
	}
	return kept, nil
}

// form of the task's step, in the version that its enrollment runs.
func (a *Activities) form(tx store.Tx, k store.Task) ([]steps.Question, error) {
	if isAlert(k) {
		return nil, nil
	}
	e, err := tx.Enrollment(k.Enrollment)
	if err != nil {
		return nil, fmt.Errorf("read enrollment %s: %w", k.Enrollment, err)
	}
	v, err := a.Versions.version(tx, a.Rules(), e.Digest)
	if err != nil {
		return nil, err
	}
	step := steps.StepOf(v.Program, k.Path)
	if step == nil {
		return nil, nil
	}
	switch spec := step.Spec.(type) {
	case *steps.Task:
		return spec.Form, nil
	case *steps.Email:
		return steps.ReviewForm(), nil
	}
	return nil, nil
}
