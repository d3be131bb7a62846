package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"holdfast/internal/clock"
	"holdfast/internal/store"
	"holdfast/playbooks"
)

// metaScan is the moment of the last scan.
const metaScan = "intake_scan"

// nextScan is the first moment after the last scan; ok is false while nothing
// reads the clock. Scans missed collapse into one. A store that was never
// scanned counts from now.
func (in *Intake) nextScan(ctx context.Context) (next time.Time, ok bool, err error) {
	last, err := in.lastScan(ctx)
	if err != nil {
		return last, false, fmt.Errorf("read last scan: %w", err)
	}
	if last.IsZero() {
		last = in.Clock.Now()
		if err := in.scanned(ctx, last); err != nil {
			return last, false, err
		}
	}
	next = in.moments(last).Add(cmp.Or(in.Options.ScanEvery, time.Hour))
	if !in.watching().clocked {
		some, err := in.someRunByClock(ctx)
		if err != nil || !some {
			return next, false, err
		}
	}
	if in.Options.Foresee && in.Options.Place != nil && len(in.Rules().Ranked()) == 0 {
		next, err = in.foreseen(ctx, next)
	}
	return next, true, err
}

// moments is the latest scan moment at or before t.
func (in *Intake) moments(t time.Time) time.Time {
	off := in.Options.ScanAt
	return t.UTC().Add(-off).Truncate(cmp.Or(in.Options.ScanEvery, time.Hour)).Add(off)
}

func (in *Intake) lastScan(ctx context.Context) (last time.Time, err error) {
	err = in.Store.View(ctx, func(tx store.Tx) error {
		v, err := tx.MetaGet(metaScan)
		if err != nil || v == "" {
			return err
		}
		last, err = time.Parse(time.RFC3339Nano, v)
		return err
	})
	return last, err
}

func (in *Intake) scanned(ctx context.Context, at time.Time) error {
	return in.Store.Update(ctx, func(tx store.Tx) error {
		return tx.MetaSet(metaScan, at.UTC().Format(time.RFC3339Nano))
	})
}

func (in *Intake) scanIfDue(ctx context.Context, now time.Time) error {
	next, ok, err := in.nextScan(ctx)
	if err != nil || !ok || next.After(now) {
		return err
	}
	if err := in.Scan(ctx, now); err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	return in.scanned(ctx, now)
}

