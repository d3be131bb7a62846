package privacy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/internal/project"
	"holdfast/internal/store"
	"holdfast/rules"
)

// sweepEvery is how often what is old is looked for.
const sweepEvery = 24 * time.Hour

// metaSwept is when it was looked for last.
const metaSwept = "retention_swept"

// announcements are events of all accounts. They are intake's, and no rows of a kind
// that the store knows.
const announcements = "announcements"

// Period is for how long a kind of row is kept.
type Period struct {
	Name string // as the settings call it
	what string
	Span calendar.Span // zero: for ever
}

// Periods of a project, in the order in which they are looked at.
func Periods(r project.Retention) []Period {
	return []Period{
		{"delivered", store.OldDelivered, r.Delivered},
		{"messages", store.OldMessages, r.Messages},
		{"timeline", store.OldTimeline, r.Timeline},
		{"ended_enrollments", store.OldEnded, r.Ended},
		{"events", store.OldEvents, r.Events},
		{announcements, announcements, r.Events}, // those that are over; no setting of their own
		{"audit", store.OldAudit, r.Audit},
		{"waiting", store.OldParked, calendar.Span{Text: strconv.Itoa(intake.ParkedDays) + "d", Days: intake.ParkedDays}}, // no setting: whoever hands in may rely on it
	}
}

// choices of contacts bind them for ever.
var choices = []string{holdfast.EventOptedOut, holdfast.EventOptedIn, holdfast.EventPaused, holdfast.EventComplained, holdfast.EventBounced}

func (p Period) old(set *rules.Set, now time.Time) store.Old {
	return store.Old{What: p.what, Before: p.Span.Sub(now, calendar.Days{}), Keep: slices.Concat(choices, set.Lasting())}
}

// Older counts the rows of each period, by its name, that would be removed now.
func Older(ctx context.Context, st store.Store, r project.Retention, set *rules.Set, now time.Time) (map[string]int, error) {
	counts := map[string]int{}
	for _, p := range Periods(r) {
		counts[p.Name] = 0
		if p.Span.Zero() {
			continue
		}
		for after := ""; ; {
			next, n, err := prune(ctx, st.View, p.old(set, now), after, true)
			if err != nil {
				return nil, err
			}
			counts[p.Name] += n
			if after = next; next == "" {
				break
			}
		}
	}
	return counts, nil
}

func prune(ctx context.Context, run func(context.Context, func(store.Tx) error) error, o store.Old, after string, dry bool) (next string, n int, err error) {
	err = run(ctx, func(tx store.Tx) error {
		if o.What != announcements {
			next, n, err = tx.Prune(o, after, dry)
			return err
		}
		var more bool
		if more, n, err = intake.PruneAnnouncements(tx, o.Before, dry); more {
			next = announcements // what was removed is no longer in the way
		}
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("remove what is old: %w", err)
	}
	return next, n, nil
}

// Pruner removes once a day what is older than a project keeps, a page at each
// Fire, so that whoever drives it breathes between pages. It is a conductor.Source,
// for one goroutine; several processes do no harm to each other.
type Pruner struct {
	Store    store.Store
	Settings func() (project.Retention, *rules.Set)

	known bool
	last  time.Time // when the last sweep began
	at    int       // which period is looked at
	after string
	gone  map[string]any // by period, how many rows this sweep has removed
}

// Next is at once during a sweep, else a day after the last.
func (p *Pruner) Next(ctx context.Context) (time.Time, bool, error) {
	if !p.known {
		err := p.Store.View(ctx, func(tx store.Tx) error {
			text, err := tx.MetaGet(metaSwept)
			if err != nil || text == "" {
				return err
			}
			p.last, err = time.Parse(time.RFC3339, text)
			return err
		})
		if err != nil {
			return time.Time{}, false, fmt.Errorf("read when what is old was removed: %w", err)
		}
		p.known = true
	}
	if p.at > 0 || p.after != "" {
		return p.last, true, nil
	}
	return p.last.Add(sweepEvery), true, nil
}

// Fire looks at a page, and removes the old rows in it.
func (p *Pruner) Fire(ctx context.Context, now time.Time) error {
	if p.at == 0 && p.after == "" {
		p.last, p.gone = now, map[string]any{}
	}
	keep, set := p.Settings()
	periods := Periods(keep)
	for ; p.at < len(periods); p.at, p.after = p.at+1, "" {
		if periods[p.at].Span.Zero() {
			continue
		}
		o := periods[p.at].old(set, p.last)
		next, n, err := prune(ctx, p.Store.View, o, p.after, true) // who finds nothing keeps no writer waiting
		if err == nil && n > 0 {
			if next, n, err = prune(ctx, p.Store.Update, o, p.after, false); n > 0 {
				before, _ := p.gone[periods[p.at].Name].(int)
				p.gone[periods[p.at].Name] = before + n
			}
		}
		if err != nil {
			return err
		}
		if next != "" {
			p.after = next
			return nil
		}
		if p.at+1 < len(periods) {
			p.at, p.after = p.at+1, ""
			return nil
		}
	}
	p.at, p.after = 0, ""
	return p.Store.Update(ctx, func(tx store.Tx) error {
		if len(p.gone) > 0 {
			if err := store.Audited(ctx, tx, now, "", "retention.remove", "", p.gone); err != nil {
				return err
			}
		}
		return tx.MetaSet(metaSwept, p.last.UTC().Format(time.RFC3339))
	})
}
