package calendar_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/internal/calendar"
)

// nine is nine to five in Berlin.
var nine = calendar.Work{Days: calendar.Days{Country: "DE"}, Hours: calendar.Window{From: 9 * 60, To: 17 * 60}}

func TestAClockRunsInWorkingTimeOnly(t *testing.T) {
	t.Parallel()
	sunday := nine
	sunday.Hours.Days = [7]bool{time.Sunday: true, time.Monday: true, time.Tuesday: true}
	for _, tc := range []struct {
		work          calendar.Work
		at, span, end string
	}{
		{nine, "2026-03-02 10:00", "2bd", "2026-03-04 10:00"},
		{nine, "2026-03-06 16:00", "4h", "2026-03-09 12:00"},  // one hour of Friday, three of Monday
		{nine, "2026-03-06 23:30", "2bd", "2026-03-11 09:00"}, // it starts on Monday at nine
		{nine, "2026-03-07 12:00", "1h", "2026-03-09 10:00"},
		{nine, "2026-03-02 10:00", "72h", "2026-03-13 10:00"}, // nine days of eight hours
		{nine, "2026-03-02 09:00", "8h", "2026-03-02 17:00"},
		{nine, "2026-04-02 10:00", "1bd", "2026-04-07 10:00"}, // over Good Friday and Easter Monday
		{nine, "2026-03-05 10:00", "2d", "2026-03-09 09:00"},  // Saturday is none of theirs
		{nine, "2026-03-27 16:00", "2h", "2026-03-30 10:00"},  // over the change to summer time
		{sunday, "2026-03-03 10:00", "1bd", "2026-03-08 10:00"},
		{calendar.Work{}, "2026-03-06 23:30", "1h", "2026-03-09 00:30"},
		{calendar.Work{}, "2026-03-06 12:00", "1bd", "2026-03-09 12:00"},
	} {
		span, err := calendar.ParseSpan(tc.span)
		if err != nil {
			t.Fatal(err)
		}
		zone := mustZone(t, "Europe/Berlin")
		at, err := time.ParseInLocation("2006-01-02 15:04", tc.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := tc.work.Add(at, span).Format("2006-01-02 15:04"); got != tc.end {
			t.Errorf("%s after %s is %s, want %s", tc.span, tc.at, got, tc.end)
		}
	}
}

func TestWorkWithoutADayOfWorkEnds(t *testing.T) {
	t.Parallel()
	shut := nine
	shut.Days.Extra = []calendar.Closed{{Name: "for good", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}}
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	if got := shut.Next(at); !got.Equal(at) {
		t.Errorf("the next moment of work is %s, want %s for want of one", got, at)
	}
}

// Whatever the span, zone and hours: it ends at work, and never before it began.
func TestWorkEndsAtWork(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 11))
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"}
	countries := []string{"DE", "US", "AU", "", "BR"}
	for range 2000 {
		n := r.IntN(len(zones))
		w := calendar.Work{Days: calendar.Days{Country: countries[n]}, Hours: calendar.Window{From: r.IntN(12 * 60)}}
		w.Hours.To = w.Hours.From + 60 + r.IntN(11*60)
		w.Hours.Days[r.IntN(7)], w.Hours.Days[r.IntN(7)] = true, true
		at := time.Unix(1_700_000_000+r.Int64N(200_000_000), 0).In(mustZone(t, zones[n]))
		span := []calendar.Span{{Business: r.IntN(20)}, {Dur: time.Duration(r.IntN(200)) * time.Minute}, {Days: r.IntN(40)}}[r.IntN(3)]
		end := w.Add(at, span)
		closing := w.Window()
		closing.To++ // the last moment of a day is one to be done by
		if end.Before(at) || !closing.Contains(end) || !w.On(end) {
			t.Fatalf("%+v after %s in %s ends at %s", span, at, w.Window(), end)
		}
	}
}

func mustZone(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := calendar.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}
