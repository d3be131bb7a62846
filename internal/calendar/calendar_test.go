package calendar_test

import (
	"testing"
	"time"

	"holdfast/internal/calendar"
)

const local = "Mon 2006-01-02 15:04"

// at reads "2026-03-06 15:00 Europe/Berlin"; an RFC 3339 time keeps its offset's instant.
func at(t *testing.T, s, zone string) time.Time {
	t.Helper()
	loc, err := calendar.Zone(zone)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := time.Parse(time.RFC3339, s); err == nil {
		return got.In(loc)
	}
	got, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSpansKeepTheWallClock(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zone, from, span, country, want string }{
		{"a day over the spring gap", "America/New_York", "2026-03-07 09:00", "1d", "", "Sun 2026-03-08 09:00"},
		{"24 hours over the spring gap", "America/New_York", "2026-03-07 09:00", "24h", "", "Sun 2026-03-08 10:00"},
		{"a wall clock that does not exist", "America/New_York", "2026-03-07 02:30", "1d", "", "Sun 2026-03-08 03:00"},
		{"a gap in the south", "Australia/Sydney", "2026-09-27 02:15", "1w", "", "Sun 2026-10-04 03:00"},
		{"no summer time", "Asia/Kolkata", "2026-03-07 02:30", "1d", "", "Sun 2026-03-08 02:30"},
		{"minutes", "Asia/Jakarta", "2026-03-07 23:45", "30m", "", "Sun 2026-03-08 00:15"},
		{"the last day of a shorter month", "Asia/Jakarta", "2026-01-31 08:00", "1mo", "", "Sat 2026-02-28 08:00"},
		{"the last day of a leap February", "Asia/Jakarta", "2028-01-31 08:00", "1mo", "", "Tue 2028-02-29 08:00"},
		{"a year after 29 February", "Asia/Jakarta", "2028-02-29 08:00", "12mo", "", "Wed 2029-02-28 08:00"},
		{"a year is twelve months", "Asia/Jakarta", "2028-02-29 08:00", "1y", "", "Wed 2029-02-28 08:00"},
		{"months into a gap", "Europe/Berlin", "2026-02-28 02:30", "1mo", "", "Sat 2026-03-28 02:30"},
		{"Friday and a business day", "Europe/Berlin", "2026-03-06 15:00", "1bd", "DE", "Mon 2026-03-09 15:00"},
		{"Saturday and a business day", "Europe/Berlin", "2026-03-07 15:00", "1bd", "DE", "Mon 2026-03-09 15:00"},
		{"Easter in Germany", "Europe/Berlin", "2026-04-02 10:00", "1bd", "DE", "Tue 2026-04-07 10:00"},
		{"Easter where no holiday is known", "Europe/Berlin", "2026-04-02 10:00", "1bd", "", "Fri 2026-04-03 10:00"},
		{"a fourth of July kept on Friday", "America/New_York", "2026-07-02 10:00", "1bd", "US", "Mon 2026-07-06 10:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sp, err := calendar.ParseSpan(tc.span)
			if err != nil {
				t.Fatal(err)
			}
			got := sp.Add(at(t, tc.from, tc.zone), calendar.Days{Country: tc.country}).Format(local)
			if got != tc.want {
				t.Errorf("%s + %s in %s = %s, want %s", tc.from, tc.span, tc.zone, got, tc.want)
			}
		})
	}
}

func TestAnHourThatComesTwiceMeansTheFirst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ zone, from, want string }{
		{"America/New_York", "2026-10-31 01:30", "2026-11-01T05:30:00Z"},
		{"Europe/Berlin", "2026-10-24 02:30", "2026-10-25T00:30:00Z"},
		{"Australia/Sydney", "2026-04-04 02:30", "2026-04-04T15:30:00Z"},
	} {
		got := calendar.AddDays(at(t, tc.from, tc.zone), 1).UTC().Format(time.RFC3339)
		if got != tc.want {
			t.Errorf("%s %s + 1d = %s, want %s", tc.from, tc.zone, got, tc.want)
		}
	}
}

func TestBusinessDaysCountBackwardsToo(t *testing.T) {
	t.Parallel()
	monday := at(t, "2026-03-09 15:00", "Europe/Berlin")
	for n, want := range map[int]string{-1: "Fri 2026-03-06 15:00", -6: "Fri 2026-02-27 15:00", 0: "Mon 2026-03-09 15:00"} {
		if got := (calendar.Days{}).AddBusiness(monday, n).Format(local); got != want {
			t.Errorf("Monday %+d business days = %s, want %s", n, got, want)
		}
	}
	sunday := at(t, "2026-03-08 15:00", "Europe/Berlin")
	if got := (calendar.Days{}).AddBusiness(sunday, 0); !got.Equal(sunday) {
		t.Errorf("no business days from Sunday = %s, want Sunday itself", got)
	}
}

