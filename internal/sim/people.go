package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
	"holdfast/steps"
)

// People says what our own people do with their tasks in a simulation.
type People string

// Done: tasks are done when they are due, and a required question is answered
// with its first choice. Idle: nobody does anything, and tasks expire. Either
// way a task that the events close is left to them.
const (
	Done People = "done"
	Idle People = "idle"
)

// people is a conductor's source: they do tasks as they fall due.
type people struct{ *world }

// Next is when the next task falls due.
func (p *people) Next(ctx context.Context) (time.Time, bool, error) {
	open, err := p.open(ctx)
	if err != nil || len(open) == 0 {
		return time.Time{}, false, err
	}
	return open[0].Due(), true, nil
}

// Fire does the tasks that are due.
func (p *people) Fire(ctx context.Context, now time.Time) error {
	open, err := p.open(ctx)
	if err != nil || len(open) == 0 || open[0].Due().After(now) {
		return err
	}
	k := open[0]
	if err := p.acts.CloseTask(ctx, k.ID, "done", k.Owner, p.answers(k, now), now); err != nil {
		return fmt.Errorf("do the task of step %s: %w", k.Step, err)
	}
	return nil
}

// open are the tasks that people will do, by due time.
func (p *people) open(ctx context.Context) ([]store.Task, error) {
	if p.Tasks == Idle {
		return nil, nil
	}
	var open []store.Task
	err := p.store.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.Tasks(p.Account, "", "open", 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read open tasks: %w", err)
	}
	return slices.DeleteFunc(open, p.scripted), nil
}

// scripted reports whether an event closes k, or another task of its step.
func (p *people) scripted(k store.Task) bool {
	return slices.ContainsFunc(p.Events, func(m Message) bool {
		step, _ := m.Props["step"].(string)
		return closes[m.Event] != "" && (step == k.Step || step == k.Path)
	})
}

// answers to the questions that must be answered.
func (p *people) answers(k store.Task, now time.Time) map[string]any {
	books := p.books()
	i := slices.IndexFunc(books, func(b *playbooks.Playbook) bool { return b.Name == k.Playbook })
	if i < 0 {
		return nil
	}
	return Answers(books[i], k, now)
}

// Answers are those that a simulated person gives to a task of a playbook: the
// first choice of each question that must be answered.
func Answers(p *playbooks.Playbook, k store.Task, now time.Time) map[string]any {
	s := steps.StepOf(p.Program, k.Path)
	if s == nil {
		return nil
	}
	t, ok := s.Spec.(*steps.Task)
	if !ok {
		return nil // made for a mistake or a missing contact: it asks nothing
	}
	given := map[string]any{}
	for _, q := range t.Form {
		if q.Required {
			given[q.Name] = answer(q, now)
		}
	}
	return given
}

func answer(q steps.Question, now time.Time) any {
	switch {
	case len(q.Choose) > 0:
		return q.Choose[0]
	case q.Type == rules.Bool:
		return true
	case q.Type == rules.Int:
		return float64(1)
	case q.Type == rules.Date:
		return now.Format(time.DateOnly)
	}
	return "simulated"
}
