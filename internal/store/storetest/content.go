package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"holdfast/internal/store"
)

// Content is all that Fill can have put into a store, as its methods tell it, and
// what its relay would deliver. It leases that, and gives it back.
func Content(t testing.TB, s store.Store) map[string]any {
	t.Helper()
	var c content
	if err := s.Update(t.Context(), func(tx store.Tx) error {
		c = content{tx: tx, got: map[string]any{}}
		c.accounts()
		c.playbooks()
		c.runs()
		c.rest()
		rows, err := tx.Lease("content", t0.Add(time.Minute), t0, 0)
		c.keep("relay", rows, err)
		for _, r := range rows {
			c.err = errors.Join(c.err, tx.Unlease(r.Enrollment))
		}
		return c.err
	}); err != nil {
		t.Fatal(err)
	}
	return c.got
}

type content struct {
	tx  store.Tx
	got map[string]any
	err error
}

// keep takes what a method answered; nothing is no error.
func (c *content) keep(what string, v any, err error) {
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.err = errors.Join(c.err, fmt.Errorf("%s: %w", what, err))
	}
	if err == nil {
		c.got[what] = v
	}
}

func fillIDs() (ids []string) {
	for i := range 12 {
		ids = append(ids, fmt.Sprintf("id%d", i))
	}
	return ids
}

func (c *content) accounts() {
	for _, key := range fillMetas {
		v, err := c.tx.MetaGet(key)
		c.keep("meta "+key, v, err)
	}
	contacts, err := c.tx.ManyContacts(fillIDs())
	c.keep("contacts", contacts, err)
	for _, a := range fillAccounts {
		account, err := c.tx.Account(a)
		c.keep("account "+a, account, err)
		events, err := c.tx.Events(a, nil, time.Time{}, time.Time{}, 0)
		c.keep("events "+a, events, err)
		buckets, err := c.tx.AllBuckets(a, "")
		c.keep("buckets "+a, buckets, err)
		rests, err := c.tx.Rests(a, time.Time{})
		c.keep("rests "+a, rests, err)
		for _, kind := range fillTexts {
			objects, err := c.tx.Objects(a, kind)
			c.keep("objects "+a+kind, objects, err)
			arm, err := c.tx.Arm(kind, a)
			c.keep("arm "+a+kind, arm, err)
		}
		for _, event := range fillNames {
			open, err := c.tx.Listeners(a, event)
			c.keep("listeners "+a+event, open, err)
		}
	}
	all, err := c.tx.AllSuppressions(0)
	c.keep("suppressions", all, err)
	holds, err := c.tx.Holds("", time.Time{})
	c.keep("holds", holds, err)
}

func (c *content) playbooks() {
	heads, err := c.tx.Heads()
	c.keep("heads", heads, err)
	for _, id := range fillIDs() {
		v, err := c.tx.Version(id)
		c.keep("version "+id, v, err)
	}
	releases, err := c.tx.Releases(0, 0)
	c.keep("releases", releases, err)
	for _, r := range releases {
		whole, err := c.tx.Release(r.Number)
		c.keep(fmt.Sprint("release ", r.Number), whole, err)
	}
	for _, playbook := range fillTexts {
		for _, trigger := range fillTexts {
			truths, err := c.tx.ManyTruths(playbook, trigger, fillAccounts)
			c.keep("truths "+playbook+"/"+trigger, truths, err)
		}
	}
	dues, err := c.tx.DueBefore(t0.AddDate(100, 0, 0), 0)
	c.keep("dues", dues, err)
}

func (c *content) runs() {
	runs, err := c.tx.ListEnrollments(store.EnrollmentFilter{})
	c.keep("enrollments", runs, err)
	unsettled, err := c.tx.Unsettled()
	c.keep("unsettled", unsettled, err)
	leaving, err := c.tx.Leaving(0)
	c.keep("leaving", leaving, err)
	for _, id := range fillIDs() {
		signals, err := c.tx.Signals(id, 0)
		c.keep("signals "+id, signals, err)
		approval, err := c.tx.Approval(id)
		c.keep("approval "+id, approval, err)
		told, err := c.tx.SightingsOf(id)
		c.keep("sightings "+id, told, err)
	}
}

func (c *content) rest() {
	tasks, err := c.tx.Tasks("", "", "", 0)
	c.keep("tasks", tasks, err)
	touches, err := c.tx.Touches(store.TouchFilter{})
	c.keep("touches", touches, err)
	mails, err := c.tx.Messages("", 0, 0)
	c.keep("messages", mails, err)
	lines, err := c.tx.Lines(0, 0)
	c.keep("lines", lines, err)
}
