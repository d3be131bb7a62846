// Package ledger proves that every touch went at most once and that none is
// without a state. It reads the ledger, what providers told, and the enrollments,
// page by page beside a running process, and writes nothing.
package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdfast"
	"holdfast/internal/store"
	"holdfast/steps"
)

const (
	// enrollmentsAtOnce is how many enrollments are read in one snapshot.
	enrollmentsAtOnce = 200
	touchesAtOnce     = 1000
	// stuckAfter is how long a claim may be on its way: a send takes half a minute
	// at most, and a process that died is back sooner.
	stuckAfter = 10 * time.Minute
)

// Options of a check.
type Options struct {
	Store    store.Store
	Now      time.Time // of the directory's clock
	Accepted string    // a file of what providers accepted, JSON lines; "": there is none
}

// Check holds everything against everything. What looks wrong is looked at once
// more at the end, since the process beside goes on meanwhile. The error is that
// something could not be read.
func Check(ctx context.Context, o Options) (*Report, error) {
	c := &check{Options: o, report: &Report{States: map[holdfast.TouchState]int{}, Findings: []Finding{}}, doubts: map[string]bool{}}
	if o.Accepted != "" {
		var err error
		if c.accepted, err = openAccepted(o.Accepted); err != nil {
			return nil, err
		}
	}
	if err := c.enrollments(ctx); err != nil {
		return nil, err
	}
	if err := c.strays(ctx); err != nil {
		return nil, err
	}
	if err := c.again(ctx); err != nil {
		return nil, err
	}
	if err := c.unnamed(ctx); err != nil {
		return nil, err
	}
	slices.SortFunc(c.report.Findings, func(a, b Finding) int {
		return strings.Compare(a.Kind+a.Account+a.Path+a.Touch, b.Kind+b.Account+b.Path+b.Touch)
	})
	return c.report, nil
}

type check struct {
	Options
	report   *Report
	accepted *accepted
	doubts   map[string]bool // enrollments to look at once more
}

// run is an enrollment with all that belongs to it, of one snapshot.
type run struct {
	store.Enrollment
	touches   []store.Touch
	sightings map[string][]store.Sighting
	tasks     []store.Task
	left      time.Time // when the transaction of its exit began; zero for none
}

// enrollments reads all of them, page by page.
func (c *check) enrollments(ctx context.Context) error {
	for after := ""; ; {
		runs, err := c.page(ctx, func(tx store.Tx) ([]store.Enrollment, error) {
			return tx.ListEnrollments(store.EnrollmentFilter{After: after, Limit: enrollmentsAtOnce})
		})
		if err != nil {
			return fmt.Errorf("read enrollments: %w", err)
		}
		if len(runs) == 0 {
			return nil
		}
		for _, r := range runs {
			c.count(r)
			if len(c.judge(r)) > 0 {
				c.doubts[r.ID] = true
			}
		}
		after = runs[len(runs)-1].ID
	}
}

// page reads enrollments and what belongs to them in one snapshot.
func (c *check) page(ctx context.Context, list func(store.Tx) ([]store.Enrollment, error)) (runs []run, err error) {
	err = c.Store.View(ctx, func(tx store.Tx) error {
		runs = nil
		all, err := list(tx)
		if err != nil {
			return err
		}
		ids := make([]string, len(all))
		for i, e := range all {
			ids[i] = e.ID
		}
		touches, err := tx.ManyTouchesOf(ids)
		if err != nil {
			return err
		}
		for _, e := range all {
			r := run{Enrollment: e, touches: touches[e.ID]}
			var named []string
			for _, h := range r.touches {
				named = append(named, h.ID)
			}
			if r.sightings, err = tx.ManySightings(named); err != nil {
				return err
			}
			if r.tasks, err = tx.TasksOf(e.ID); err != nil {
				return err
			}
			switch exit, err := tx.ExitOf(e.ID); {
			case err == nil && exit.Kind == "exit":
				r.left = exit.At
			case err != nil && !errors.Is(err, store.ErrNotFound):
				return err
			}
			runs = append(runs, r)
		}
		return nil
	})
	return runs, err
}

