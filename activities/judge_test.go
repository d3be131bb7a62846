package activities_test

import (
	"slices"
	"time"

	"holdfast"
	"holdfast/internal/store"
)

// judge looks at all that went, and at each minute at which it did not.
func (w *walks) judge() {
	w.t.Helper()
	arrived := map[string]int{}
	for _, m := range w.email.sent {
		if arrived[m.Touch]++; arrived[m.Touch] > 1 {
			w.t.Errorf("%s: touch %s went twice", w.name, m.Touch)
		}
	}
	var all []store.Touch
	for _, r := range w.runs {
		if w.rivals[r.id] != nil {
			continue
		}
		var mine []store.Touch
		w.update(func(tx store.Tx) (err error) {
			mine, err = tx.TouchesOf(r.id)
			return err
		})
		went := map[string]bool{}
		for _, h := range mine {
			if h.Channel != "email" {
				continue
			}
			all = append(all, h)
			went[h.Step] = h.State == holdfast.Unknown || h.State == holdfast.Sent && arrived[h.ID] == 1
		}
		for _, id := range []string{"one", "two", "three"} {
			if !went[id] {
				w.t.Errorf("%s: %s is lost: %v", w.name, id, r.ledger())
			}
		}
	}
	for _, h := range all {
		w.judgeOne(h, all)
	}
}

func (w *walks) judgeOne(h store.Touch, all []store.Touch) {
	w.t.Helper()
	fail := func(why string, at time.Time) {
		w.t.Helper()
		w.t.Errorf("%s: %s went at %s: %s %s\n%s of %s, %s", w.name, h.Step, h.ClaimedAt.In(w.zone).Format(time.DateTime), why,
			at.In(w.zone).Format("Mon 2006-01-02 15:04:05"), w.window, w.zone, w)
	}
	if !w.open(h.ClaimedAt) || slices.ContainsFunc(w.binding(), func(s stretch) bool { return s.from.Before(h.ClaimedAt) && s.holds(h.ClaimedAt) }) {
		fail("it may not at", h.ClaimedAt)
	}
	if w.full(h, all, h.ClaimedAt) {
		fail("the cap is full at", h.ClaimedAt)
	}
	seen, waited := w.seen[h.Enrollment+"/"+h.Step]
	if !waited {
		return // it went as soon as the walk came to it
	}
	if seen.Before(h.ClaimedAt) {
		w.kept++
	}
	var since time.Time // when nothing was in the way any more
	for m := seen.Truncate(time.Minute); m.Before(h.ClaimedAt); m = m.Add(time.Minute) {
		open, bound := w.open(m), w.bound(m) || w.full(h, all, m)
		switch {
		case m.Before(seen):
		case open && !bound && since.IsZero():
			since = m
			if !w.spread {
				fail("it might have gone at", m)
				return
			}
		case open && !bound && m.Sub(since) > w.tolerance(since):
			fail("it might have gone in time after", since)
			return
		case !open && !since.IsZero() && w.setBack(since, m): // the same window opens once more
		case !open && !since.IsZero() && (w.bound(m.Add(-time.Second)) || w.full(h, all, m.Add(-time.Second))):
			since = time.Time{} // in its last minute another was faster
		case !open && !since.IsZero():
			fail("its window has passed since", since)
			return
		case bound:
			since = time.Time{}
		}
	}
}

// tolerance is a third of what is left of a window, or an hour where there is none.
func (w *walks) tolerance(since time.Time) time.Duration {
	if w.window.To == 0 {
		return time.Hour + time.Minute
	}
	h, m, _ := since.In(w.zone).Clock()
	return time.Duration(w.window.To-h*60-m)*time.Minute/3 + time.Minute
}

// setBack reports whether the wall clock is before the window of since, though
// that was open a moment ago.
func (w *walks) setBack(since, m time.Time) bool {
	since, m = since.In(w.zone), m.In(w.zone)
	return since.YearDay() == m.YearDay() && m.Hour()*60+m.Minute() < w.window.From
}

// open reports whether the window is open by the wall clock, on a day like this.
func (w *walks) open(t time.Time) bool {
	t = t.In(w.zone)
	day := t.Format(time.DateOnly)
	for _, c := range w.closed {
		if c.From.Format(time.DateOnly) <= day && day <= c.To.Format(time.DateOnly) {
			return false
		}
	}
	if w.window.To == 0 {
		return true
	}
	minute := t.Hour()*60 + t.Minute()
	return w.window.Days[t.Weekday()] && w.window.From <= minute && minute < w.window.To
}

// bound reports whether something kept the account's messages back.
func (w *walks) bound(t time.Time) bool {
	return slices.ContainsFunc(w.binding(), func(s stretch) bool { return s.holds(t) })
}

func (w *walks) binding() []stretch { return slices.Concat(w.held, w.rivaled, w.stopped, w.down) }

// full reports whether others than h have used up the cap by a moment.
func (w *walks) full(h store.Touch, all []store.Touch, t time.Time) bool {
	n := 0
	for _, o := range all {
		before := o.ClaimedAt.Before(h.ClaimedAt) || o.ClaimedAt.Equal(h.ClaimedAt) && o.ID < h.ID
		if o.ID != h.ID && before && !o.ClaimedAt.After(t) && o.ClaimedAt.Add(w.in).After(t) {
			n++
		}
	}
	return n >= w.most
}

// String is what came between, for who has to shrink it by hand.
func (w *walks) String() string {
	text := ""
	for _, kind := range []struct {
		name string
		all  []stretch
	}{{"held", w.held}, {"rival", w.rivaled}, {"stopped", w.stopped}, {"down", w.down}} {
		for _, s := range kind.all {
			text += "\n\t" + kind.name + " " + s.from.In(w.zone).Format(time.DateTime) + " to " + s.to.In(w.zone).Format(time.DateTime)
		}
	}
	for id, at := range w.seen {
		text += "\n\tseen " + id[len(id)-6:] + " " + at.In(w.zone).Format(time.DateTime)
	}
	return text
}
