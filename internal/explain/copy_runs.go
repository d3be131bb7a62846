package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"holdfast/internal/intake"
	"holdfast/internal/store"
)

// enrollments with all that belongs to them.
func (c *copier) enrollments() (err error) {
	if c.runs, err = c.from.EnrollmentsOf(c.account, false); err != nil {
		return err
	}
	for _, e := range c.runs {
		e.Event = c.seqs[e.Event]
		if err := c.version(e.Digest); err != nil {
			return err
		}
		if _, err := c.to.Enroll(e); err != nil {
			return err
		}
		if err := c.run(e); err != nil {
			return fmt.Errorf("enrollment %s: %w", e.ID, err)
		}
	}
	return c.listeners()
}

func (c *copier) run(e store.Enrollment) error {
	signals, err := c.from.Signals(e.ID, 0)
	if err != nil {
		return err
	}
	for _, s := range signals {
		s.Event = c.seqs[s.Event]
		if err := c.to.Signal(s); err != nil {
			return err
		}
	}
	tasks, err := c.from.TasksOf(e.ID)
	if err != nil {
		return err
	}
	for _, k := range tasks {
		if err := c.to.PutTask(k); err != nil {
			return err
		}
	}
	touches, err := c.from.TouchesOf(e.ID)
	if err != nil {
		return err
	}
	for _, t := range touches {
		if err := c.to.PutTouch(t); err != nil {
			return err
		}
		seen, err := c.from.SightingsOf(t.ID)
		if err != nil {
			return err
		}
		for _, s := range seen {
			if _, err := c.to.PutSighting(s); err != nil {
				return err
			}
		}
	}
	lines, err := c.from.LinesOf(e.ID)
	if err != nil {
		return err
	}
	for _, l := range lines {
		l.Key = fmt.Sprintf("was/%d", l.Seq) // so that what happens again is told again
		if err := c.to.AddLine(l); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) listeners() error {
	for _, event := range c.project.Rules.Events() {
		ls, err := c.from.Listeners(c.account, event)
		if err != nil {
			return err
		}
		for _, l := range ls {
			if err := c.to.PutListener(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *copier) approvals() error {
	all, err := c.from.ApprovalsOf(c.account, 0)
	if err != nil {
		return err
	}
	for _, a := range all {
		if err := c.to.PutApproval(a); err != nil {
			return err
		}
	}
	return nil
}

// quiet are the account's holds, and its arms in holdouts.
func (c *copier) quiet() error {
	holds, err := c.from.Holds(c.account, c.clock.Now())
	if err != nil {
		return err
	}
	for _, h := range holds {
		if err := c.to.PutHold(h); err != nil {
			return err
		}
	}
	return c.arms()
}

func (c *copier) arms() error {
	for _, p := range c.heads {
		if p.Holdout.Name == "" {
			continue
		}
		arm, err := c.from.Arm(p.Holdout.Name, c.account)
		if err == nil && arm != "" {
			err = c.to.PutArm(p.Holdout.Name, c.account, arm)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// truths of the heads' triggers, and of the goals of what runs.
func (c *copier) truths() error {
	for _, p := range c.heads {
		for _, t := range p.Triggers {
			if err := c.truth(p.Name, t.ID); err != nil {
				return err
			}
		}
	}
	for _, e := range c.runs {
		if err := c.truth(e.Playbook, "goal:"+e.ID); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) truth(playbook, trigger string) error {
	t, err := c.from.Truth(playbook, trigger, c.account)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.to.PutTruth(t)
}

// dues of the account. The store lists them by time alone.
func (c *copier) dues() error {
	all, err := c.from.DueBefore(c.until, 0)
	if err != nil {
		return err
	}
	waiting, err := c.from.DueBefore(intake.Ever, 0, append(intake.AnnouncementKinds(), intake.WaitingKind)...)
	if err != nil {
		return err
	}
	all = append(all, waiting...)
	for _, d := range all {
		if d.Account != c.account && !slices.Contains(intake.AnnouncementKinds(), d.Kind) || !json.Valid(d.Data) && len(d.Data) > 0 {
			continue
		}
		if err := c.to.PutDue(d); err != nil {
			return err
		}
	}
	return nil
}
