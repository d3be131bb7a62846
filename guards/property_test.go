package guards_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

// The public holidays that the cases meet, as the countries publish them, the
// days on which they are observed instead included.
const (
	american = `2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-07-04 2026-09-07 2026-10-12 2026-11-11
		2026-11-26 2026-12-25 2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-06-19 2027-07-04 2027-07-05
		2027-09-06 2027-10-11 2027-11-11 2027-11-25 2027-12-24 2027-12-25 2027-12-31 2028-01-01 2028-01-17 2028-02-21
		2028-05-29 2028-06-19 2028-07-04 2028-09-04 2028-10-09 2028-11-10 2028-11-11 2028-11-23 2028-12-25`
	german = `2026-01-01 2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-03 2026-12-25 2026-12-26 2027-01-01
		2027-03-26 2027-03-29 2027-05-01 2027-05-06 2027-05-17 2027-10-03 2027-12-25 2027-12-26 2028-01-01 2028-04-14
		2028-04-17 2028-05-01 2028-05-25 2028-06-05 2028-10-03 2028-12-25 2028-12-26`
)

// zones turn their clocks at two in the morning, at midnight, by half an hour, by
// two hours, backwards in summer, or never; some are off by a part of an hour.
var zones = []string{
	"America/New_York", "Europe/Berlin", "Australia/Sydney", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo",
	"America/Havana", "Asia/Beirut", "Antarctica/Troll", "Africa/Casablanca", "Europe/Dublin", "America/St_Johns",
	"Pacific/Chatham", "Asia/Kathmandu", "Asia/Kolkata", "Atlantic/Azores", "UTC",
}

// horizon is how far a case is looked ahead.
const horizon = 40 * 24 * time.Hour

// TestATouchGoesAtTheFirstMomentItMay asks about random touches, and holds each
// answer to the oracle: what Check lets go may go at that minute, and there was no
// minute before it, but for the spread that the documentation names.
func TestATouchGoesAtTheFirstMomentItMay(t *testing.T) {
	t.Parallel()
	const seed = 20260302
	met := map[string]int{}
	few := 1
	if testing.Short() { // the race detector takes fifteen times as long, and looks for something else
		few = 8
	}
	for n := range uint64(2000 / few) {
		o := newCase(t, rand.New(rand.NewPCG(seed, n)))
		met[o.hold(t, fmt.Sprintf("seed %d case %d", seed, n))]++
		if t.Failed() {
			return
		}
	}
	t.Logf("seed %d: %v", seed, met)
	for kind, least := range map[string]int{"go": 300, "at": 500, "at, spread": 200, "caught up": 20, "drop overdue": 10, "park held": 20, "beyond": 5} {
		if met[kind] < least/few {
			t.Errorf("only %d cases were %q; the test sees too little: %v", met[kind], kind, met)
		}
	}
}

// hold holds Check's answer to the oracle's, and names the kind of the case.
func (o *oracle) hold(t *testing.T, name string) string {
	t.Helper()
	d, err := guards.Check(o.Ask)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return ""
	}
	fail := func(want string, at time.Time) string {
		t.Helper()
		t.Errorf("%s: asked at %s: %s (%s), want %s %s\n%s", name, o.Now.In(o.Zone).Format(layout), words(d), d.Detail, want, at.In(o.Zone).Format(layout), o)
		return ""
	}
	if !o.Internal {
		for _, h := range o.Holds {
			if h.Until.IsZero() && (!o.Human || h.Enrollment != o.Enrollment) {
				if d.Kind != guards.Park || d.Reason != "held" {
					return fail("park held", o.Now)
				}
				return "park held"
			}
		}
	}
	at := o.Now
	if d.Kind == guards.At {
		at = d.At
	}
	late, missed := o.late()
	kept := late || o.held(o.Now) && o.Rails.CatchUp != "skip"
	if missed {
		if d.Kind != guards.Drop || d.Reason != "overdue" {
			return fail("drop overdue, due", o.Due)
		}
		return "drop overdue"
	}
	if d.Kind == guards.Park || d.Kind == guards.Drop {
		return fail("a moment", o.Now)
	}
	first, ok := o.first(o.Now, o.Now.Add(horizon))
	switch {
	case !ok && at.Before(first):
		return fail("nothing before", first)
	case !ok:
		return "beyond"
	case !o.may(at):
		return fail("another moment than this; the first is", first)
	case at.Before(first):
		return fail("not before", first)
	case at.After(first.Add(o.spread(first, kept))):
		return fail("not later than the spread after", first)
	case d.Kind == guards.Go:
		return "go"
	case late:
		return "caught up"
	case o.Spread != 0:
		return "at, spread"
	}
	return "at"
}

