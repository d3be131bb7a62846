package intake

import (
	"math/bits"
	"slices"
	"time"
)

// A feed is known by the hours in which something of it came: whether it came at
// all in an hour is enough, and the hours of four weeks are a small document.

const (
	heardDays  = 28      // of which the hours are kept
	learnedIn  = 14 * 24 // hours on record before a feed is judged
	fewestGaps = 5       // and as many gaps between them
	weekHours  = 7 * 24
)

// heard are the hours in which something of a feed came: by day (UTC), a bit for
// each hour.
type heard map[string]uint32

// note adds the hour of t, and forgets what is more than four weeks before it.
func (h heard) note(t time.Time) {
	t = t.UTC()
	h[t.Format(time.DateOnly)] |= 1 << t.Hour()
	first := t.AddDate(0, 0, -heardDays).Format(time.DateOnly)
	for day := range h {
		if day < first {
			delete(h, day)
		}
	}
}

// hours are those of the record, since 1970, in order.
func (h heard) hours() (all []int) {
	for day, set := range h {
		midnight, err := time.Parse(time.DateOnly, day)
		if err != nil {
			continue
		}
		for ; set != 0; set &= set - 1 {
			all = append(all, hourOf(midnight)+bits.TrailingZeros32(set))
		}
	}
	slices.Sort(all)
	return all
}

// last is the last hour of the record.
func (h heard) last() (hour int, ok bool) {
	all := h.hours()
	if len(all) == 0 {
		return 0, false
	}
	return all[len(all)-1], true
}

func hourOf(t time.Time) int { return int(t.Unix() / 3600) }

// silence is how a feed has been silent: Missed hours beyond Most is too long.
type silence struct {
	Last         int // the last hour in which something came
	Missed, Most float64
	Than         string // the time it may be silent, where settings say it
}

func (s silence) beyond() bool { return s.Missed >= s.Most }

// since is the end of the last hour in which something came.
func (s silence) since() time.Time { return time.Unix(int64(s.Last+1)*3600, 0).UTC() }

// silent reckons how long the feed has been silent, in hours that it has missed: an
// hour counts as often as something came in that hour of the week, so that a night
// or a weekend without messages counts nothing where it never has any. Most is
// twice what it missed between two messages before, the longest but one, so that
// one failure or holiday does not count as usual; and not less than half the hours
// of a usual day, which are taken to be between one and three. ok is false before
// there is enough to tell.
func (h heard) silent(now time.Time) (s silence, ok bool) {
	all := h.hours()
	if len(all) <= fewestGaps || all[len(all)-1]-all[0] < learnedIn {
		return s, false
	}
	first, last := all[0], all[len(all)-1]
	var came, passed [weekHours]float64
	for _, hour := range all {
		came[hour%weekHours]++
	}
	for hour := first; hour <= last; hour++ {
		passed[hour%weekHours]++
	}
	missed := func(from, to int) (sum float64) { // both left out
		for hour := from + 1; hour < to; hour++ {
			if k := hour % weekHours; passed[k] > 0 {
				sum += came[k] / passed[k]
			}
		}
		return sum
	}
	gaps := make([]float64, 0, len(all)-1)
	for i, hour := range all[1:] {
		gaps = append(gaps, missed(all[i], hour))
	}
	slices.Sort(gaps)
	day := float64(len(all)) / float64(len(h))
	s.Last, s.Missed = last, missed(last, hourOf(now))
	s.Most = max(2*gaps[len(gaps)-2], min(max(day/2, 1), 3))
	return s, true
}
