package calendar_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/internal/calendar"
)

func weekdays(days ...time.Weekday) (w [7]bool) {
	for _, d := range days {
		w[d] = true
	}
	return w
}

func TestWindowsOpenByTheLocalClock(t *testing.T) {
	t.Parallel()
	office := calendar.Window{Days: weekdays(1, 2, 3, 4), From: 9 * 60, To: 16*60 + 30}
	night := calendar.Window{Days: weekdays(0), From: 2 * 60, To: 3 * 60}
	for _, tc := range []struct {
		name       string
		w          calendar.Window
		zone, from string
		want       string
	}{
		{"inside", office, "Asia/Kolkata", "2026-03-05 10:15", "Thu 2026-03-05 10:15"},
		{"before it opens", office, "Asia/Kolkata", "2026-03-05 03:15", "Thu 2026-03-05 09:00"},
		{"its end is outside", office, "Asia/Kolkata", "2026-03-05 16:30", "Mon 2026-03-09 09:00"},
		{"over a weekend with a gap", office, "America/New_York", "2026-03-06 12:00", "Mon 2026-03-09 09:00"},
		{"wholly in a gap waits a week", night, "Europe/Berlin", "2026-03-28 12:00", "Sun 2026-04-05 02:00"},
		{"half in a gap opens after it", calendar.Window{From: 150, To: 200}, "Europe/Berlin", "2026-03-29 00:00", "Sun 2026-03-29 03:00"},
		{"the zero window is open", calendar.Window{}, "Australia/Sydney", "2026-03-28 03:12", "Sat 2026-03-28 03:12"},
		{"without days it is every day", calendar.Window{From: 60, To: 61}, "Australia/Sydney", "2026-03-28 03:12", "Sun 2026-03-29 01:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.w.Next(at(t, tc.from, tc.zone)).Format(local); got != tc.want {
				t.Errorf("next of %s in %s (%s) = %s, want %s", tc.from, tc.zone, tc.w, got, tc.want)
			}
		})
	}
}

// TestNextIsTheFirstMomentInside walks minute by minute around changes of the clock.
func TestNextIsTheFirstMomentInside(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, change := range []struct{ zone, day string }{
		{"America/New_York", "2026-03-07 18:00"}, {"America/New_York", "2026-10-31 18:00"},
		{"Europe/Berlin", "2026-03-28 18:00"}, {"Europe/Berlin", "2026-10-24 18:00"},
		{"Australia/Sydney", "2026-04-04 18:00"}, {"Australia/Lord_Howe", "2026-04-04 18:00"},
		{"Asia/Kolkata", "2026-04-04 18:00"}, {"Pacific/Apia", "2011-12-29 18:00"},
	} {
		start := at(t, change.day, change.zone)
		for range 60 {
			from := r.IntN(4 * 60)
			w := calendar.Window{From: from, To: from + 1 + r.IntN(90)}
			if r.IntN(2) == 0 {
				w.Days[r.IntN(7)] = true
				w.Days[r.IntN(7)] = true
			}
			moment := start.Add(time.Duration(r.IntN(14*60)) * time.Minute)
			want := moment
			for !w.Contains(want) {
				want = want.Add(time.Minute)
			}
			got := w.Next(moment)
			if !got.Equal(want) || !w.Next(got).Equal(got) {
				t.Fatalf("next of %s (%s) = %s, then %s; want %s twice", moment, w, got, w.Next(got), want)
			}
		}
	}
}

func TestQuarterEndIsItsLastBusinessDays(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		day    string
		n      int
		fiscal time.Month
		want   bool
	}{
		{"2026-03-31", 1, 1, true},
		{"2026-03-30", 1, 1, false},
		{"2026-03-18", 10, 1, true},
		{"2026-03-17", 10, 1, false},
		{"2026-03-22", 10, 1, true}, // a Sunday among them
		{"2026-01-31", 5, 1, false},
		{"2026-01-31", 5, 2, true}, // a fiscal year from February; the 31st is a Saturday
		{"2026-01-25", 5, 2, false},
		{"2026-01-26", 5, 2, true},
		{"2026-12-31", 3, 0, true}, // no fiscal start is January
		{"2026-12-31", 0, 1, false},
	} {
		got := calendar.Days{}.QuarterEnd(at(t, tc.day+" 13:00", "Europe/Berlin"), tc.n, tc.fiscal)
		if got != tc.want {
			t.Errorf("%s in the last %d business days, fiscal year from %d = %v, want %v", tc.day, tc.n, tc.fiscal, got, tc.want)
		}
	}
	got := calendar.NextQuarter(at(t, "2026-12-15 13:00", "Australia/Sydney"), 7).Format(local)
	if want := "Fri 2027-01-01 00:00"; got != want {
		t.Errorf("the quarter after 15 December = %s, want %s", got, want)
	}
}

func TestSpansThatAreNone(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]string{
		"":                      `"" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d`,
		"7":                     `"7" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d`,
		"-7d":                   `"-7d" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d`,
		"1.5h":                  `unknown unit ".5h" in "1.5h"; write s, m, h, d, w, mo, y or bd`,
		"7 days":                `unknown unit " days" in "7 days"; write s, m, h, d, w, mo, y or bd`,
		"101y":                  `"101y" is longer than 100 years`,
		"99999999999999999999d": `"99999999999999999999d" is longer than 100 years`,
	} {
		if _, err := calendar.ParseSpan(src); err == nil || err.Error() != want {
			t.Errorf("ParseSpan(%q) = %v, want %s", src, err, want)
		}
	}
}

func TestUnknownZonesSuggestTheRightOne(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"berlin":            `unknown time zone "berlin"; did you mean "Europe/Berlin"?`,
		"America/New York":  `unknown time zone "America/New York"; did you mean "America/New_York"?`,
		"Asia/Kalkota":      `unknown time zone "Asia/Kalkota"; did you mean "Asia/Kolkata"?`,
		"Local":             `unknown time zone "Local"; write a name such as Europe/Berlin`,
		"Mars/Olympus_Mons": `unknown time zone "Mars/Olympus_Mons"; write a name such as Europe/Berlin`,
	} {
		if _, err := calendar.Zone(name); err == nil || err.Error() != want {
			t.Errorf("Zone(%q) = %v, want %s", name, err, want)
		}
	}
}
