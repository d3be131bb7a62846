package guards_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

// TestEveryGuardAgreesOnTheMomentChecked asks about random touches: what Check
// lets go, now or later, is let go by each guard at that moment, inside the
// window, and never earlier than asked.
func TestEveryGuardAgreesOnTheMomentChecked(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	kinds := map[guards.Kind]int{}
	for range 1500 {
		a := random(t, r)
		d, err := guards.Check(a)
		if err != nil {
			t.Fatal(err)
		}
		kinds[d.Kind]++
		if d.Kind == guards.Drop || d.Kind == guards.Park {
			if d.Reason == "" {
				t.Fatalf("%+v without a reason", d)
			}
			continue
		}
		at := a
		at.Due = time.Time{} // what was late has had its moment found
		if d.Kind == guards.At {
			if !d.At.After(a.Now) || d.Reason == "" || d.Detail == "" {
				t.Fatalf("asked at %s: %+v; want a later moment and its reason", a.Now, d)
			}
			at.Now = d.At
		}
		for _, g := range guards.All {
			if got, err := g.Check(at); err != nil || got.Kind != guards.Go {
				t.Fatalf("Check says %+v, guard %s says %+v, %v", d, g.Name, got, err)
			}
		}
		if !a.Internal && !a.Rails.Window.Contains(at.Now.In(a.Zone)) {
			t.Fatalf("%s is outside %s", at.Now.In(a.Zone), a.Rails.Window)
		}
		if again, err := guards.Check(at); err != nil || again.Kind != guards.Go {
			t.Fatalf("asked again at %s: %+v, %v; want go", at.Now, again, err)
		}
	}
	for _, k := range []guards.Kind{guards.Go, guards.At, guards.Drop} {
		if kinds[k] < 50 {
			t.Errorf("only %d of 1500 asks were answered %d; the test sees too little", kinds[k], k)
		}
	}
}

func random(t *testing.T, r *rand.Rand) guards.Ask {
	t.Helper()
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	chance := func(percent int) bool { return r.IntN(100) < percent }
	a := ask(t, nil)
	zone, err := calendar.Zone(pick("America/New_York", "Asia/Kolkata", "Australia/Sydney", "Europe/Berlin"))
	if err != nil {
		t.Fatal(err)
	}
	a.Zone, a.Days.Country = zone, pick("US", "AU", "DE", "ID", "")
	a.Now = time.Date(2026, 1, 1, r.IntN(24), r.IntN(60), 0, 0, zone).AddDate(0, 0, r.IntN(365))
	a.Class, a.Channel, a.Internal = pick("outreach", "service", "transactional"), pick("email", "phone", "slack"), chance(15)
	a.FiscalStart, a.Rails.QuarterTail = time.Month(r.IntN(13)), r.IntN(15)
	a.Rails.Window = calendar.Window{From: r.IntN(12 * 60)}
	a.Rails.Window.To = a.Rails.Window.From + 1 + r.IntN(11*60)
	for i := range a.Rails.Window.Days {
		a.Rails.Window.Days[i] = chance(70)
	}
	if chance(10) {
		a.Suppressions = []store.Suppression{{Kind: pick("bounced", "erased", "opted_out", "paused")}}
	}
	if chance(10) {
		a.Rests = []store.Rest{{Scope: pick("lane:win-back", "playbook:win-back"), Until: a.Now.AddDate(0, 0, r.IntN(20)-10)}}
	}
	if chance(5) {
		a.Exited = &store.Signal{Kind: "exit", Outcome: "won_back"}
	}
	if chance(50) {
		a.Spread = r.Uint64()
	}
	if chance(20) {
		a.Due = a.Now.Add(-time.Duration(r.IntN(200)) * time.Hour)
		a.Rails.CatchUp = pick("next_window", "skip")
	}
	if chance(20) {
		a.Holds = []store.Hold{{ID: "h", Until: a.Now.Add(time.Duration(r.IntN(300)-50) * time.Hour)}}
	}
	if chance(20) {
		day := calendar.MonthDay{Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(28)}
		a.Calendars = []guards.Calendar{{Name: "c", Seasons: []calendar.Season{{Name: "s", From: day, To: calendar.MonthDay{Month: day.Month, Day: 28}}}}}
	}
	if chance(30) {
		moment := func() time.Time { return a.Now.Add(time.Duration(r.IntN(100)-20) * time.Minute) }
		a.Pace = &guards.Pace{Queues: []guards.Queue{{Key: "k", Limit: "some", Every: time.Minute, Next: moment(), Tail: moment(), Late: moment(), Past: chance(50)}}}
		if chance(50) {
			a.Pace.Days = &guards.Days{Zone: time.UTC, Limit: func(time.Time) int { return 2 }, Taken: map[string]int{a.Now.UTC().Format(time.DateOnly): r.IntN(4)}}
		}
	}
	var touches []time.Time
	for range r.IntN(12) {
		touches = append(touches, a.Now.Add(-time.Duration(r.IntN(60*24*60))*time.Minute).Truncate(time.Microsecond))
	}
	went(&a, touches...)
	for range r.IntN(3) {
		a.Rails.Caps = append(a.Rails.Caps, guards.Cap{
			Max: 1 + r.IntN(3), What: pick("email", "touch", "slack"), Per: pick("contact", "account"), In: span(t, pick("5d", "6w", "1mo", "4bd", "72h")),
		})
	}
	return a
}