func TestClosuresAreDaysOff(t *testing.T) {
	t.Parallel()
	d := calendar.Days{Extra: []calendar.Closed{{Name: "summer break", From: at(t, "2026-08-10 00:00", "UTC"), To: at(t, "2026-08-14 00:00", "UTC")}}}
	got := d.AddBusiness(at(t, "2026-08-07 11:00", "Asia/Kolkata"), 1)
	if want := "Mon 2026-08-17 11:00"; got.Format(local) != want {
		t.Errorf("the business day after Friday = %s, want %s", got.Format(local), want)
	}
	if name := d.Holiday(at(t, "2026-08-14 23:59", "Asia/Kolkata")); name != "summer break" {
		t.Errorf("the last minute of the closure is %q, want summer break", name)
	}
}

func TestAClosureWithoutEndDoesNotHang(t *testing.T) {
	t.Parallel()
	d := calendar.Days{Extra: []calendar.Closed{{Name: "closed down", From: at(t, "2026-01-01 00:00", "UTC"), To: at(t, "9999-01-01 00:00", "UTC")}}}
	from := at(t, "2026-08-07 11:00", "UTC")
	if got := d.AddBusiness(from, 1); !got.After(from) {
		t.Errorf("a business day after %s = %s, want a later moment", from, got)
	}
}

func TestHolidaysAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ country, day, want string }{
		{"US", "2026-07-03", "Independence Day"}, // Saturday's, kept on Friday
		{"US", "2021-12-31", "New Year's Day"},   // of the next year
		{"GB", "2026-12-28", "Boxing Day"},
		{"AU", "2026-01-26", "Australia Day"},
		{"FR", "2026-07-14", "Fête Nationale"},
		{"SE", "2026-06-19", "Midsommarafton"},
		{"JP", "2026-05-04", "Greenery Day"},
		{"ID", "2026-08-17", ""}, // not known
		{"", "2026-12-25", ""},
	} {
		got := calendar.Days{Country: tc.country}.Holiday(at(t, tc.day+" 12:00", "UTC"))
		if got != tc.want {
			t.Errorf("%s in %q is %q, want %q", tc.day, tc.country, got, tc.want)
		}
	}
}

func TestEveryListedCountryIsKnownAndHasAZone(t *testing.T) {
	t.Parallel()
	for _, c := range calendar.Countries() {
		if !calendar.Known(c) {
			t.Errorf("country %s is listed and not known", c)
		}
		if _, err := calendar.Zone(calendar.ZoneOf(c)); err != nil {
			t.Errorf("country %s: %v", c, err)
		}
	}
	if calendar.Known("ID") || calendar.Known("") {
		t.Error("ID and \"\" are known; want weekends only")
	}
}

// TestASpanIsOverOnce: what is over stays over, and Since says the same as Over.
func TestASpanIsOverOnce(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, zone, from, span, want string }{
		{"days", "America/New_York", "2026-03-02 09:30", "5d", "Sat 2026-03-07 09:30"},
		{"hours over the spring gap", "America/New_York", "2026-03-07 09:00", "24h", "Sun 2026-03-08 10:00"},
		{"a day into a gap", "America/New_York", "2026-03-07 02:30", "1d", "Sun 2026-03-08 03:00"},
		{"a day into an hour that comes twice", "Europe/Berlin", "2026-10-24 02:30", "1d", "Sun 2026-10-25 02:30"},
		{"a business day from a Friday", "Europe/Berlin", "2026-03-06 09:30", "1bd", "Mon 2026-03-09 09:30"},
		{"a business day from a Saturday ends with it", "Europe/Berlin", "2026-03-07 09:30", "1bd", "Tue 2026-03-10 00:00"},
		{"a month from its last day ends with the shorter one", "Asia/Jakarta", "2026-01-31 10:00", "1mo", "Sun 2026-03-01 00:00"},
		{"a month from the last of February", "Asia/Jakarta", "2026-02-28 09:30", "1mo", "Sat 2026-03-28 09:30"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sp, err := calendar.ParseSpan(tc.span)
			if err != nil {
				t.Fatal(err)
			}
			from := at(t, tc.from, tc.zone)
			over := sp.Over(from, calendar.Days{})
			if got := over.Format(local); got != tc.want {
				t.Errorf("%s of %s is over at %s, want %s", tc.span, tc.from, got, tc.want)
			}
			for moment := from; moment.Before(over.AddDate(0, 0, 5)); moment = moment.Add(10 * time.Minute) {
				if within := !from.Before(sp.Since(moment, calendar.Days{})); within != moment.Before(over) {
					t.Fatalf("at %s it lies within: %v, though it is over at %s", moment.Format(local), within, over.Format(local))
				}
			}
		})
	}
}
