package guards_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/guards"
)

// wake is a touch that comes at a moment.
type wake struct {
	at     time.Time
	touch  int
	domain string
	past   map[string]bool
	day    string
}

type wakes []wake

func (w wakes) Len() int           { return len(w) }
func (w wakes) Less(i, j int) bool { return w[i].at.Before(w[j].at) }
func (w wakes) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *wakes) Push(x any)        { *w = append(*w, x.(wake)) }
func (w *wakes) Pop() any {
	last := (*w)[len(*w)-1]
	*w = (*w)[:len(*w)-1]
	return last
}

// city is a provider and two domains behind it, with what each remembers.
type city struct {
	t      *testing.T
	queues map[string]guards.Queue
	taken  map[string]int
	perDay int
	late   func() time.Duration // how much later than asked a touch comes

	went     map[string][]time.Time // by queue
	days     map[string]int
	promised []time.Time
	comes    int // how often a touch came
}

func newCity(t *testing.T, every map[string]time.Duration, perDay int) *city {
	t.Helper()
	c := &city{t: t, queues: map[string]guards.Queue{}, taken: map[string]int{}, perDay: perDay, went: map[string][]time.Time{}, days: map[string]int{}, late: func() time.Duration { return 0 }}
	for key, e := range every {
		c.queues[key] = guards.Queue{Key: key, Every: e, Limit: key}
	}
	return c
}

// run lets touches come until all have gone.
func (c *city) run(first wakes) {
	c.t.Helper()
	heap.Init(&first)
	for first.Len() > 0 {
		if c.comes++; c.comes > 200_000 {
			c.t.Fatal("touches go round for ever")
		}
		w := heap.Pop(&first).(wake)
		p := &guards.Pace{}
		for _, key := range []string{"all", w.domain} {
			if q, ok := c.queues[key]; ok {
				q.Past = w.past[key]
				p.Queues = append(p.Queues, q)
			}
		}
		if c.perDay > 0 {
			p.Days = &guards.Days{Zone: time.UTC, Limit: func(time.Time) int { return c.perDay }, Taken: c.taken, Booked: w.day}
		}
		d, err := guards.Check(guards.Ask{Now: w.at, Class: "service", Channel: "email", Pace: p})
		if err != nil {
			c.t.Fatal(err)
		}
		switch {
		case d.Kind == guards.Go:
			p.Take(w.at)
			for _, q := range p.Queues {
				c.went[q.Key] = append(c.went[q.Key], w.at)
			}
			c.days[w.at.Format(time.DateOnly)]++
		case d.Kind == guards.At && d.Reason == "pace" && d.Detail != "" && p.Book(d):
			c.promised = append(c.promised, d.At)
			w.past = map[string]bool{}
			if p.Days != nil {
				w.day = p.Days.Booked
			}
			for _, q := range p.Queues {
				w.past[q.Key] = q.Past
			}
			w.at = d.At.Add(c.late())
			heap.Push(&first, w)
		default:
			c.t.Fatalf("%+v; want a moment of its own", d)
		}
		for _, q := range p.Queues {
			c.queues[q.Key] = q
		}
	}
}

// holds fails unless each stretch of time has at most what Burst allows.
func (c *city) holds() {
	c.t.Helper()
	for key, at := range c.went {
		slices.SortFunc(at, time.Time.Compare)
		every := c.queues[key].Every
		for _, stretch := range []time.Duration{0, time.Second, 10 * time.Second, time.Minute, time.Hour} {
			most := int((stretch+guards.Burst)/every) + 1
			for i, from := range at {
				n := 0
				for _, t := range at[i:] {
					if t.Sub(from) <= stretch {
						n++
					}
				}
				if n > most {
					c.t.Fatalf("%s: %d in the %s from %s on, %d are the most", key, n, stretch, from, most)
				}
			}
		}
	}
}

