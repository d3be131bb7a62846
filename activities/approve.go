package activities

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// askApproval asks the least senior person with enough authority, once. What lies
// within the requester's own authority is granted at once, and on record.
func (w *walk) askApproval(cmd steps.Command, kind string, spec *steps.Approval) error {
	id := taskID(w.e.ID, cmd.Path)
	known, err := w.tx.Task(id)
	if err == nil && known.Status == "open" {
		w.reply(cmd.Path, steps.Answer{Outcome: "opened", Until: known.ExpiresAt})
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read task at %s: %w", cmd.Path, err)
	}
	for _, path := range append([]string{cmd.Path}, steps.FormerPaths(w.v.Program, cmd.Path)...) {
		if known, err := w.tx.Approval(taskID(w.e.ID, path)); err == nil && known.Status != "open" {
			w.reply(cmd.Path, steps.Answer{Outcome: known.Status, Answers: answered(known)})
			return nil
		}
	}
	requester := w.named("owner")
	role, err := w.authority(spec.By, cmd.Values)
	if err != nil {
		return err
	}
	if role == "" {
		return w.refuse(cmd, "no rule says who may approve it")
	}
	data, err := w.data(recipient{place: w.place})
	if err != nil {
		return err
	}
	trouble := ""
	title, err := w.v.mail.Plain(spec.Title, data)
	if err != nil {
		title, trouble = cmd.Step.ID+" for "+w.accountName(), err.Error()
	}
	r := store.Approval{
		ID: id, Enrollment: w.e.ID, Path: cmd.Path, Step: cmd.Step.ID, Playbook: w.e.Playbook, Account: w.e.Account, Kind: kind,
		Title: title, Amount: amountWords(cmd.Values["amount"], w.project.Currency), RequestedBy: requester.id(), Role: role,
		AskedAt: w.now, Status: "open", Note: trouble,
	}
	r.InExchange, _ = cmd.Values["in_exchange"].(string)
	if strings.EqualFold(requester.Role, role) && requester.Channel == "" {
		return w.grantOwn(cmd, r)
	}
	approver := w.approver(role, requester)
	if approver.id() == requester.id() {
		return w.refuse(cmd, "nobody but the requester could say yes as "+role)
	}
	r.Approver = approver.id()
	return w.openApproval(cmd, spec, r, approver)
}

func (w *walk) openApproval(cmd steps.Command, spec *steps.Approval, r store.Approval, who someone) error {
	its := w.recipient(who)
	due, expires := spec.Times(w.now.In(w.place.zone), w.place.days, its.work, its.place.zone)
	brief, err := w.approvalBrief(spec, r)
	if err != nil {
		return err
	}
	k := store.Task{
		ID: r.ID, Enrollment: r.Enrollment, Path: r.Path, Step: r.Step, Playbook: r.Playbook, Account: r.Account, Owner: r.Approver,
		Title: "Approve: " + r.Title, Brief: brief, Channel: "slack", OpenedAt: w.now, DueAt: due.UTC(), ExpiresAt: expires.UTC(), Status: "open", OwnerReason: who.Reason,
	}
	if err := errors.Join(w.tx.PutTask(k), w.tx.PutApproval(r), w.owe(k), w.a.watch(w.tx, k, []level{{To: nextInLine}})); err != nil {
		return fmt.Errorf("ask for approval: %w", err)
	}
	line := w.line(cmd, "slack", r.Approver)
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/asked", "approval", "asked", joinNonEmpty(joinNonEmpty(r.Amount, "as "+r.Role), who.Reason)
	w.touched = true
	w.reply(cmd.Path, steps.Answer{Outcome: "opened", Until: k.ExpiresAt})
	return w.tx.AddLine(line)
}

// approvalFacts are what a request is about, a line each, as mrkdwn.
func approvalFacts(r store.Approval) string {
	var facts strings.Builder
	for _, f := range [][2]string{{"Amount", r.Amount}, {"In exchange", r.InExchange}, {"Asked by", r.RequestedBy}} {
		if f[1] != "" {
			facts.WriteString(f[0] + ": " + mrkdwn(f[1]) + "\n")
		}
	}
	return facts.String()
}

// approvalBrief is what the approver reads: the request's own facts first.
func (w *walk) approvalBrief(spec *steps.Approval, r store.Approval) (string, error) {
	facts := approvalFacts(r)
	if spec.Brief == "" {
		return strings.TrimSpace(facts), nil
	}
	data, err := w.data(recipient{place: w.place})
	if err != nil {
		return "", err
	}
	text, err := w.v.mail.Brief(spec.Brief, w.project.Locale, data)
	if err != nil {
		text = "" // the request must not be lost over a missing name
	}
	return strings.TrimSpace(facts + text), nil
}

