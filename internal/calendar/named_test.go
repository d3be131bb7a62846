package calendar_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holdfast/internal/calendar"
)

func wallClock(t *testing.T, zone, text string) time.Time {
	t.Helper()
	loc, err := calendar.Zone(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func season(t *testing.T, name, from, to string) calendar.Named {
	t.Helper()
	a, err := calendar.ParseMonthDay(from)
	b, errTo := calendar.ParseMonthDay(to)
	if err := errors.Join(err, errTo); err != nil {
		t.Fatal(err)
	}
	return calendar.Named{Name: "c", Seasons: []calendar.Season{{Name: name, From: a, To: b}}}
}

func TestACalendarSaysWhatADayIsAndWhenItIsOver(t *testing.T) {
	t.Parallel()
	days := calendar.Days{Country: "US", FiscalStart: time.February}
	friday := season(t, "Black Friday", "11-15", "12-31")
	winter := season(t, "Winter break", "12-20", "01-06")
	leap := season(t, "Leap day", "02-29", "02-29")
	for _, tt := range []struct {
		name string
		c    calendar.Named
		at   string
		want string
	}{
		{"before a season", friday, "2026-11-14 23:59", ""},
		{"its first day", friday, "2026-11-15 00:00", "Black Friday until 2027-01-01 00:00"},
		{"the year after", friday, "2027-12-31 23:59", "Black Friday until 2028-01-01 00:00"},
		{"over the new year, before it", winter, "2026-12-24 09:00", "Winter break until 2027-01-07 00:00"},
		{"over the new year, after it", winter, "2027-01-06 09:00", "Winter break until 2027-01-07 00:00"},
		{"after it", winter, "2027-01-07 00:00", ""},
		{"the 29th of February where there is none", leap, "2027-02-28 12:00", "Leap day until 2027-03-01 00:00"},
		{"the 29th of February", leap, "2028-02-29 12:00", "Leap day until 2028-03-01 00:00"},
		{"the day before it", leap, "2028-02-28 12:00", ""},
		{"a holiday of another country", calendar.Named{Country: "DE"}, "2026-10-03 12:00", "Tag der Deutschen Einheit until 2026-10-04 00:00"},
		{"closed days", calendar.Named{Closed: []calendar.Closed{{Name: "Move", From: wallClock(t, "UTC", "2026-05-04 00:00"), To: wallClock(t, "UTC", "2026-05-05 00:00")}}},
			"2026-05-04 22:00", "Move until 2026-05-06 00:00"},
		{"the account's fiscal quarter", calendar.Named{Last: 2, Of: "account.fiscal_quarter"}, "2026-03-31 12:00", "one of the last 2 business days of the account's fiscal quarter until 2026-04-01 00:00"},
		{"our own", calendar.Named{Last: 2, Of: "quarter"}, "2026-03-31 12:00", ""},
		{"our own, at its end", calendar.Named{Last: 2, Of: "quarter"}, "2026-04-30 12:00", "one of the last 2 business days of the quarter until 2026-05-01 00:00"},
		{"a month", calendar.Named{Last: 1, Of: "month"}, "2026-05-30 12:00", "one of the last 1 business days of the month until 2026-06-01 00:00"},
		{"our year", calendar.Named{Last: 5, Of: "year"}, "2026-01-29 12:00", "one of the last 5 business days of the year until 2026-02-01 00:00"},
		{"our year, elsewhere", calendar.Named{Last: 5, Of: "year"}, "2026-12-29 12:00", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			what, end := tt.c.Covers(wallClock(t, "America/New_York", tt.at), days, time.January)
			got := ""
			if what != "" {
				got = what + " until " + end.Format("2006-01-02 15:04")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBusinessDaysLeaveOutACalendar(t *testing.T) {
	t.Parallel()
	days := calendar.Days{Country: "US"}
	c := season(t, "Stocktaking", "03-03", "03-04") // Tuesday and Wednesday of 2026
	from := wallClock(t, "America/New_York", "2026-03-02 09:00")
	if got := days.AddBusinessIn(c, 0, from, 2).Format("2006-01-02 15:04"); got != "2026-03-06 09:00" {
		t.Errorf("got %s", got)
	}
	if got := days.AddBusiness(from, 2).Format("2006-01-02"); got != "2026-03-04" {
		t.Errorf("without it: %s", got)
	}
}

// ics is a file with events, each given as its lines.
func ics(events ...string) []byte {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for _, e := range events {
		b.WriteString("BEGIN:VEVENT\r\n" + strings.ReplaceAll(e, "\n", "\r\n") + "\r\nEND:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return []byte(b.String())
}

func TestEventsOfAFile(t *testing.T) {
	t.Parallel()
	allDay := "SUMMARY:Sale\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261128"
	timed := "SUMMARY:Freeze\nDTSTART;TZID=Europe/Berlin:20260310T080000\nDTEND;TZID=Europe/Berlin:20260310T120000"
	yearly := "UID:1\nSUMMARY:Founders\\, day\nDTSTART;VALUE=DATE:20200503\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270503,20280503"
	moved := "UID:1\nSUMMARY:Founders later\nRECURRENCE-ID;VALUE=DATE:20290503\nDTSTART;VALUE=DATE:20290504"
	weekly := "SUMMARY:Standup\nDTSTART;TZID=America/New_York:20260105T090000\nDURATION:PT30M\nRRULE:FREQ=WEEKLY;BYDAY=MO"
	for _, tt := range []struct {
		name, at, want string
		events         []string
	}{
		{"a whole day, by the clock of whoever looks", "2026-11-24 00:00", "Sale until 2026-11-28 00:00", []string{allDay}},
		{"the day after", "2026-11-28 00:00", "", []string{allDay}},
		{"a day without an end", "2026-11-24 23:59", "Day until 2026-11-25 00:00", []string{"SUMMARY:Day\nDTSTART;VALUE=DATE:20261124"}},
		{"a time in a zone", "2026-03-10 03:00", "Freeze until 2026-03-10 07:00", []string{timed}},
		{"before it", "2026-03-10 02:59", "", []string{timed}},
		{"a time in UTC", "2026-03-10 03:30", "U until 2026-03-10 04:00", []string{"SUMMARY:U\nDTSTART:20260310T070000Z\nDTEND:20260310T080000Z"}},
		{"a floating time", "2026-03-10 08:30", "F until 2026-03-10 09:00", []string{"SUMMARY:F\nDTSTART:20260310T080000\nDURATION:PT1H"}},
		{"a folded name", "2026-11-24 10:00", "Singles day of all until 2026-11-25 00:00", []string{"SUMMARY:Singles day\n  of all\nDTSTART;VALUE=DATE:20261124"}},
		{"every year", "2026-05-03 10:00", "Founders, day until 2026-05-04 00:00", []string{yearly}},
		{"but not that one", "2027-05-03 10:00", "", []string{yearly}},
		{"nor that one", "2028-05-03 10:00", "", []string{yearly}},
		{"one that was moved", "2029-05-04 10:00", "Founders later until 2029-05-05 00:00", []string{yearly, moved}},
		{"from where it was", "2029-05-03 10:00", "", []string{yearly, moved}},
		{"every week before summer time", "2026-03-02 09:15", "Standup until 2026-03-02 09:30", []string{weekly}},
		{"every week in summer time", "2026-07-06 09:15", "Standup until 2026-07-06 09:30", []string{weekly}},
		{"a cancelled one", "2026-11-24 10:00", "", []string{allDay + "\nSTATUS:CANCELLED"}},
		{"an alarm is no event", "2026-11-24 10:00", "Sale until 2026-11-28 00:00", []string{allDay + "\nBEGIN:VALARM\nTRIGGER:-PT15M\nEND:VALARM"}},
		{"additional days", "2026-06-01 10:00", "Extra until 2026-06-02 00:00", []string{"SUMMARY:Extra\nDTSTART;VALUE=DATE:20260101\nRDATE;VALUE=DATE:20260601"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events, err := calendar.ReadICS(ics(tt.events...))
			if err != nil {
				t.Fatal(err)
			}
			what, end := calendar.Named{Events: events}.Covers(wallClock(t, "America/New_York", tt.at), calendar.Days{}, 0)
			got := ""
			if what != "" {
				got = what + " until " + end.Format("2006-01-02 15:04")
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAMistakeInAFileIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, want string }{
		{"nothing", "", "line 1: the file holds no calendar"},
		{"a web page", "<!doctype html>\n<p>Sign in</p>\n", "line 1: this is no line of an iCalendar file"},
		{"something else", "BEGIN:VCARD\nEND:VCARD\n", "line 1: the file does not begin with BEGIN:VCALENDAR"},
		{"cut off", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n", "line 3: the file ends before END:VEVENT"},
		{"closed wrongly", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VTODO\n", "line 3: END:VTODO closes VEVENT"},
		{"no start", string(ics("SUMMARY:Sale")), `line 4: the event "Sale" has no DTSTART`},
		{"no time", string(ics("SUMMARY:Sale\nDTSTART:tomorrow")), `line 6: "tomorrow" is neither a day nor a time`},
		{"no zone", string(ics("SUMMARY:Sale\nDTSTART;TZID=Eastern Standard Time:20260101T090000")), `line 6: unknown time zone "Eastern Standard Time"`},
		{"no rule", string(ics("SUMMARY:Sale\nDTSTART:20260101\nRRULE:FREQ=SOMETIMES")), `line 7: "FREQ=SOMETIMES" is no rule of repetition`},
		{"too often", string(ics("SUMMARY:Sale\nDTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY")), `line 7: the event "Sale" repeats within a day`},
		{"backwards", string(ics("SUMMARY:Sale\nDTSTART;VALUE=DATE:20260102\nDTEND;VALUE=DATE:20260101")), `line 7: the event "Sale" ends before it begins`},
		{"no duration", string(ics("SUMMARY:Sale\nDTSTART;VALUE=DATE:20260102\nDURATION:-P1D")), `line 7: "-P1D" is no length of time`},
		{"long ago", string(ics("SUMMARY:Sale\nDTSTART;VALUE=DATE:00010102")), `line 6: the event "Sale" begins in the year 1`},
		{"folded before it", "BEGIN:VCALENDAR\nX-NOTE:a\n  b\n c\nBEGIN:VEVENT\nDTSTART:x\nEND:VEVENT\nEND:VCALENDAR\n", `line 6: "x" is neither a day nor a time`},
		{"too large", strings.Repeat("X", calendar.MaxFile+1), "line 1: the file has 4194305 bytes; 4194304 is the most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := calendar.ReadICS([]byte(tt.file))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func FuzzReadICS(f *testing.F) {
	f.Add(ics("SUMMARY:Sale\nDTSTART;VALUE=DATE:20261124\nRRULE:FREQ=YEARLY;COUNT=3"))
	f.Add(ics("DTSTART;TZID=Europe/Berlin:20260310T080000\nDURATION:PT4H\nEXDATE:20270310"))
	f.Add([]byte("BEGIN:VCALENDAR\nX;A=\"b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := calendar.ReadICS(text)
		if err != nil {
			if _, ok := errors.AsType[*calendar.FileError](err); !ok {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
		if what, end := (calendar.Named{Events: events}).Covers(now, calendar.Days{}, 0); what != "" && !end.After(now) {
			t.Errorf("%q ends at %s, not after %s", what, end, now)
		}
	})
}
