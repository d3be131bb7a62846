package activities_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
	"holdfast/internal/store/memory"
)

// span of time; the end is outside. An end that is zero has not come.
type stretch struct{ from, to time.Time }

func (s stretch) holds(t time.Time) bool {
	return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to))
}

// end ends every stretch that has no end yet.
func end(all []stretch, at time.Time) {
	for i := range all {
		if all[i].to.IsZero() || all[i].to.After(at) {
			all[i].to = at
		}
	}
}

// walks is a few runs of one playbook on one account, with everything that came
// between, kept so that it can be judged afterwards.
type walks struct {
	*world
	r      *rand.Rand
	name   string
	zone   *time.Location
	window calendar.Window
	most   int           // of a cap, in
	in     time.Duration // which nobody may get more
	spread bool
	closed []calendar.Closed

	runs    []*run
	rivals  map[string]*run
	held    []stretch
	rivaled []stretch
	stopped []stretch
	down    []stretch            // the process was away
	seen    map[string]time.Time // when a walk first came to a touch
	kills   int
	kept    int // touches that did not go when they were seen
}

// TestRandomWalksSendOnceInTheWindowAndAsSoonAsTheyMay lets runs go through holds,
// stronger lanes, stops, jumps of the clock and deaths between claim and record, and
// holds every message to the window by the wall clock, to the cap, to what bound
// the account at that minute, and to the first moment at which nothing did.
func TestRandomWalksSendOnceInTheWindowAndAsSoonAsTheyMay(t *testing.T) {
	t.Parallel()
	const seed = 20260329
	kills, kept, sent := 0, 0, 0
	few := 1
	if testing.Short() { // the race detector takes fifteen times as long, and looks for something else
		few = 6
	}
	for n := range uint64(300 / few) {
		w := newWalks(t, seed, n)
		w.play()
		w.judge()
		kills, kept, sent = kills+w.kills, kept+w.kept, sent+len(w.email.sent)
		if t.Failed() {
			return
		}
	}
	t.Logf("seed %d: %d messages, %d touches kept back, %d deaths between claim and record", seed, sent, kept, kills)
	if sent < 1200/few || kept < 500/few || kills < 100/few {
		t.Error("the test sees too little")
	}
}

func newWalks(t *testing.T, seed, n uint64) *walks {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, n))
	w := &walks{r: r, name: fmt.Sprintf("seed %d walk %d", seed, n), rivals: map[string]*run{}, seen: map[string]time.Time{}, spread: r.IntN(2) == 0}
	zones := []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo", "America/Santiago", "Asia/Kathmandu", "America/Havana"}
	zone := zones[r.IntN(len(zones))]
	var err error
	if w.zone, err = time.LoadLocation(zone); err != nil {
		t.Fatal(err)
	}
	rails := "send_window: always"
	if r.IntN(8) > 0 {
		names, days := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, []string{}
		for _, i := range r.Perm(7)[:3+r.IntN(4)] {
			w.window.Days[i], days = true, append(days, names[i])
		}
		w.window.From = r.IntN(20 * 60)
		w.window.To = min(w.window.From+3+r.IntN(9*60), 24*60-1)
		rails = fmt.Sprintf("send_window: {days: [%s], hours: %q, timezone: contact}", strings.Join(days, ", "), w.window.String()[strings.LastIndex(w.window.String(), " ")+1:])
	}
	w.most, w.in = 1+r.IntN(2), time.Duration(12+r.IntN(30))*time.Hour
	rails += fmt.Sprintf(", avoid: [public_holidays], caps: [{max: %d, what: email, in: %dh, per: %s}]", w.most, int(w.in/time.Hour), []string{"contact", "account"}[r.IntN(2)])
	mail := "  - {id: %s, email: hello, to: [contacts.champion]}\n"
	steps := "steps:\n"
	for _, id := range []string{"one", "two", "three"} {
		steps += fmt.Sprintf("  - {id: wait_%s, wait: %s}\n"+mail, id, []string{"1d", "30h", "3d", "45m"}[r.IntN(4)], id)
	}
	text := strings.Replace(book("nudge", "lane: win-back\n"+steps), "send_window: always, avoid: [], caps: []", rails, 1)
	w.world = newWorldIn(t, memory.New(), text)
	w.laneOrder()
	w.publish(book("save", "lane: save\nsteps:\n  - {id: talk, wait: "+fmt.Sprint(1+r.IntN(60))+"h}\n"))
	start := someHour(r, w.zone)
	if r.IntN(3) == 0 {
		from := start.AddDate(0, 0, r.IntN(6))
		w.closed = []calendar.Closed{{Name: "away", From: from, To: from.AddDate(0, 0, r.IntN(4))}}
	}
	project := w.config.Project
	w.config.Project = func() activities.Project {
		p := project()
		p.Spread, p.Closed = w.spread, w.closed
		return p
	}
	w.wire()
	w.clock.Move(start)
	w.update(func(tx store.Tx) error {
		return tx.PutContact(store.Contact{ID: "dana", Account: "acme", Fields: fields(
			"email", "dana@acme.test", "first_name", "Dana", "role", "champion", "timezone", zone)})
	})
	w.email.fail = func(m holdfast.Outbound) error {
		if r.IntN(10) > 0 {
			return nil
		}
		if r.IntN(2) == 0 {
			w.email.arrives(m)
		}
		w.email.mu.Unlock() // the process takes its locks with it
		defer w.email.mu.Lock()
		panic(crash{"between claim and record"})
	}
	return w
}