// late reports whether the touch was kept from its moment for an hour or more, and
// whether its day has passed where the playbook skips what it missed. While it is
// held nobody asks: that comes when the hold has ended.
func (o *oracle) late() (late, missed bool) {
	if o.held(o.Now) || o.Due.IsZero() || o.Now.Sub(o.Due) < time.Hour {
		return false, false
	}
	due := *o
	due.Holds = nil
	natural, ok := due.first(o.Due, o.Now.Add(horizon))
	if !ok || o.Now.Sub(natural) < time.Hour {
		return false, false
	}
	tomorrow := dayOf(natural.In(o.Zone)).plus(1)
	over := reaches(o.Zone, time.Date(tomorrow.y, tomorrow.m, tomorrow.d, 0, 0, 0, 0, time.UTC))
	return true, o.Rails.CatchUp == "skip" && !o.Now.Before(over)
}

// spread is how long after the first moment a touch may go: in the first third of
// a window that opens, or, of what was kept, of what is left of it.
func (o *oracle) spread(first time.Time, kept bool) time.Duration {
	w := o.Rails.Window
	first = first.In(o.Zone)
	minute := first.Hour()*60 + first.Minute()
	switch {
	case o.Spread == 0 || o.Internal:
		return 0
	case kept && w.To <= w.From:
		return time.Hour
	case kept:
		return time.Duration(w.To-minute) * time.Minute / 3
	case w.To > w.From && minute == w.From:
		return time.Duration(w.To-w.From) * time.Minute / 3
	}
	return 0
}

