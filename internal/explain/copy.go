package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast/activities"
	"holdfast/internal/facts"
	"holdfast/internal/intake"
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
		keys = append(keys, store.StopKey(p.Name))
		for i := range p.Triggers {
			keys = append(keys, intake.SurgeKey(p.Name, p.Triggers[i].ID))
		}
	}
	silent, err := intake.SilenceFacts(c.from, c.project.Rules, c.project.Playbooks)
	if err != nil {
		return err
	}
	keys = append(keys, silent...)
	for _, name := range c.project.Rules.Ranked() {
		keys = append(keys, facts.PopulationKey(name))
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
	if announced := c.announced(); len(announced) > 0 {
		more, err := c.from.Events("", announced, time.Time{}, time.Time{}, 0)
		if err != nil {
			return err
		}
		all = append(all, more...)
	}
	slices.SortFunc(all, func(a, b store.Event) int { return int(a.Seq - b.Seq) })
	for _, e := range all {
		seq, _, err := c.to.AppendEvent(e.Message, e.Received)
		if err != nil {
			return err
		}
		c.seqs[e.Seq] = seq
	}
	return errors.Join(c.suppressions(), c.pace())
}

// announced are the events that are about all accounts.
func (c *copier) announced() []string {
	return slices.DeleteFunc(c.project.Rules.Events(), func(name string) bool { return !c.project.Rules.OfAll(name) })
}

// pace is what keeps mails to the account's people from going at once.
func (c *copier) pace() error {
	people, err := c.to.Contacts(c.account)
	if err != nil {
		return err
	}
	runs, err := c.from.EnrollmentsOf(c.account, true)
	if err != nil {
		return err
	}
	var addresses, ids []string
	for _, p := range people {
		address, _ := p.Fields["email"].Value.(string)
		addresses = append(addresses, address)
	}
	for _, e := range runs {
		ids = append(ids, e.ID)
	}
	return c.meta(activities.PaceFacts(activities.ProjectOf(c.project), ids, addresses)...)
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
