package guards

import (
	"fmt"
	"time"
)

// Pacing waits until the provider, and the one who takes mail in for the
// recipient's domain, may be given another message.
var Pacing = Guard{
	Name:    "pace",
	Summary: "As many messages as the provider or the recipient's domain takes in that time went already, or the provider asked to be left alone; the touch waits for a moment of its own.",
	Set:     "`pace` in `holdfast.yaml`, and the provider's wish after a 429",
	Example: func(a *Ask) {
		a.Pace = &Pace{Queues: []Queue{{Limit: "20 in 1m to gmail.com", Every: 3 * time.Second, Tail: a.Now.Add(90 * time.Second)}}}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Pace == nil {
			return Decision{}, nil
		}
		return a.Pace.check(a.Now, a.Spread), nil
	},
}

// Pace is what the claim transaction read of how fast a channel may go. It is
// used by one goroutine: Take and Book change it, for the transaction to keep.
type Pace struct {
	Queues []Queue // that the touch passes, each at its own speed
	Days   *Days   // how many may go each day; nil: any number
}

// Burst is how much of a queue's time may be used at once: what came a little
// late does not hold up what is on time, and few messages do not wait for the
// next second. In any stretch of time at most (stretch + Burst) / Every + 1
// messages go.
const Burst = 2 * time.Second

// unpaced is the distance of touches that wait in a queue that has no speed of its
// own: one that a provider's wish made.
const unpaced = 100 * time.Millisecond

// Queue is one limit, as virtual scheduling has it (the generic cell rate
// algorithm, ITU-T I.371): a limit is a distance in time, and what is remembered
// is when the next would be due. Two more moments give those who wait a place
// each, so that a thousand of them do not come back at once.
type Queue struct {
	Key   string        // what it is remembered by
	Limit string        // in words
	Every time.Duration // between two messages; 0: only Next counts, and is not moved
	Next  time.Time     // when the next would be due, by those that went
	Tail  time.Time     // when the next who waits comes
	Late  time.Time     // when the next comes who waited here, came too late, and waits again
	Past  bool          // the touch has waited here, or need not
}

// opens is the first moment from t on at which the touch may pass, or is to come.
func (q Queue) opens(t time.Time) time.Time {
	due := q.Next.Add(-Burst)
	if q.Past && !due.After(t) {
		return t
	}
	at := latest(t, due, q.Late)
	if !q.Past {
		at = latest(at, q.Tail)
	}
	return at
}

func latest(all ...time.Time) time.Time {
	last := all[0]
	for _, t := range all {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Days are how many messages may go on each day of a calendar. Those that wait for
// a day have their place in it.
type Days struct {
	Zone   *time.Location
	Limit  func(day time.Time) int // of the day that begins then, at least 1
	Taken  map[string]int          // by day (2006-01-02): gone, and promised
	Booked string                  // the day in which the touch has a place, if any
}

// horizon is how many days a touch may be put off.
const horizon = 3650

// opens is t, or the beginning of the first day later that has room.
func (d *Days) opens(t time.Time) time.Time {
	day := t.In(d.Zone)
	for range horizon {
		if d.room(day) {
			return latest(t, day)
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, d.Zone)
	}
	return day
}

func (d *Days) room(day time.Time) bool {
	name := day.Format(time.DateOnly)
	return d.Booked == name || d.Taken[name] < d.Limit(day)
}

// take promises the touch a place in the day of t, in exchange for the one it has.
func (d *Days) take(t time.Time) {
	name := t.In(d.Zone).Format(time.DateOnly)
	if d.Booked == name {
		return
	}
	d.Drop()
	d.Taken[name]++
	d.Booked = name
}

// Drop gives the place in a day back.
func (d *Days) Drop() {
	if d.Booked != "" && d.Taken[d.Booked] > 0 {
		d.Taken[d.Booked]--
	}
	d.Booked = ""
}

// night is over how long those are spread that wait for a day to begin.
const night = 8 * time.Hour

// check answers for a touch at a moment: the day first, then the queues, whose
// slowest decides.
func (p *Pace) check(now time.Time, spread uint64) Decision {
	if p.Days != nil {
		if at := p.Days.opens(now); at.After(now) {
			day := at.In(p.Days.Zone)
			at = at.Add(time.Duration(spread%uint64(night/time.Minute)) * time.Minute)
			return Decision{Kind: At, At: at.In(now.Location()), Reason: "pace", Detail: fmt.Sprintf("as many messages went as may go in a day; the next day with room is %s, with at most %d", day.Format("Mon 2 Jan 2006"), p.Days.Limit(day))}
		}
	}
	at, slowest := now, Queue{}
	for _, q := range p.Queues {
		if opens := q.opens(now); opens.After(at) {
			at, slowest = opens, q
		}
	}
	if !at.After(now) {
		return Decision{}
	}
	if whole := at.Truncate(time.Microsecond); whole.Before(at) {
		at = whole.Add(time.Microsecond) // as the store keeps it, and not before
	}
	return Decision{Kind: At, At: at.In(now.Location()), Reason: "pace", Detail: slowest.Limit, queue: slowest.Key}
}

// Take counts a message that goes now.
func (p *Pace) Take(now time.Time) {
	for i := range p.Queues {
		if q := &p.Queues[i]; q.Every > 0 {
			q.Next = latest(q.Next, now).Add(q.Every)
		}
	}
	if p.Days != nil {
		p.Days.take(now)
	}
}

// Book keeps the place that d, an answer of Check about this Pace, gives a touch:
// in the queue that it waits for last, and in the day it will go. It reports
// whether there is one to keep.
func (p *Pace) Book(d Decision) bool {
	paced := false
	for _, s := range d.Shifts {
		paced = paced || s.Reason == "pace"
	}
	if d.Kind != At || !paced {
		return false
	}
	for i := range p.Queues {
		if p.Queues[i].Key == d.queue {
			p.Queues[i].book(d.At)
		}
	}
	if p.Days != nil && p.Days.room(d.At.In(p.Days.Zone)) {
		p.Days.take(d.At)
	}
	return true
}

func (q *Queue) book(at time.Time) {
	step := q.Every
	if step == 0 {
		step = unpaced
	}
	if q.Past {
		q.Late = latest(q.Late, at.Add(step))
		return
	}
	q.Tail = latest(q.Tail, at.Add(step))
	q.Past = true
}

// LeaveAlone keeps everybody out of q until a moment, also those who have waited.
func (q *Queue) LeaveAlone(until time.Time) {
	q.Next, q.Tail, q.Late = latest(q.Next, until.Add(Burst)), latest(q.Tail, until), latest(q.Late, until)
}