// someHour is often the day before the clocks change, or before a month ends. It is
// after the world began.
func someHour(r *rand.Rand, zone *time.Location) time.Time {
	at := time.Date(2026, 4, 1, r.IntN(24), r.IntN(60), 0, 0, zone).AddDate(0, 0, r.IntN(900))
	switch _, change := at.ZoneBounds(); {
	case r.IntN(2) == 0 && !change.IsZero():
		return change.Add(-time.Duration(r.IntN(3*24*60)) * time.Minute)
	case r.IntN(2) == 0:
		return time.Date(at.Year(), at.Month()+1, 0, at.Hour(), at.Minute(), 0, 0, zone).AddDate(0, 0, -r.IntN(3))
	}
	return at
}

// play lets time pass: something comes between every few hours, and in the end all
// that binds is taken away.
func (w *walks) play() {
	w.t.Helper()
	begin := w.clock.Now()
	for i := range 1 + w.r.IntN(2) {
		w.runs = append(w.runs, w.start("nudge", fmt.Sprint(i)))
	}
	for range 4 + w.r.IntN(8) {
		w.until(w.clock.Now().Add(time.Duration(1+w.r.IntN(40*60)) * time.Minute))
		w.happen()
	}
	w.free()
	if w.until(begin.AddDate(0, 0, 150)); len(w.active()) > 0 {
		w.t.Errorf("%s: %d runs are lost: %s", w.name, len(w.active()), w.active()[0].Doing)
	}
}

// happen is one thing that comes between.
func (w *walks) happen() {
	w.t.Helper()
	now := w.clock.Now()
	switch w.r.IntN(7) {
	case 0, 1:
		var until time.Time
		if w.r.IntN(3) > 0 {
			until = now.Add(time.Duration(1+w.r.IntN(70*60)) * time.Minute)
		}
		if _, err := activities.HoldAccount(w.t.Context(), w.store, "acme", "Mira", "talks", func(time.Time) time.Time { return until }, now); err != nil {
			w.t.Fatal(err)
		}
		w.held = append(w.held, stretch{now, until})
	case 2:
		w.release(now)
	case 3:
		one := w.start("save", now.Format(time.RFC3339))
		w.rivals[one.id] = one
		w.rivaled = append(w.rivaled, stretch{from: now})
		w.runs = append(w.runs, one)
	case 4:
		if err := activities.StopAll(w.t.Context(), w.store, "max"); err != nil {
			w.t.Fatal(err)
		}
		w.stopped = append(w.stopped, stretch{from: now})
	case 5:
		w.resume(now)
	case 6:
		back := now.Add(time.Duration(1+w.r.IntN(4*24*60)) * time.Minute)
		w.down = append(w.down, stretch{now, back})
		w.clock.Move(back)
	}
}

func (w *walks) free() {
	w.t.Helper()
	w.release(w.clock.Now())
	w.resume(w.clock.Now())
}

func (w *walks) release(now time.Time) {
	w.t.Helper()
	if _, err := activities.ReleaseAccount(w.t.Context(), w.store, "acme", "Mira", false, now); err != nil {
		w.t.Fatal(err)
	}
	end(w.held, now)
}

func (w *walks) resume(now time.Time) {
	w.t.Helper()
	if err := activities.ResumeAll(w.t.Context(), w.store, now); err != nil {
		w.t.Fatal(err)
	}
	end(w.stopped, now)
}

// until lets runs go on as the conductor would; a process that dies comes back at
// once and is asked the same again.
func (w *walks) until(end time.Time) {
	w.t.Helper()
	for range 10_000 {
		next, moved := end, false
		for _, r := range w.runs {
			e := r.row()
			switch {
			case e.Status != "active":
			case e.Woken != e.Echoed || !e.Due.IsZero() && !e.Due.After(w.clock.Now()):
				w.advance(r)
				moved = true
			case !e.Due.IsZero() && e.Due.Before(next):
				next = e.Due
			}
		}
		switch {
		case moved:
		case next.After(w.clock.Now()):
			w.clock.Move(next)
		default:
			return
		}
	}
	w.t.Fatalf("%s: time does not pass", w.name)
}

func (w *walks) advance(r *run) {
	w.t.Helper()
	r.n = r.row().Woken
	step := r.step()
	for survive(w.t, func() { r.advanceTo(step) }) {
		w.kills++
		w.wire()
	}
	switch at := r.id + "/" + r.last.State.At; {
	case w.rivals[r.id] != nil:
		if r.last.Over {
			w.over(r)
		}
	case r.last.State.Wait == nil || strings.HasPrefix(r.last.State.At, "wait_"):
	case w.seen[at].IsZero():
		w.seen[at] = w.clock.Now()
	}
}

// over ends the stretch of a rival.
func (w *walks) over(r *run) {
	began := r.row().StartedAt
	for i := range w.rivaled {
		if w.rivaled[i].from.Equal(began) {
			w.rivaled[i].to = w.clock.Now()
		}
	}
}
