package activities

import (
	"context"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/steps"
)

// Asked is a task, and what its form asks for when it is done. The error is a
// *holdfast.Error where there is no such task.
func (a *Activities) Asked(ctx context.Context, id string) (k store.Task, form []steps.Question, err error) {
	err = a.Store.View(ctx, func(tx store.Tx) error {
		if k, err = tx.Task(id); err != nil {
			return holdfast.Errorf(holdfast.NotFound, "there is no task %q", id)
		}
		if _, err = tx.Approval(id); err == nil {
			return nil // it asks for a yes
		}
		form, err = a.form(tx, k)
		return err
	})
	return k, form, err
}

// Until reads when a task is put off to, as a person of the team writes it: a day
// ("2026-06-01", which begins with their working hours), a day and a time
// ("2026-06-01 14:00"), or a length of their working time from at ("2bd", "3d",
// "4h"). The error is a *holdfast.Error that says how to write it.
func (a *Activities) Until(person, text string, at time.Time) (time.Time, error) {
	p := a.Project()
	who := p.known(person)
	zone, work := p.ours(who).zone, p.work(who)
	text = strings.TrimSpace(text)
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return work.Next(day), nil
	}
	if t, err := time.ParseInLocation("2006-01-02 15:04", text, zone); err == nil {
		return t, nil
	}
	span, err := calendar.ParseSpan(text)
	if err != nil {
		e := holdfast.Errorf(holdfast.Invalid, "%q is no time to put a task off to", text)
		e.Hint = "write a day such as 2026-06-01, or a length of time such as 3d, 2bd or 4h"
		return time.Time{}, e
	}
	return work.Add(at.In(zone), span), nil
}

// Load is what one of the team has to do.
type Load struct {
	Person          string // id, or a #channel
	Open, Overdue   int
	DueThisWeek     int    // not overdue yet
	Opened          int    // this week
	Capacity, Limit int    // tasks in a week, and open at once; 0 is not said
	Away            string // why they are not there, or ""
}

// Loads is the work of the team and of whoever else has some, by id of those of
// the team as team.yaml has them, then the others by name. Weeks begin on Monday
// by each one's clock.
func (a *Activities) Loads(ctx context.Context) (all []Load, err error) {
	now, p := a.Clock.Now(), a.Project()
	err = a.Store.View(ctx, func(tx store.Tx) error {
		all = nil
		open, err := tx.Tasks("", "", "open", 0)
		if err != nil {
			return err
		}
		at := map[string]int{}
		add := func(id string) error {
			who := p.known(id)
			_, n, err := p.full(tx, who, now)
			why, _ := p.gone(who.Person, now)
			at[id] = len(all)
			all = append(all, Load{Person: id, Opened: n.Opened, Capacity: who.Capacity.Tasks, Limit: who.Capacity.Open, Away: why})
			return err
		}
		for _, one := range p.Team {
			if err := add(one.ID); err != nil {
				return err
			}
		}
		for _, k := range open {
			if _, known := at[k.Owner]; !known {
				if err := add(k.Owner); err != nil {
					return err
				}
			}
			l := &all[at[k.Owner]]
			l.Open++
			switch week := p.week(p.known(k.Owner), now); {
			case k.Due().Before(now):
				l.Overdue++
			case k.Due().Before(calendar.AddDays(week, 7)):
				l.DueThisWeek++
			}
		}
		return nil
	})
	return all, err
}