// strays are touches whose enrollment is not there. None is when the ledger has as
// many lines as the enrollments had: lines are never taken away.
func (c *check) strays(ctx context.Context) error {
	all := 0
	err := c.Store.View(ctx, func(tx store.Tx) error {
		all = 0
		byState, err := tx.CountTouchesByState()
		for _, states := range byState {
			for _, n := range states {
				all += n
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("count the ledger: %w", err)
	}
	if all == c.report.Touches+c.report.Cards {
		return nil
	}
	for after := ""; ; {
		var page []store.Touch
		var lost []store.Touch
		err := c.Store.View(ctx, func(tx store.Tx) (err error) {
			lost = nil
			if page, err = tx.Touches(store.TouchFilter{After: after, Limit: touchesAtOnce}); err != nil {
				return err
			}
			last := "" // of the same enrollment often
			for _, h := range page {
				if h.Enrollment == last {
					continue
				}
				_, err := tx.Enrollment(h.Enrollment)
				if errors.Is(err, store.ErrNotFound) {
					lost = append(lost, h)
					continue
				}
				if err != nil {
					return err
				}
				last = h.Enrollment
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the ledger: %w", err)
		}
		if len(page) == 0 {
			return nil
		}
		for _, h := range lost {
			c.report.Touches++
			c.report.States[h.State]++
			if c.accepted != nil {
				c.accepted.times(h.ID)
			}
			c.report.add(finding("missing", h, "it belongs to enrollment "+h.Enrollment+", which is not there"))
		}
		after = page[len(page)-1].ID
	}
}

// count adds a run to the figures.
func (c *check) count(r run) {
	c.report.Enrollments++
	for _, h := range r.touches {
		c.report.Sightings += len(r.sightings[h.ID])
		if r.card(h) {
			c.report.Cards++
			if c.accepted != nil && c.accepted.times(h.ID) > 1 {
				c.report.CardsTwice++
			}
			continue
		}
		c.report.Touches++
		c.report.States[h.State]++
		if h.State == holdfast.Unconfirmed && slices.ContainsFunc(r.sightings[h.ID], func(s store.Sighting) bool { return s.Kind.Accepted() }) {
			c.report.LaterSeen++
		}
	}
}

// card reports whether h shows a task to one of ours. Cards are handed out at
// least once, a task being completed once; everything else goes at most once.
func (r run) card(h store.Touch) bool {
	return h.Channel == "slack" && slices.ContainsFunc(r.tasks, func(k store.Task) bool { return k.Path == h.Path })
}

// again looks twice more at what seemed wrong: the process beside goes on, and
// what is wrong stays so. Each look reads the ledger first and then what was
// accepted since.
func (c *check) again(ctx context.Context) error {
	was := map[[2]string]bool{}
	for look := range 2 {
		now := map[[2]string]bool{}
		for id := range c.doubts {
			found, err := c.look(ctx, id)
			if err != nil {
				return err
			}
			for _, f := range found {
				about := [2]string{f.Kind, f.Enrollment + f.Touch + f.Path}
				now[about] = true
				if look == 1 && was[about] {
					c.report.add(f)
				}
			}
		}
		was = now
	}
	if c.accepted != nil {
		c.report.Accepted = c.accepted.lines
	}
	return nil
}

func (c *check) look(ctx context.Context, enrollment string) ([]Finding, error) {
	runs, err := c.page(ctx, func(tx store.Tx) ([]store.Enrollment, error) {
		e, err := tx.Enrollment(enrollment)
		return []store.Enrollment{e}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read enrollment %s: %w", enrollment, err)
	}
	if c.accepted != nil {
		if err := c.accepted.more(); err != nil {
			return nil, err
		}
	}
	return c.judge(runs[0]), nil
}

// unnamed finds what a provider took that the ledger knows nothing of.
func (c *check) unnamed(ctx context.Context) error {
	if c.accepted == nil {
		return nil
	}
	return c.accepted.unnamed(func(a acceptance) error {
		err := c.Store.View(ctx, func(tx store.Tx) error {
			_, err := tx.Touch(a.Touch)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			c.report.add(Finding{Kind: "unnamed", Touch: a.Touch, What: fmt.Sprintf("%s accepted touch %s as %s, which the ledger does not name", a.Provider, a.Touch, a.ID)})
			return nil
		}
		return err
	})
}

// unrecorded are the steps that a state says were sent and of which no touch is
// there. A touch of a step that the state does not know may be that of one which
// was renamed, and stands for it.
func unrecorded(r run) (out []string) {
	var st steps.State
	if json.Unmarshal(r.State, &st) != nil {
		return nil // one that cannot be read is the interpreter's to report
	}
	has := map[string]bool{}
	for _, h := range r.touches {
		has[h.Step] = true
		if _, known := st.Done[h.Step]; !known && h.State.Final() {
			return nil
		}
	}
	for id, done := range st.Done {
		if done.Outcome == string(holdfast.Sent) && !has[id] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}