// grantOwn is a yes that the requester may give by themself.
func (w *walk) grantOwn(cmd steps.Command, r store.Approval) error {
	r.Approver, r.Status, r.DecidedBy, r.DecidedAt, r.Note = r.RequestedBy, "approved", r.RequestedBy, w.now, "within their own authority"
	if spec, ok := cmd.Step.Spec.(*steps.Offer); ok {
		r.SunsetAt = sunset(spec, w.now.In(w.place.zone), w.place)
	}
	line := w.line(cmd, "", r.DecidedBy)
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/approved", "approval", "approved", joinNonEmpty(r.Amount, r.Note)
	w.reply(cmd.Path, steps.Answer{Outcome: "approved", Answers: answered(r)})
	return errors.Join(w.tx.PutApproval(r), planSunset(w.tx, r), w.tx.AddLine(line))
}

// refuse ends a request that nobody could grant; the owner hears of it.
func (w *walk) refuse(cmd steps.Command, why string) error {
	line := w.line(cmd, "", "")
	line.Key, line.Kind, line.Outcome, line.Reason = line.Key+"/refused", "approval", "refused", why
	w.reply(cmd.Path, steps.Answer{Outcome: "refused", Reason: why})
	return errors.Join(w.tx.AddLine(line), w.alert(cmd.Path, w.v.Title+" could not ask for approval at "+w.accountName(), why))
}

// authority is the role that may say yes, "" when a table has no row for it.
func (w *walk) authority(by steps.Authority, values map[string]any) (string, error) {
	if by.Decision == "" {
		return by.Ref, nil
	}
	given := rules.Record{}
	for _, in := range w.v.Rules.DecisionInputs(by.Decision) {
		if v, err := rules.Typed(in.Type, rules.Untyped(values["amount"])); err == nil && v != nil {
			given[in.Name] = v
		}
	}
	d, err := w.v.Rules.Decide(by.Decision, given, w.facts)
	if err != nil {
		return "", fmt.Errorf("ask decision %s: %w", by.Decision, err)
	}
	role, _ := d.Outputs["approver"].(string)
	return role, nil
}

// decide answers a request, once, for somebody with the authority (the amount
// stays as it was asked).
func (a *Activities) decide(tx store.Tx, k store.Task, r store.Approval, status, by string, answers map[string]any, at time.Time) error {
	who, ok := a.Project().person(by)
	if !ok {
		return holdfast.Errorf(holdfast.Unauthorized, "%q is nobody of the team", by)
	}
	if err := a.Project().mayDecide(who, r); err != nil {
		return err
	}
	r.Status, r.DecidedBy, r.DecidedAt = "denied", who.ID, at
	event := holdfast.EventDenied
	if status == "done" {
		r.Status, event = "approved", holdfast.EventApproved
	}
	note, _ := answers["note"].(string)
	if why, ok := answers[reasonKey].(string); ok && note == "" {
		note = why
	}
	if utf8.RuneCountInString(note) > longest {
		return holdfast.Errorf(holdfast.Invalid, "the note is longer than %d characters", longest)
	}
	if note = strings.TrimSpace(note); note != "" {
		r.Note = note
	}
	if err := a.endOffer(tx, k, &r, at); err != nil {
		return err
	}
	k.Status, k.ClosedBy, k.ClosedAt = status, who.ID, at
	data, err := json.Marshal(answered(r))
	if err != nil {
		return err
	}
	line := store.Line{
		Key: k.ID + "/closed", At: at, Account: k.Account, Playbook: k.Playbook, Enrollment: k.Enrollment, Step: k.Step,
		Path: k.Path, Kind: "approval", Channel: k.Channel, To: who.ID, Outcome: r.Status, Reason: r.Amount,
	}
	err = errors.Join(tx.PutTask(k), tx.PutApproval(r), closeTouch(tx, k, at), a.closed(tx, k, at), tx.AddLine(line),
		tx.Signal(store.Signal{Enrollment: k.Enrollment, Kind: "task", Path: k.Path, Outcome: r.Status, At: at, Data: data}))
	if err != nil {
		return fmt.Errorf("record the answer: %w", err)
	}
	return a.Emit(tx, holdfast.Message{
		ID: k.ID + "/" + r.Status, Source: "system", Kind: holdfast.Track, Event: event, Account: k.Account, At: at,
		Props: map[string]any{"task": k.ID, "step": k.Step, "playbook": k.Playbook, "enrollment": k.Enrollment, "by": who.ID, "kind": r.Kind, "amount": r.Amount},
	})
}

// answered is what later steps may read of a request.
func answered(r store.Approval) map[string]any {
	out := map[string]any{"by": r.DecidedBy}
	if r.Amount != "" {
		out["amount"] = r.Amount
	}
	return out
}

// unapproved closes the request of a task that was dropped or expired.
func (w *walk) unapproved(id, status string) error {
	r, err := w.tx.Approval(id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && r.Status != "open") {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read approval %s: %w", id, err)
	}
	r.Status, r.DecidedAt = status, w.now
	return w.tx.PutApproval(r)
}

// amountWords is an amount as people read it.
func amountWords(v any, currency string) string {
	switch v := v.(type) {
	case nil:
		return ""
	case holdfast.Money:
		return fmt.Sprintf("%v %s", rules.Untyped(v), currency)
	case float64:
		return fmt.Sprintf("%v %%", rules.Untyped(v))
	}
	return fmt.Sprint(rules.Untyped(v))
}