func at(seconds float64) time.Time {
	return time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func TestAThousandThatWaitGetAThousandMoments(t *testing.T) {
	t.Parallel()
	c := newCity(t, map[string]time.Duration{"all": 100 * time.Millisecond}, 0)
	var all wakes
	for i := range 1000 {
		all = append(all, wake{at: at(0), touch: i})
	}
	c.run(all)
	c.holds()
	slices.SortFunc(c.promised, time.Time.Compare)
	if n := len(slices.Compact(slices.Clone(c.promised))); n != len(c.promised) || n < 970 {
		t.Errorf("%d promises, %d moments; want all but the first two seconds' worth to wait, each for its own", len(c.promised), n)
	}
	if c.comes != 1000+len(c.promised) {
		t.Errorf("touches came %d times for %d promises: one came for nothing", c.comes, len(c.promised))
	}
	if last := c.went["all"][999].Sub(at(0)); last < 97*time.Second || last > 100*time.Second {
		t.Errorf("the last went after %s, want about 98 s: nothing is wasted", last)
	}
}

// TestLimitsHoldInAnyStretchOfTime draws arrivals, lateness and downtimes.
func TestLimitsHoldInAnyStretchOfTime(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 9))
		c := newCity(t, map[string]time.Duration{
			"all": time.Duration(50+r.IntN(3000)) * time.Millisecond, "gmail.com": time.Duration(1+r.IntN(20)) * time.Second, "acme.test": time.Duration(1+r.IntN(20)) * time.Second,
		}, 0)
		most := time.Duration(r.IntN(30)) * time.Second
		down := at(60 + 600*r.Float64())
		c.late = func() time.Duration {
			if most == 0 {
				return 0
			}
			return time.Duration(r.Int64N(int64(most)))
		}
		var all wakes
		for i := range 200 {
			w := wake{at: at(300 * r.Float64()), touch: i, domain: []string{"gmail.com", "acme.test", "else.test"}[r.IntN(3)]}
			if w.at.After(down) {
				w.at = down.Add(20 * time.Minute) // what fell into a downtime comes at its end
			}
			all = append(all, w)
		}
		c.run(all)
		c.holds()
		if n := len(c.went["all"]); n != 200 {
			t.Errorf("seed %d: %d of 200 went", seed, n)
		}
		if c.comes > 200*12 {
			t.Errorf("seed %d: 200 touches came %d times", seed, c.comes)
		}
	}
}

func TestASlowDomainHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	c := newCity(t, map[string]time.Duration{"all": 10 * time.Millisecond, "gmail.com": time.Minute}, 0)
	var all wakes
	for i := range 100 {
		all = append(all, wake{at: at(0), touch: i, domain: "gmail.com"})
	}
	for i := range 50 {
		all = append(all, wake{at: at(10 + float64(i)), touch: 100 + i, domain: "acme.test"})
	}
	c.run(all)
	c.holds()
	on := 0
	for i := range 50 {
		if slices.ContainsFunc(c.went["all"], func(w time.Time) bool { return w.Equal(at(10 + float64(i))) }) {
			on++
		}
	}
	if on != 50 {
		t.Errorf("%d of 50 mails to another domain went at their moment", on)
	}
}

func TestDaysAreFilledInOrder(t *testing.T) {
	t.Parallel()
	c := newCity(t, nil, 7)
	var all wakes
	for i := range 30 {
		all = append(all, wake{at: at(float64(i)), touch: i})
	}
	c.run(all)
	want := map[string]int{"2026-12-01": 7, "2026-12-02": 7, "2026-12-03": 7, "2026-12-04": 7, "2026-12-05": 2}
	if fmt.Sprint(c.days) != fmt.Sprint(want) || c.comes != 30+23 {
		t.Errorf("days %v after %d comings, want %v after 53: who waits has a place in a day", c.days, c.comes, want)
	}
}

func TestAProvidersWishKeepsEverybodyOut(t *testing.T) {
	t.Parallel()
	until := at(600)
	q := guards.Queue{Key: "all", Limit: "a wish"}
	q.LeaveAlone(until)
	c := newCity(t, nil, 0)
	c.queues["all"] = q
	var all wakes
	for i := range 40 {
		w := wake{at: at(float64(i)), touch: i}
		if i%2 == 0 {
			w.past = map[string]bool{"all": true} // had waited for an earlier wish
		}
		all = append(all, w)
	}
	c.run(all)
	if n := len(c.went["all"]); n != 40 || c.went["all"][0].Before(until) {
		t.Errorf("%d went, the first at %s; want 40, none before %s", n, c.went["all"][0], until)
	}
	c.run(wakes{{at: at(700)}})
	if last := c.went["all"][40]; !last.Equal(at(700)) {
		t.Errorf("who comes later goes at %s, want at once", last)
	}
}

func TestAPaceMovesIntoTheWindow(t *testing.T) {
	t.Parallel()
	a := ask(t, func(a *guards.Ask) {
		a.Now = local(t, *a, "2026-03-05 16:29")
		a.Spread = 7*150 + 33
		a.Pace = &guards.Pace{Queues: []guards.Queue{{Key: "k", Limit: "at most 5", Every: time.Minute, Tail: local(t, *a, "2026-03-05 17:00")}}}
	})
	d, err := guards.Check(a)
	if err != nil || d.Reason != "send_window" || d.At.Format(layout) != "Mon 2026-03-09 09:33" || d.Detail == "" || len(d.Shifts) != 2 || d.Shifts[0].Reason != "pace" {
		t.Errorf("%+v, %v; want the next opening, spread", d, err)
	}
	before := a.Pace.Queues[0]
	if a.Pace.Book(d); a.Pace.Queues[0] != before {
		t.Error("a place was taken that nobody comes to")
	}
}