// Scan looks at every expression that changes with the clock alone, over all
// known accounts for which the store cannot rule it out: an account that goes
// silent sends no event. What runs comes first, then triggers. It reads in
// snapshots and writes only for accounts of which something changed, so a scan
// cut short is simply run again.
func (in *Intake) Scan(ctx context.Context, now time.Time) error {
	if err := in.rank(ctx, now, false); err != nil {
		return err
	}
	running, err := in.runningInScan(ctx)
	if err != nil {
		return err
	}
	apart, rest, err := in.siftable(ctx, now)
	if err != nil {
		return err
	}
	if len(apart) == 0 {
		return in.lookAtAll(ctx, now, lookAt(running, rest))
	}
	ids := slices.Sorted(maps.Keys(running))
	for page := range slices.Chunk(ids, pageSize) {
		if err := in.lookAtPage(ctx, page, now, lookAt(running, nil)); err != nil {
			return err
		}
	}
	for found, err := range in.found(ctx, apart) {
		if err != nil {
			return err
		}
		if err := in.visit(ctx, found.ids, now, lookAt(nil, []ref{found.ref})); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return in.lookAtAll(ctx, now, lookAt(nil, rest))
}

func (in *Intake) lookAtAll(ctx context.Context, now time.Time, look func(*batch, *sheet) error) error {
	for after := ""; ; {
		ids, err := in.page(ctx, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := in.lookAtPage(ctx, ids, now, look); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

func (in *Intake) lookAtPage(ctx context.Context, ids []string, now time.Time, look func(*batch, *sheet) error) error {
	moved, err := in.probe(ctx, ids, now, look)
	if err != nil {
		return err
	}
	return in.visit(ctx, moved, now, look)
}

// looker is what a scan asks of an account.
func (in *Intake) looker(ctx context.Context) (func(*batch, *sheet) error, error) {
	running, err := in.runningInScan(ctx)
	w := in.watching()
	return lookAt(running, w.refs(w.index.Clock())), err
}

// lookAt looks at what runs for those of running, and at triggers.
func lookAt(running map[string]bool, triggers []ref) func(*batch, *sheet) error {
	return func(b *batch, s *sheet) error {
		c := &cause{scan: true, start: true}
		if running[s.acct.ID] {
			if err := b.running(s, c); err != nil {
				return err
			}
		}
		if len(triggers) == 0 {
			return nil
		}
		f := b.facts(s, "")
		for _, r := range triggers {
			if err := b.state(s, f, r, c); err != nil {
				return err
			}
		}
		return nil
	}
}

// lookedFor is how long an answer of someRunByClock holds on the machine's clock.
// It lists all that run, and is asked whenever something was committed.
const lookedFor = 10 * time.Second

// someRunByClock reports whether an active enrollment needs scans. Nothing of a
// scan is so urgent that it could not learn of the first one some seconds later;
// on a compressed clock, whose next move hangs on the answer, it is exact.
func (in *Intake) someRunByClock(ctx context.Context) (bool, error) {
	now := in.Clock.Now()
	_, exact := in.Clock.(*clock.Virtual)
	in.mu.Lock()
	known, some := in.clockwise.at, in.clockwise.some
	in.mu.Unlock()
	if age := now.Sub(known); !exact && !known.IsZero() && age >= 0 && age < lookedFor {
		return some, nil
	}
	running, err := in.runningByClock(ctx, false)
	if err != nil {
		return false, err
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.clockwise.at, in.clockwise.some = now, len(running) > 0
	return in.clockwise.some, nil
}

// runningInScan are the accounts of which a scan looks at what runs: a goal
// outlives its enrollment.
func (in *Intake) runningInScan(ctx context.Context) (map[string]bool, error) {
	return in.runningByClock(ctx, slices.ContainsFunc(in.watching().heads, goalByClock))
}

// runningByClock are the accounts with an active enrollment whose version has
// an exit or a goal that reads the clock, and with goals also those with an open
// goal of an enrollment that has ended.
func (in *Intake) runningByClock(ctx context.Context, goals bool) (map[string]bool, error) {
	accounts := map[string]bool{}
	reads := map[string]bool{}
	err := in.Store.View(ctx, func(tx store.Tx) error {
		f := store.EnrollmentFilter{Status: "active", Limit: 1000}
		if goals {
			f.Status = ""
		}
		for {
			es, err := tx.ListEnrollments(f)
			if err != nil {
				return err
			}
			for _, e := range es {
				if e.Status != "active" && (!e.GoalAt.IsZero() || e.Outcome == Merged) {
					continue
				}
				if _, known := reads[e.Digest]; !known {
					p, err := in.ByDigest(e.Digest)
					reads[e.Digest] = err == nil && endsByClock(p)
				}
				if reads[e.Digest] {
					accounts[e.Account] = true
				}
			}
			if len(es) < f.Limit {
				return nil
			}
			f.After = es[len(es)-1].ID
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list enrollments: %w", err)
	}
	return accounts, nil
}

// endsByClock reports whether an exit or the goal of p can come true without an event.
func endsByClock(p *playbooks.Playbook) bool {
	return goalByClock(p) || slices.ContainsFunc(p.Exits, func(x playbooks.Exit) bool {
		return x.On == "" && clocked(readsOf(x.When))
	})
}

func goalByClock(p *playbooks.Playbook) bool {
	return p.Goal != nil && p.Goal.On == "" && clocked(readsOf(p.Goal.When))
}

// probe finds the accounts of ids that look would write for.
func (in *Intake) probe(ctx context.Context, ids []string, now time.Time, look func(*batch, *sheet) error) ([]string, error) {
	var moved []string
	err := in.Store.View(ctx, func(tx store.Tx) error {
		moved = nil
		b := in.batchAt(readOnly{tx}, Live, now)
		if err := b.gatherAll(ids); err != nil {
			return err
		}
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			s, err := b.sheet(id)
			if err != nil {
				return err
			}
			moves, err := b.would(s, look)
			if err != nil {
				return err
			}
			if moves {
				moved = append(moved, id)
			}
			delete(b.sheets, id) // a page need not stay in memory
		}
		return b.broken
	})
	return moved, err
}

// would reports whether look would write, to a batch that only reads.
func (b *batch) would(s *sheet, look func(*batch, *sheet) error) (bool, error) {
	had := len(b.errs)
	err := look(b, s)
	if err != nil && !errors.Is(err, errWrites) {
		return false, fmt.Errorf("account %s: %w", s.acct.ID, err)
	}
	return err != nil || len(b.errs) > had, nil //nolint:nilerr // errWrites is the answer
}

// errWrites says that there is something to write.
var errWrites = errors.New("there is something to write")

// readOnly answers the first write with errWrites.
type readOnly struct{ store.Tx }

func (readOnly) MetaSet(string, string) error        { return errWrites }
func (readOnly) PutArm(string, string, string) error { return errWrites }
func (readOnly) AddToBucket(string, string, string, int64, float64) error {
	return errWrites
}
func (readOnly) PutTruth(store.Truth) error            { return errWrites }
func (readOnly) PutDue(store.Due) error                { return errWrites }
func (readOnly) DropDue(string) error                  { return errWrites }
func (readOnly) Signal(store.Signal) error             { return errWrites }
func (readOnly) Wake(string) error                     { return errWrites }
func (readOnly) PutEnrollment(store.Enrollment) error  { return errWrites }
func (readOnly) Enroll(store.Enrollment) (bool, error) { return false, errWrites }
func (readOnly) AddLine(store.Line) error              { return errWrites }
