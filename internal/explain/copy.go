package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/internal/store"
)

// facets of meta that decide what may go, or what an account's truths mean.
var facets = []string{"stopped", "salt", "lanes", "intake_unmarked", "intake_scan"}

// copier copies one account from one store into a world's.
type copier struct {
	*world
	from  store.Tx
	to    store.Tx
	until time.Time       // dues after it are left out
	seqs  map[int64]int64 // of events, there and here
	runs  []store.Enrollment
}

// copyFrom fills w with all that s remembers of the account. It reads one
// snapshot and writes nothing to s.
func (w *world) copyFrom(ctx context.Context, s store.Store, until time.Time) error {
	return s.View(ctx, func(from store.Tx) error {
		return w.store.Update(ctx, func(to store.Tx) error {
			c := &copier{world: w, from: from, to: to, until: until, seqs: map[int64]int64{}}
			for _, part := range []func() error{c.state, c.events, c.published, c.metrics, c.enrollments, c.approvals, c.quiet, c.truths, c.dues} {
				if err := part(); err != nil {
					return fmt.Errorf("copy account %s: %w", w.account, err)
				}
			}
			return nil
		})
	})
}

// state is the account, its people and its objects.
func (c *copier) state() error {
	keys := slices.Clone(facets)
	for _, p := range c.project.Playbooks {
		keys = append(keys, "stopped/"+p.Name)
	}
	if err := c.meta(keys...); err != nil {
		return err
	}
	a, err := c.from.Account(c.account)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := c.to.PutAccount(a); err != nil {
		return err
	}
	return c.people()
}

func (c *copier) meta(keys ...string) error {
	for _, key := range keys {
		v, err := c.from.MetaGet(key)
		if err == nil && v != "" {
			err = c.to.MetaSet(key, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) people() error {
	people, err := c.from.Contacts(c.account)
	if err != nil {
		return err
	}
	for _, p := range people {
		if err := c.to.PutContact(p); err != nil {
			return err
		}
	}
	for _, kind := range c.project.Rules.ObjectKinds() {
		objects, err := c.from.Objects(c.account, kind)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := c.to.PutObject(o); err != nil {
				return err
			}
		}
	}
	rests, err := c.from.Rests(c.account, c.clock.Now())
	if err != nil {
		return err
	}
	for _, r := range rests {
		if err := c.to.PutRest(r); err != nil {
			return err
		}
	}
	return nil
}

// events in the order they arrived, so that what refers to them still does.
func (c *copier) events() error {
	all, err := c.from.Events(c.account, nil, time.Time{}, time.Time{}, 0)
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b store.Event) int { return int(a.Seq - b.Seq) })
	for _, e := range all {
		seq, _, err := c.to.AppendEvent(e.Message, e.Received)
		if err != nil {
			return err
		}
		c.seqs[e.Seq] = seq
	}
	return c.suppressions()
}

// suppressions of the account's people, by id and by address.
func (c *copier) suppressions() error {
	people, err := c.to.Contacts(c.account)
	if err != nil {
		return err
	}
	for _, p := range people {
		address, _ := p.Fields["email"].Value.(string)
		all, err := c.from.Suppressions(p.ID, strings.ToLower(strings.TrimSpace(address)))
		if err != nil {
			return err
		}
		for _, s := range all {
			s.Event = c.seqs[s.Event]
			if err := c.to.Suppress(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// published are the heads: those of the directory, or the project's where
// nothing was published yet.
func (c *copier) published() error {
	heads, err := c.from.Heads()
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		for _, p := range c.heads {
			heads[p.Name] = p.Digest
			if err := c.to.PutVersion(store.Version{Digest: p.Digest, Playbook: p.Name, Bundle: p.Bundle.Encode(), PublishedAt: c.clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	}
	c.heads = nil
	for name, digest := range heads {
		if err := c.version(digest); err != nil {
			return err
		}
		if p := c.versions[digest]; p != nil {
			c.heads = append(c.heads, p)
		}
		if err := c.to.SetHead(name, digest, c.clock.Now()); err != nil {
			return err
		}
	}
	slices.SortFunc(c.heads, byName)
	return nil
}

func (c *copier) version(digest string) error {
	v, err := c.from.Version(digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.keep(v)
	return c.to.PutVersion(v)
}

func (c *copier) metrics() error {
	all, err := c.from.AllBuckets(c.account, "")
	if err != nil {
		return err
	}
	for metric, buckets := range all {
		for _, b := range buckets {
			if err := c.to.AddToBucket(c.account, metric, b.Day, b.Count, b.Sum); err != nil {
				return err
			}
		}
	}
	return nil
}

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
	for _, d := range all {
		if d.Account != c.account || !json.Valid(d.Data) && len(d.Data) > 0 {
			continue
		}
		if err := c.to.PutDue(d); err != nil {
			return err
		}
	}
	return nil
}
