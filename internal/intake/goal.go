package intake

import (
	"fmt"

	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// goal closes e's goal when it is met within its window, whether or not the
// sequence has ended. A condition that held at the start is met only once it has
// been false: what was there already is no success.
func (b *batch) goal(s *sheet, f *rules.Facts, e *store.Enrollment, g *playbooks.Goal, c *cause) (met bool, err error) {
	at := b.now
	if c.event != nil && c.msg.At.Before(at) {
		at = c.msg.At
	}
	if !e.GoalAt.IsZero() || at.Before(e.StartedAt) && g.On != "" || at.After(b.goalEnd(s, e, g)) {
		return false, nil
	}
	if g.On == "" {
		if g.When == nil || !c.concerns(readsOf(g.When)) {
			return false, nil
		}
		if met, err = b.edge(f, e, g); err != nil || !met {
			return false, err
		}
		at = b.now
	} else if !b.matches(f, e, g.On, g.When, c) {
		return false, nil
	}
	e.GoalAt = at
	b.res.Goals++
	if err := b.tx.PutEnrollment(*e); err != nil {
		return false, fmt.Errorf("put goal: %w", err)
	}
	return true, b.tx.AddLine(store.Line{
		Key: "goal/" + e.ID, At: at, Account: e.Account, Playbook: e.Playbook, Enrollment: e.ID,
		Kind: "goal", Outcome: g.Outcome, Reason: goalWords(g),
	})
}

// edge reports whether a goal's condition holds and did not before.
func (b *batch) edge(f *rules.Facts, e *store.Enrollment, g *playbooks.Goal) (bool, error) {
	now := b.holds(f, e.Playbook, e.Account, g.When)
	old, err := b.truth(e.Playbook, goalKey(e), e.Account)
	if err != nil || now == old.True {
		return false, err
	}
	if now {
		return true, nil
	}
	return false, b.putTruth(store.Truth{Playbook: e.Playbook, Trigger: goalKey(e), Account: e.Account})
}

// standing remembers that a goal's condition held before the enrollment began.
func (b *batch) standing(f *rules.Facts, e *store.Enrollment, g *playbooks.Goal) error {
	if g == nil || g.On != "" || g.When == nil || !b.holds(f, e.Playbook, e.Account, g.When) {
		return nil
	}
	return b.putTruth(store.Truth{Playbook: e.Playbook, Trigger: goalKey(e), Account: e.Account, True: true, Since: e.StartedAt})
}

// goalKey is the name under which a goal's truth is kept.
func goalKey(e *store.Enrollment) string { return store.GoalTruth + e.ID }

func goalWords(g *playbooks.Goal) string {
	if g.On != "" {
		return g.On
	}
	return clip(g.When.Source()) + " became true"
}