// String is a case, for who has to shrink it by hand.
func (o *oracle) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\t%s, window %s, %s, internal %v, spread %d, due %s, %s, avoid %v (%s, tail %d, fiscal %d)\n", o.Zone, o.Rails.Window, o.Class,
		o.Internal, o.Spread%1000, o.Due.In(o.Zone).Format(layout), o.Rails.CatchUp, o.Rails.Avoid, o.Days.Country, o.Rails.QuarterTail, o.FiscalStart)
	for _, c := range o.Days.Extra {
		fmt.Fprintf(&b, "\tclosed %s to %s\n", c.From.Format(layout), c.To.Format(layout))
	}
	for _, c := range o.Calendars {
		fmt.Fprintf(&b, "\tcalendar %+v\n", c)
	}
	for _, h := range o.Holds {
		fmt.Fprintf(&b, "\theld until %s\n", h.Until.In(o.Zone).Format(layout))
	}
	for i, c := range o.Rails.Caps {
		fmt.Fprintf(&b, "\tcap %d %s in %s; free:", c.Max, c.What, c.In)
		for _, at := range o.free[i] {
			fmt.Fprintf(&b, " %s", at.In(o.Zone).Format(layout))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// newCase draws a touch. All its times are whole minutes, as the oracle's are.
func newCase(t *testing.T, r *rand.Rand) *oracle {
	t.Helper()
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	chance := func(percent int) bool { return r.IntN(100) < percent }
	minutes := func(days int) time.Duration { return time.Duration(r.IntN(days*24*60)) * time.Minute }
	a := ask(t, nil)
	var err error
	if a.Zone, err = time.LoadLocation(zones[r.IntN(len(zones))]); err != nil {
		t.Fatal(err)
	}
	a.Enrollment, a.Days = "e", calendar.Days{Country: pick("US", "DE", "")}
	a.Now = someMoment(r, a.Zone)
	a.Class, a.Channel, a.Internal, a.Human = pick("outreach", "service", "transactional"), pick("email", "phone", "slack"), chance(10), chance(10)
	a.FiscalStart, a.Rails.QuarterTail, a.Rails.FiscalStart = time.Month(r.IntN(13)), r.IntN(15), time.Month(r.IntN(13))
	a.Rails.Avoid, a.Rails.CatchUp = []string{}, pick("next_window", "skip")
	for _, what := range []string{"public_holidays", "quarter_end"} {
		if chance(40) {
			a.Rails.Avoid = append(a.Rails.Avoid, what)
		}
	}
	a.Rails.Window = calendar.Window{}
	if chance(85) {
		a.Rails.Window.From = r.IntN(20 * 60)
		if chance(40) {
			a.Rails.Window.From = r.IntN(4 * 60) // where clocks turn
		}
		a.Rails.Window.To = min(a.Rails.Window.From+1+r.IntN(11*60), 24*60)
		for i := range a.Rails.Window.Days {
			a.Rails.Window.Days[i] = chance(60)
		}
	}
	if chance(30) {
		from := a.Now.Add(minutes(10))
		a.Days.Extra = []calendar.Closed{{Name: "stocktaking", From: from, To: from.AddDate(0, 0, r.IntN(4))}}
	}
	if chance(40) {
		a.Spread = r.Uint64() | 1
	}
	if chance(30) {
		a.Due = a.Now.Add(-minutes(6))
	}
	o := &oracle{Ask: a, known: map[day]string{}, worked: map[day]bool{}, fixed: map[day]bool{}}
	for at := range strings.FieldsSeq(map[string]string{"US": american, "DE": german, "": ""}[a.Days.Country]) {
		when, err := time.Parse(time.DateOnly, at)
		if err != nil {
			t.Fatal(err)
		}
		o.fixed[dayOf(when)] = true
	}
	o.drawCalendars(t, r)
	for range []int{0, 0, 0, 1, 2}[r.IntN(5)] {
		h := store.Hold{ID: fmt.Sprint(len(o.Holds)), Enrollment: pick("e", "other"), By: "Mira", Until: a.Now.Add(minutes(9) - 24*time.Hour)}
		if chance(10) {
			h.Until = time.Time{}
		}
		o.Holds = append(o.Holds, h)
	}
	o.drawCaps(t, r)
	return o
}

// someMoment is often near a change of the clocks, the end of a month or the 29th
// of February.
func someMoment(r *rand.Rand, zone *time.Location) time.Time {
	at := time.Date(2026, 1, 4, 0, 0, 0, 0, zone).Add(time.Duration(r.IntN(1000*24*60)) * time.Minute)
	near := time.Duration(r.IntN(4*24*60)-3*24*60) * time.Minute
	switch _, change := at.ZoneBounds(); r.IntN(4) {
	case 0:
		if !change.IsZero() && change.Year() < 2029 {
			return change.Add(near)
		}
	case 1:
		return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, zone).Add(near)
	case 2:
		if r.IntN(3) == 0 {
			return time.Date(2028, 3, 1, 0, 0, 0, 0, zone).Add(near)
		}
	}
	return at
}

// drawCalendars declares calendars: seasons, closed days, the end of the month,
// and a file with an event of some hours.
func (o *oracle) drawCalendars(t *testing.T, r *rand.Rand) {
	t.Helper()
	for range []int{0, 0, 1, 2}[r.IntN(4)] {
		c := guards.Calendar{Name: "c"}
		at := o.Now.AddDate(0, 0, r.IntN(12)-2).In(o.Zone)
		switch r.IntN(4) {
		case 0:
			to := at.AddDate(0, 0, r.IntN(9))
			c.Seasons = []calendar.Season{{Name: "s", From: calendar.MonthDay{Month: at.Month(), Day: min(at.Day(), 28)}, To: calendar.MonthDay{Month: to.Month(), Day: min(to.Day(), 28)}}}
			if s := c.Seasons[0]; s.From.Month == s.To.Month && s.From.Day > s.To.Day {
				c.Seasons[0].To = s.From // not a season of a year
			}
		case 1:
			c.Closed = []calendar.Closed{{Name: "d", From: at, To: at.AddDate(0, 0, r.IntN(5))}}
		case 2:
			c.Last, c.Of = 1+r.IntN(6), "month"
		case 3:
			from := at.Add(time.Duration(r.IntN(300)) * time.Minute)
			to := from.Add(time.Duration(1+r.IntN(30*60)) * time.Minute)
			c.Events = event(t, from.UTC().Format("20060102T150405Z"), to.UTC().Format("20060102T150405Z"))
			o.events = append(o.events, between{from, to})
		}
		o.Calendars = append(o.Calendars, c)
	}
}

// drawCaps makes caps, and the touches that they count.
func (o *oracle) drawCaps(t *testing.T, r *rand.Rand) {
	t.Helper()
	var touches []time.Time
	for range r.IntN(8) {
		touches = append(touches, o.Now.Add(-time.Duration(r.IntN([]int{2, 9, 60}[r.IntN(3)]*24*60))*time.Minute))
	}
	went(&o.Ask, touches...)
	o.Rails.Caps = nil
	for range []int{0, 1, 2}[r.IntN(3)] {
		spans := []string{"1d", "5d", "2w", "1mo", "2mo", "1bd", "4bd", "72h", "90m"}
		c := guards.Cap{
			Max: 1 + r.IntN(3), What: []string{"email", "touch", "slack", "phone"}[r.IntN(4)], Per: []string{"contact", "account"}[r.IntN(2)],
			In: span(t, spans[r.IntN(len(spans))]),
		}
		o.Rails.Caps = append(o.Rails.Caps, c)
		var free []time.Time
		for _, at := range touches {
			free = append(free, o.frees(c, at))
		}
		o.free = append(o.free, free)
	}
}
