package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// Alarms gives whoever looks after the project a task when a trigger or a playbook
// was paused: the settings' fallback, or the first of the team. It is a source of
// the conductor's and the ticker's.
type Alarms struct{ a *Activities }

// Alarms of a's store.
func (a *Activities) Alarms() Alarms { return Alarms{a} }

// Next is when the next alarm is to be told.
func (s Alarms) Next(ctx context.Context) (next time.Time, ok bool, err error) {
	err = s.a.Store.View(ctx, func(tx store.Tx) error {
		next, ok, err = tx.NextDue(intake.AlarmKind)
		return err
	})
	return next, ok, err
}

// Fire tells the alarms that are due. The task is there from the first try on,
// whatever becomes of its card; a card is handed out at least once.
func (s Alarms) Fire(ctx context.Context, now time.Time) error {
	for {
		var due []store.Due
		err := s.a.Store.View(ctx, func(tx store.Tx) (err error) {
			due, err = tx.DueBefore(now, 1, intake.AlarmKind)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		if err := s.tell(ctx, due[0], now); err != nil {
			return fmt.Errorf("tell of %s: %w", due[0].Key, err)
		}
	}
}

func (s Alarms) tell(ctx context.Context, d store.Due, now time.Time) error {
	var card store.Touch
	err := s.a.Store.Update(ctx, func(tx store.Tx) (err error) {
		card, err = s.open(tx, d, now)
		return err
	})
	if err != nil {
		return err
	}
	retry, err := s.a.handCard(ctx, card)
	if err != nil {
		return err
	}
	return s.a.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		if retry.IsZero() {
			return tx.DropDue(d.Key)
		}
		d.At = retry
		return tx.PutDue(d)
	})
}

// open makes the task and claims its card, once. The card is of no playbook, so
// that a playbook's stop does not keep back the news of it; a stop of all does.
func (s Alarms) open(tx store.Tx, d store.Due, now time.Time) (store.Touch, error) {
	var alarm intake.Alarm
	if err := json.Unmarshal(d.Data, &alarm); err != nil {
		return store.Touch{}, fmt.Errorf("read its data: %w", err)
	}
	project := s.a.Project()
	who := project.fallback("alarm")
	path := alarm.Key + "/" + alarm.At.UTC().Format(time.RFC3339) + alertMark
	k, err := tx.Task(taskID("", path))
	if err == nil {
		return tx.Touch(holdfast.TouchID("", path, "slack", k.Owner))
	}
	if !errors.Is(err, store.ErrNotFound) {
		return store.Touch{}, err
	}
	zone, days := project.Place(nil)
	k = store.Task{
		ID: taskID("", path), Path: path, Playbook: alarm.Playbook, Account: d.Account, Owner: who.id(),
		Title: alarm.Title, Brief: mrkdwn(alarm.Brief), Channel: "slack", OpenedAt: now,
		DueAt: days.AddBusiness(now.In(zone), 1).UTC(), Status: "open", Background: true,
	}
	card := store.Touch{
		ID: holdfast.TouchID("", path, "slack", k.Owner), Account: d.Account, Path: path, Channel: "slack", Recipient: k.Owner,
		State: holdfast.Claimed, ClaimedAt: now,
	}
	line := store.Line{
		Key: path, At: now, Account: d.Account, Playbook: alarm.Playbook, Path: path, Kind: "task", Channel: "slack",
		To: k.Owner, Outcome: "opened", Reason: alarm.Title,
	}
	return card, errors.Join(tx.PutTask(k), tx.PutTouch(card), tx.AddLine(line))
}
