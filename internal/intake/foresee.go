package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/playbooks"
	"holdfast/rules"
)

// On a compressed clock most of what happens would be scans that change nothing.
// With Options.Foresee an Intake names as its next scan the first that may change
// something: it asks the scan's own question of days to come, as the account is
// now, and again when something of the account is written. What is not skipped
// happens at the same moments, in the same order, and says the same.
//
// It is for a clock that stands while it is asked, in one process: whatever else
// happens at a moment of a scan, an enrollment that is due or another source, is
// preceded by that scan, as it would be.

// At first fewDays ahead are looked at, an account's and those of UTC: something
// mostly happens before the next week is over. As long as nothing does they are
// doubled, up to mostDays.
const (
	fewDays  = 4
	mostDays = 64
)

// outlook is what is known of scans to come. The zero value knows nothing. Safe for
// concurrent use.
type outlook struct {
	mu     sync.Mutex
	watch  *watch
	set    *rules.Set
	days   int                  // to look ahead
	all    bool                 // every known account was looked at, but for those
	unsure map[string]bool      // of which something was written since
	next   map[string]time.Time // by account: the first scan that may change something
}

func (o *outlook) forget(account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all {
		o.unsure[account], o.days = true, fewDays
	}
}

func (o *outlook) forgetAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all, o.days = false, fewDays
}

// unknown are the accounts to look at before first; all: every one.
func (o *outlook) unknown(w *watch, set *rules.Set, first time.Time) (ids []string, all bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.all || o.watch != w || o.set != set {
		o.watch, o.set, o.all, o.days, o.unsure, o.next = w, set, true, fewDays, map[string]bool{}, map[string]time.Time{}
		return nil, true
	}
	quiet := len(o.unsure) == 0
	for id, at := range o.next {
		if at.Before(first) {
			o.unsure[id] = true
		}
	}
	if quiet && len(o.unsure) > 0 {
		o.days = min(2*o.days, mostDays)
	}
	for id := range o.unsure {
		ids = append(ids, id)
	}
	clear(o.unsure)
	slices.Sort(ids)
	return ids, false
}

// foreseen is the first scan from next on that is not known to change nothing.
func (in *Intake) foreseen(ctx context.Context, next time.Time) (time.Time, error) {
	now := in.Clock.Now()
	if g := in.scanFrom(now); g.After(next) {
		next = g
	}
	if next.Equal(now) {
		return next, nil // something else happens now, and the scan comes first
	}
	found, err := in.lookAhead(ctx, next)
	if err != nil {
		return next, fmt.Errorf("look ahead: %w", err)
	}
	err = in.Store.View(ctx, func(tx store.Tx) error {
		due, ok, err := tx.NextEnrollmentDue()
		if ok && due.Before(found) && !due.Before(next) && due.Equal(in.scanFrom(due)) {
			found = due
		}
		return err
	})
	return found, err
}

// scanFrom is the first moment of a scan at or after t.
func (in *Intake) scanFrom(t time.Time) time.Time {
	g := in.moments(t)
	if g.Before(t) {
		g = g.Add(cmp.Or(in.Options.ScanEvery, time.Hour))
	}
	return g
}

// lookAhead is the earliest scan from first on that may change something.
func (in *Intake) lookAhead(ctx context.Context, first time.Time) (time.Time, error) {
	o := &in.outlook
	ids, all := o.unknown(in.watching(), in.Rules(), first)
	for after := ""; all; {
		page, err := in.page(ctx, after)
		if err != nil {
			return first, err
		}
		if len(page) == 0 {
			break
		}
		ids = append(ids, page...)
		after = page[len(page)-1]
	}
	if len(ids) > 0 {
		if err := in.foresee(ctx, ids, first); err != nil {
			o.forgetAll()
			return first, err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	found := first.AddDate(0, 0, mostDays) // an account that comes is written first
	for _, at := range o.next {
		if at.Before(found) {
			found = at
		}
	}
	return in.scanFrom(found), nil
}

// foresee looks at accounts, as they are, at the scans from first on.
func (in *Intake) foresee(ctx context.Context, ids []string, first time.Time) error {
	look, err := in.looker(ctx)
	if err != nil {
		return err
	}
	in.outlook.mu.Lock()
	days := in.outlook.days
	in.outlook.mu.Unlock()
	return in.Store.View(ctx, func(tx store.Tx) error {
		b := in.batchAt(readOnly{tx}, Live, first)
		for _, id := range ids {
			if err := ctx.Err(); err != nil {
				return err
			}
			s, err := b.sheet(id)
			if err != nil {
				return err
			}
			at, err := b.firstMove(s, first, days, look)
			if err != nil {
				return err
			}
			b.in.outlook.mu.Lock()
			if s.acct.Known {
				b.in.outlook.next[id] = at
			}
			b.in.outlook.mu.Unlock()
			delete(b.sheets, id)
		}
		return b.broken
	})
}

// firstMove is the first scan at which look would write for s, or the first that
// was not looked at. Between two looks no answer changes: they are of each day.
func (b *batch) firstMove(s *sheet, first time.Time, days int, look func(*batch, *sheet) error) (time.Time, error) {
	if !s.acct.Known {
		return first, nil
	}
	byMoment, err := b.byMoment(s)
	if err != nil || byMoment {
		return first, err
	}
	zone, _ := b.in.place(b.record(s))
	at := first
	for range days {
		b.now, s.series = at, nil
		moves, err := b.would(s, look)
		if err != nil || moves {
			return at, err
		}
		at = b.in.scanFrom(nextDay(at, zone))
	}
	return at, nil
}

// byMoment reports whether the clock may change something of s within a day.
func (b *batch) byMoment(s *sheet) (bool, error) {
	if b.watch.moments {
		return true, nil
	}
	runs, err := b.runs(s)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(runs, func(e store.Enrollment) bool {
		p, err := b.in.ByDigest(e.Digest)
		return err != nil || endsByMoment(p)
	}), nil
}

func endsByMoment(p *playbooks.Playbook) bool {
	return p.Goal != nil && byMoment(readsOf(p.Goal.When)) || slices.ContainsFunc(p.Exits, func(x playbooks.Exit) bool {
		return byMoment(readsOf(x.When))
	})
}

// nextDay is when the next day begins after t, in zone or in UTC.
func nextDay(t time.Time, zone *time.Location) time.Time {
	utc := t.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
	local := calendar.AddDays(calendar.StartOfDay(t.In(zone)), 1)
	if local.After(t) && local.Before(utc) {
		return local.UTC()
	}
	return utc
}
