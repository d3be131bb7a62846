// Package desk is what people of ours may know and do of their work, whatever
// they sit at: over the activities that decide, and the store.
package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/channels/slack"
	"holdfast/internal/calendar"
	"holdfast/internal/clock"
	"holdfast/internal/store"
)

// Desk is a slack.Desk. Set the fields; all are required. Safe for concurrent use.
type Desk struct {
	Store      store.Store
	Clock      clock.Clock
	Activities *activities.Activities
}

// Person of the team by Slack member id.
func (d *Desk) Person(slackID string) (slack.Person, bool) {
	p := d.Activities.Project()
	for _, one := range p.Team {
		if slackID != "" && one.Slack == slackID {
			return personOf(p, one), true
		}
	}
	return slack.Person{}, false
}

// Team are all of the project's people, in team.yaml's order.
func (d *Desk) Team() (all []slack.Person) {
	p := d.Activities.Project()
	for _, one := range p.Team {
		all = append(all, personOf(p, one))
	}
	return all
}

// personOf lives by their own clock, or by the project's.
func personOf(p activities.Project, one activities.Person) slack.Person {
	out := slack.Person{ID: one.ID, Name: one.Name, Slack: one.Slack, Zone: time.UTC}
	for _, name := range []string{one.Timezone, p.Timezone} {
		if zone, err := calendar.Zone(name); name != "" && err == nil {
			out.Zone = zone
			break
		}
	}
	return out
}

// Task as it is now.
func (d *Desk) Task(ctx context.Context, id string) (slack.Task, error) {
	w, err := d.Activities.Work(ctx, id)
	if err != nil {
		return slack.Task{}, err
	}
	t := slack.Task{Card: w.Card, Body: w.Body}
	for _, q := range w.Form {
		t.Form = append(t.Form, slack.Question{Name: q.Name, Type: string(q.Type), Choose: q.Choose, Long: q.Long, Required: q.Required})
	}
	if w.Card.Kind == holdfast.DraftCard {
		t.Form = nil // it has buttons of its own
	}
	return t, nil
}

// OpenTasks of a person, the first due first.
func (d *Desk) OpenTasks(ctx context.Context, person string) ([]holdfast.TaskCard, error) {
	return d.Activities.OpenWork(ctx, "", person)
}

// Account by id, with what runs for it and the tasks that are open.
func (d *Desk) Account(ctx context.Context, id string) (out slack.Account, err error) {
	err = d.Store.View(ctx, func(tx store.Tx) error {
		acct, err := tx.Account(id)
		if errors.Is(err, store.ErrNotFound) {
			return holdfast.Errorf(holdfast.NotFound, "there is no account %q", id)
		}
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		out = slack.Account{ID: id, Name: id}
		if name, _ := acct.Fields["name"].Value.(string); name != "" {
			out.Name = name
		}
		out.Owner, _ = acct.Fields["owner"].Value.(string)
		runs, err := tx.EnrollmentsOf(id, true)
		if err != nil {
			return fmt.Errorf("read enrollments: %w", err)
		}
		for _, e := range runs {
			out.Runs = append(out.Runs, slack.Run{Playbook: e.Playbook, Doing: e.Doing, Since: e.StartedAt, Next: e.Due})
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Tasks, err = d.Activities.OpenWork(ctx, id, "")
	return out, err
}

// Close ends a task; see activities.CloseTask.
func (d *Desk) Close(ctx context.Context, id, status, by string, answers map[string]any) error {
	return d.Activities.CloseTask(ctx, id, status, by, answers, d.Clock.Now())
}

// Snooze puts a task off; see activities.SnoozeTask.
func (d *Desk) Snooze(ctx context.Context, id, by string, until time.Time, reason string) error {
	return d.Activities.SnoozeTask(ctx, id, by, until, reason, d.Clock.Now())
}

// Reassign gives a task to another of the team; see activities.ReassignTask.
func (d *Desk) Reassign(ctx context.Context, id, to, by, reason string) error {
	return d.Activities.ReassignTask(ctx, id, to, by, reason, d.Clock.Now())
}

// Redraw asks for a task's cards to be shown as it is now.
func (d *Desk) Redraw(ctx context.Context, id string) error { return d.Activities.RedrawTask(ctx, id) }
