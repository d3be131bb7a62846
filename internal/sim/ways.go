package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/rules"
	"holdfast/steps"
)

// Choice is what somebody did at a step: a person of ours with a task or a
// request, or the customer while the playbook listened.
type Choice struct {
	Step   string `json:"step"`
	Choice string `json:"choice"` // done, done interest=no, cannot, expired, approved, denied, an event, silence
}

// Way is one way through a playbook: what was chosen, and what came of it.
type Way struct {
	Choices []Choice
	Run     Run
}

// Ways plays a case again and again until every choice that people and the
// customer have was made at every step that it came to: a choice is made once a
// step, and holds for its later passes and items. more reports that there are
// over limit ways. The case's own events happen in each; its Tasks are ignored.
func Ways(ctx context.Context, c Case, limit int) (ways []Way, more bool, err error) {
	stage := New(c.Project)
	for next := []int{}; next != nil; {
		if len(ways) == limit {
			return ways, true, nil
		}
		d := &decisions{picks: next}
		c.choose = d.choose
		run, err := stage.Play(ctx, c)
		if err != nil {
			return nil, false, err
		}
		ways = append(ways, Way{Choices: d.made, Run: run})
		next = d.next()
	}
	return ways, false, nil
}

// decisions are those of one way. picks say what is chosen at the points that it
// comes to, in order; beyond them the first is.
type decisions struct {
	picks []int
	asked []int // how many choices each point had
	made  []Choice
}

// choose is the choice at a step, always the same.
func (d *decisions) choose(step string, among []string) string {
	for _, m := range d.made {
		if m.Step == step {
			return m.Choice
		}
	}
	n, pick := len(d.asked), 0
	if n < len(d.picks) {
		pick = min(d.picks[n], len(among)-1)
	}
	d.asked = append(d.asked, len(among))
	d.made = append(d.made, Choice{step, among[pick]})
	return among[pick]
}

// next are the picks of the way after this one, nil after the last.
func (d *decisions) next() []int {
	picks := make([]int, len(d.asked))
	copy(picks, d.picks)
	for i := len(picks) - 1; i >= 0; i-- {
		if picks[i]+1 < d.asked[i] {
			picks[i]++
			return picks[:i+1]
		}
	}
	return nil
}

// chooser is a conductor's source: people and the customer do what is chosen.
type chooser struct {
	*world

	told map[string]bool // waits whose event has happened
}

// deed is what somebody will do.
type deed struct {
	at     time.Time
	task   store.Task
	status string
	given  map[string]any
	event  string // of the customer
	from   string // the enrollment that listens
}

// Next is when somebody does the next thing.
func (c *chooser) Next(ctx context.Context) (time.Time, bool, error) {
	all, err := c.deeds(ctx)
	if err != nil || len(all) == 0 {
		return time.Time{}, false, err
	}
	return all[0].at, true, nil
}

// Fire lets the next thing happen, if it is due.
func (c *chooser) Fire(ctx context.Context, now time.Time) error {
	all, err := c.deeds(ctx)
	if err != nil || len(all) == 0 || all[0].at.After(now) {
		return err
	}
	d := all[0]
	if d.event == "" {
		return c.acts.CloseTask(ctx, d.task.ID, d.status, d.task.Owner, d.given, now)
	}
	c.told[d.from] = true
	e := holdfast.Message{
		ID: fmt.Sprintf("way/%s/%s", d.from, now.Format(time.RFC3339)), Kind: holdfast.Track, Event: d.event, Account: c.Account, At: now,
	}
	return c.take(ctx, []Message{{Place: "a chosen event", Message: e}}, 0)
}

// deeds by time.
func (c *chooser) deeds(ctx context.Context) ([]deed, error) {
	var all []deed
	err := c.store.View(ctx, func(tx store.Tx) error {
		all = nil
		tasks, err := tx.Tasks(c.Account, "", "open", 0)
		if err != nil {
			return err
		}
		for _, k := range tasks {
			if d, ok := c.task(k); ok {
				all = append(all, d)
			}
		}
		active, err := tx.ListEnrollments(store.EnrollmentFilter{Account: c.Account, Status: "active"})
		if err != nil {
			return err
		}
		for _, e := range active {
			all = append(all, c.listening(e)...)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b deed) int { return a.at.Compare(b.at) })
	return all, err
}

// task is what is done with an open task; false: nothing, and it expires.
func (c *chooser) task(k store.Task) (deed, bool) {
	s := c.step(k.Playbook, k.Path)
	if s == nil {
		return deed{}, false // it tells of a mishap: nothing waits for it
	}
	var among []string
	answers := map[string]map[string]any{}
	switch spec := s.Spec.(type) {
	case *steps.Task:
		for _, given := range options(spec.Form, c.clock.Now()) {
			name := "done" + given.words
			among, answers[name] = append(among, name), given.answers
		}
		among = append(among, "cannot", "expired")
	case *steps.Approval, *steps.Offer:
		among = []string{"approved", "denied", "expired"}
	case *steps.Email:
		among = []string{"done", "cannot", "expired"}
	default:
		return deed{}, false
	}
	d := deed{at: k.Due(), task: k}
	switch choice := c.choose(s.ID, among); choice {
	case "expired":
		return deed{}, false
	case "cannot", "denied":
		d.status = "cannot"
	default:
		d.status, d.given = "done", answers[choice]
	}
	return d, true
}

// given is one way to answer a form.
type given struct {
	words   string
	answers map[string]any
}

// options are the ways to answer: each choice of each question once, with the
// first of the others beside it.
func options(form []steps.Question, now time.Time) []given {
	base := map[string]any{}
	for _, q := range form {
		if len(q.Choose) > 0 || q.Type == rules.Bool || q.Required {
			base[q.Name] = answer(q, now)
		}
	}
	first := given{answers: base}
	var all []given
	for _, q := range form {
		var values []any
		switch {
		case len(q.Choose) > 0:
			for _, v := range q.Choose {
				values = append(values, v)
			}
		case q.Type == rules.Bool:
			values = []any{true, false}
		}
		for i, v := range values {
			if i == 0 && len(all) > 0 {
				continue // it is in the first already
			}
			with := map[string]any{}
			maps.Copy(with, base)
			with[q.Name] = v
			all = append(all, given{fmt.Sprintf(" %s=%v", q.Name, v), with})
		}
	}
	if len(all) == 0 {
		return []given{first}
	}
	return all
}

// listening is what the customer does while e waits for events: at half the time.
func (c *chooser) listening(e store.Enrollment) []deed {
	var st steps.State
	if json.Unmarshal(e.State, &st) != nil {
		return nil
	}
	var all []deed
	for _, wait := range steps.Waits(st) {
		s := c.step(e.Playbook, wait.Path)
		if s == nil || wait.Kind != "event" || wait.Heard != nil {
			continue
		}
		spec, ok := s.Spec.(*steps.Listening)
		if !ok {
			continue
		}
		choice := c.choose(s.ID, append(slices.Clone(spec.Events), "silence"))
		at := wait.Since.Add(wait.Until.Sub(wait.Since) / 2)
		if from := e.ID + "/" + wait.Path; choice != "silence" && !c.told[from] {
			all = append(all, deed{at: at, event: choice, from: from})
		}
	}
	return all
}

// step of a playbook of the case at a path, or nil.
func (c *chooser) step(playbook, path string) *steps.Step {
	for _, b := range c.Books() {
		if b.Name == playbook {
			return steps.StepOf(b.Program, path)
		}
	}
	return nil
}
