package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// Announcements are all that were made, by number. It works beside a running process.
func Announcements(ctx context.Context, st store.Store) (all []Announcement, err error) {
	err = st.View(ctx, func(tx store.Tx) error {
		all = nil
		ds, err := tx.DueBefore(Ever, 0, AnnouncementKinds()...)
		if err != nil {
			return err
		}
		for _, d := range ds {
			a, err := asAnnouncement(d)
			if err != nil {
				return err
			}
			all = append(all, *a)
		}
		slices.SortFunc(all, func(a, b Announcement) int { return int(a.Seq - b.Seq) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list announcements: %w", err)
	}
	return all, nil
}

// StopAnnouncement ends an announcement for good: after its commit nobody enters by
// it, and each account whose moment comes has a line that says who stopped it. Who
// has entered stays. The error is a *holdfast.Error when there is none of that number,
// or it is over.
func StopAnnouncement(ctx context.Context, st store.Store, number int64, by string, now time.Time) (Announcement, error) {
	return answerFan(ctx, st, number, now, func(a *Announcement) error {
		if a.Phase == Done || a.Phase == Stopped {
			return holdfast.Errorf(holdfast.Conflict, "announcement %d is over already: %s", number, a.Phase)
		}
		a.Phase, a.Why = Stopped, "stopped by "+by
		return nil
	})
}

// ResumeAnnouncement lets one go on that asks: who matches enters, spread from now on.
// The error is as of StopAnnouncement.
func ResumeAnnouncement(ctx context.Context, st store.Store, number int64) (Announcement, error) {
	return answerFan(ctx, st, number, time.Time{}, func(a *Announcement) error {
		if a.Phase != Asks {
			return holdfast.Errorf(holdfast.Conflict, "announcement %d asks nothing: it is %s", number, a.Phase)
		}
		a.Phase, a.Why = Entering, ""
		if a.Accounts == 0 { // it asked before anybody was counted
			a.Phase = Counting
		}
		return nil
	})
}

func answerFan(ctx context.Context, st store.Store, number int64, now time.Time, do func(*Announcement) error) (out Announcement, err error) {
	err = st.Update(ctx, func(tx store.Tx) error {
		a, err := readFan(tx, FanOutKey(number))
		if err != nil {
			return err
		}
		if a == nil {
			missing := holdfast.Errorf(holdfast.NotFound, "there is no announcement %d", number)
			missing.Hint = "holdfast announce list shows them"
			return missing
		}
		if err := do(a); err != nil {
			return err
		}
		out = *a
		return writeFan(tx, a, now.UTC())
	})
	return out, err
}

// PruneAnnouncements removes announcements that were over before a moment, so many in
// a transaction that more says whether some are left; dry, it counts all of them.
func PruneAnnouncements(tx store.Playbooks, before time.Time, dry bool) (more bool, n int, err error) {
	most := store.PruneRows
	if dry {
		most = 0
	}
	ds, err := tx.DueBefore(away(before.UTC()).Add(-time.Microsecond), most, overKind)
	if err != nil || dry {
		return false, len(ds), err
	}
	for _, d := range ds {
		if err := tx.DropDue(d.Key); err != nil {
			return false, 0, fmt.Errorf("remove announcement: %w", err)
		}
	}
	return len(ds) == most, len(ds), nil
}

// Reached is what an announcement would do that was made now: who matches, counted
// as its first round does, of so many accounts.
type Reached struct {
	Accounts int     `json:"accounts"`
	Triggers []Reach `json:"triggers"`
}

// TryAnnouncement counts whom an event of all accounts would start playbooks for at a
// moment. It writes nothing. The error is a *holdfast.Error when the message cannot be
// taken.
func (in *Intake) TryAnnouncement(ctx context.Context, m holdfast.Message, at time.Time) (Reached, error) {
	out := Reached{}
	a := &Announcement{Message: m, Phase: Counting}
	for {
		ids, err := in.page(ctx, a.Cursor)
		if err != nil {
			return out, err
		}
		next := *a
		err = in.Store.View(ctx, func(tx store.Tx) error {
			next = *a
			next.Triggers = slices.Clone(a.Triggers)
			b := in.batchAt(readOnly{tx}, Live, at)
			if err := b.announceable(m); err != nil {
				return err
			}
			if next.Triggers == nil {
				next.Triggers = b.reaches(m.Event)
			}
			if err := b.gatherAll(ids); err != nil {
				return err
			}
			for _, id := range ids {
				s, err := b.sheet(id)
				if err != nil {
					return err
				}
				if err := b.reach(&next, s, true); err != nil {
					return err
				}
			}
			return b.broken
		})
		if err != nil {
			return out, err
		}
		a = &next
		a.Looked += len(ids)
		if len(ids) < pageSize {
			return Reached{Accounts: a.Looked, Triggers: a.Triggers}, nil
		}
		a.Cursor = ids[len(ids)-1]
	}
}

// announceable says why m is no announcement that can be taken.
func (b *batch) announceable(m holdfast.Message) error {
	if !b.toAll(m) {
		return holdfast.Errorf(holdfast.Invalid, "%s is not about all accounts", m.Event)
	}
	why := check(m, b.now, true)
	if why == "" {
		if _, err := b.set.Apply(m); err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		return holdfast.Errorf(holdfast.Invalid, "%s: %s", m.Event, why)
	}
	return nil
}
