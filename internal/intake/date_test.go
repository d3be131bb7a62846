package intake_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/calendar"
	"holdfast/internal/intake"
	"holdfast/playbooks"
	"holdfast/rules"
)

const onDay = `playbook: renewal
trigger: {id: day, at: account.renewal_date}`

const onYear = `playbook: renewal
trigger: {id: year, at: 'next_occurrence(account.renewal_date, "1y")'}`

const day = 24 * time.Hour

func placed(t *testing.T, books ...string) *world {
	t.Helper()
	w := newWorld(t, books...)
	w.Options.Treated, w.Options.Place = true, placeOf
	return w
}

func TestADateMovesWithTheZoneOfItsAccount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, at string }{
		{"Europe/Berlin", "03-09T23:00"}, {"Asia/Tokyo", "03-09T15:00"}, {"America/New_York", "03-10T04:00"},
	} {
		for _, book := range []string{onDay, onYear, strings.Replace(onDay, "date}", "date, if_past: start}", 1)} {
			w := placed(t, book)
			w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
			w.run(day)
			w.live(`acme = {"timezone": "` + c.zone + `"}`)
			w.run(20 * day)
			if got := w.story(); strings.Count(got, "enroll") != 1 || !strings.HasPrefix(got, c.at+" enroll renewal acme") {
				t.Errorf("%s in %s: got\n%swant one entry on %s", book, c.zone, got, c.at)
			}
		}
	}
}

func TestAZoneInWhichTheDayHasBegunStartsAtOnceAndOnlyOnce(t *testing.T) {
	t.Parallel()
	for _, book := range []string{onDay, onYear} {
		w := placed(t, book)
		w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
		w.clock.Move(time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC))
		if res := w.take(intake.Live, `acme = {"timezone": "Asia/Tokyo"} @-30h`); res.Late != 1 {
			t.Fatalf("got %+v; want a late message", res)
		}
		w.run(time.Hour)
		w.endAll()
		w.live(`acme = {"timezone": "America/New_York"}`) // the day is yet to come again
		w.run(20 * day)
		if got := w.story(); strings.Count(got, "enroll") != 1 || !strings.HasPrefix(got, "03-09T20:00 enroll renewal acme") {
			t.Errorf("%s: got\n%swant one entry as the zone is known", book, got)
		}
	}
}

func TestAZoneBringsNoDayBackThatHasBeen(t *testing.T) {
	t.Parallel()
	w := placed(t, strings.Replace(onDay, "date}", "date, if_past: start, when: account.changed}", 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
	w.run(20 * day)
	w.live(`acme = {"changed": true, "timezone": "Asia/Tokyo"}`)
	w.run(20 * day)
	check(t, w.story(), "")
}

func TestHistoryThatMovesTheZoneLosesNoDate(t *testing.T) {
	t.Parallel()
	w := placed(t, onDay)
	w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
	w.clock.Move(time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC))
	w.take(intake.History, `acme = {"timezone": "Asia/Tokyo"}`)
	w.run(20 * day)
	check(t, w.story(), `03-09T20:00 enroll renewal acme day: account.renewal_date is 2026-03-10`)
}

// The place of all moves, and no message says so.
func TestADateMovesWithTheProjectsZoneAndCalendar(t *testing.T) {
	t.Parallel()
	tokyo, err := calendar.Zone("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	york, err := calendar.Zone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	closed := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	fair := calendar.Days{Extra: []calendar.Closed{{Name: "fair", From: closed, To: closed}}}
	for name, c := range map[string]struct {
		book        string
		zone        *time.Location
		before, now calendar.Days
		at          string
	}{
		"the zone, earlier":     {onDay, tokyo, calendar.Days{}, calendar.Days{}, "03-10T00:00"},
		"the zone, later":       {onDay, york, calendar.Days{}, calendar.Days{}, "03-10T04:00"},
		"a closure, before":     {strings.Replace(onDay, "date}", "date, before: 3bd}", 1), time.UTC, calendar.Days{}, fair, "03-05T00:00"},
		"a closure is gone":     {strings.Replace(onDay, "date}", "date, before: 3bd}", 1), time.UTC, fair, calendar.Days{}, "03-05T00:00"},
		"a closure, in at":      {strings.Replace(onDay, "date}", "date.add_business_days(-3)}", 1), time.UTC, calendar.Days{}, fair, "03-05T00:00"},
		"a closure gone, in at": {strings.Replace(onDay, "date}", "date.add_business_days(-3)}", 1), time.UTC, fair, calendar.Days{}, "03-05T00:00"},
		"a closure, of a year":  {strings.Replace(onYear, `"1y")`, `"1y").add_business_days(-3)`, 1), time.UTC, fair, calendar.Days{}, "03-05T00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.book)
			zone, days := time.UTC, c.before
			w.Options.Treated = true
			w.Options.Place = func(rules.Record) (*time.Location, calendar.Days) { return zone, days }
			w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
			w.run(day)
			zone, days = c.zone, c.now
			w.run(20 * day)
			if got := w.story(); strings.Count(got, "enroll") != 1 || !strings.HasPrefix(got, c.at) {
				t.Errorf("got\n%swant one entry on %s", got, c.at)
			}
		})
	}
}

func TestADateThatComesRoundStartsEachTime(t *testing.T) {
	t.Parallel()
	for with, want := range map[string][]string{
		"":                                     {"03-10T00:00", "03-10T00:00", "03-10T00:00"},
		", if_past: start":                     {"03-10T00:00", "03-10T00:00", "03-10T00:00"},
		", after: 5d":                          {"03-15T00:00", "03-15T00:00", "03-15T00:00"},
		", before: 5d":                         {"03-05T00:00", "03-05T00:00", "03-05T00:00"},
		", after: 5d, when: account.seats > 9": nil,
	} {
		w := placed(t, strings.Replace(onYear, "}", with+"}", 1))
		w.Options.Foresee = true // else it takes long: there is a scan a day
		w.live(`acme = {"name": "Acme", "seats": 1, "renewal_date": "2025-03-10"}`)
		for range 3 {
			w.run(365 * day)
			w.endAll()
		}
		checkEntries(t, with, w.story(), want...)
	}
	w := placed(t, strings.Replace(onYear, `"1y")`, `"2w").add_days(5)`, 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2026-02-23"}`)
	for range 6 {
		w.run(7 * day)
		w.endAll()
	}
	checkEntries(t, "a fortnight", w.story(), "03-14T00:00", "03-28T00:00", "04-11T00:00")
	w = placed(t, strings.Replace(onYear, `"1y")'`, `"1w")', after: 10d`, 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2026-02-23"}`)
	for range 6 {
		w.run(7 * day)
		w.endAll()
	}
	checkEntries(t, "more often than after", w.story(), "03-19T00:00", "03-26T00:00", "04-02T00:00", "04-09T00:00")
}

func checkEntries(t *testing.T, of, story string, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(story) {
		at, _, _ := strings.Cut(line, " ")
		got = append(got, at)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: got\n%swant %v", of, story, want)
	}
}

func TestADateThatCameRoundWhileWeWereDownStillStarts(t *testing.T) {
	t.Parallel()
	for _, with := range []string{"", ", before: 5d", ", after: 5d"} {
		w := placed(t, strings.Replace(onYear, "}", with+"}", 1))
		w.live(`acme = {"name": "Acme", "renewal_date": "2025-03-10"}`)
		w.clock.Move(start.AddDate(0, 0, 20)) // nobody fired the agenda
		w.live(`acme = {"timezone": "Europe/Berlin"}`)
		w.run(100 * day)
		checkEntries(t, with, w.story(), "03-22T09:00")
	}
}

func TestADateThatIsSaidAnewIsNotTheOneThatStood(t *testing.T) {
	t.Parallel()
	w := placed(t, strings.Replace(onYear, "}", ", after: 5d}", 1), strings.Replace(onDay, "renewal\n", "day\n", 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2025-03-10"}`, `bolt = {"name": "Bolt", "renewal_date": "2026-03-14"}`)
	w.run(10 * day) // acme's day has been, and five days later is yet to come
	w.live(`acme = {"renewal_date": "2025-04-10"}`, `bolt = {"renewal_date": "2026-03-01"}`)
	w.run(60 * day)
	check(t, w.story(), `04-15T00:00 enroll renewal acme year: 5d after next_occurrence(account.renewal_date, "1y") (2026-04-10)`)
}

func TestPublishingAnotherOffsetStartsNoDateGoneBy(t *testing.T) {
	t.Parallel()
	w := placed(t, strings.Replace(onDay, "date}", "date, before: 1d}", 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`)
	w.publish(w.versions, strings.Replace(onDay, "date}", "date, before: 30d}", 1))
	w.run(20 * day)
	check(t, w.story(), "")
	w = placed(t, strings.Replace(onYear, "}", ", after: 5d}", 1))
	w.live(`acme = {"name": "Acme", "renewal_date": "2025-03-10"}`)
	w.run(10 * day)
	w.publish(map[string]*playbooks.Playbook{}, strings.Replace(onYear, "}", ", after: 6d}", 1))
	w.run(20 * day)
	checkEntries(t, "a day later", w.story(), "03-16T00:00")
}

// A replay moves dates, and goes past them, as the intake does.
func TestAReplayKeepsDatesAsTheIntakeDoes(t *testing.T) {
	t.Parallel()
	entries := 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 7))
		pick := func(words ...string) string { return words[r.IntN(len(words))] }
		w := placed(t)
		w.Options.ScanAt = 0
		w.publish(w.versions, onDay+"\nenroll: {once_per: [trigger, occurrence]}\nexit: [{on: Login, outcome: seen}]",
			"playbook: round\ntrigger: {at: 'next_occurrence(account.renewal_date, \"2w\")', after: 3d, if_past: start}\nexit: [{on: Login, outcome: seen}]",
			"playbook: before\ntrigger: {at: 'next_occurrence(account.renewal_date, \"1mo\")', before: 2bd}\nexit: [{on: Login, outcome: seen}]")
		from := start.AddDate(0, 0, -40)
		at := from.AddDate(0, 0, -20)
		var ms []holdfast.Message
		for i := range 80 {
			at = at.Add(time.Duration(r.IntN(60)) * time.Hour).Truncate(time.Duration(1+r.IntN(24)) * time.Hour)
			m := holdfast.Message{ID: fmt.Sprintf("m%04d", i), Source: "test", Kind: holdfast.Group, Account: pick("acme", "bolt"), At: at}
			switch r.IntN(6) {
			case 0:
				m.Props = map[string]any{"renewal_date": at.AddDate(0, 0, r.IntN(60)-20).Format(time.DateOnly)}
			case 1, 2, 3:
				m.Props = map[string]any{"timezone": pick("UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York")}
			default:
				m.Kind, m.Event, m.Props = holdfast.Track, "Login", map[string]any{"count": 1.0}
			}
			if n := len(ms); n > 0 && m.At.Before(ms[n-1].At) {
				m.At = ms[n-1].At
			}
			ms = append(ms, m)
		}
		real := recorded(w, ms, from)
		if d := cmp.Diff(real, replay(t, w, ms, from)); d != "" {
			t.Fatalf("seed %d (- the intake, + the replay):\n%s", seed, d)
		}
		entries += len(real)
	}
	if entries < 100 {
		t.Errorf("only %d things happened; the test tests nothing", entries)
	}
}

func TestADateThatStandsMovesWithAnAccountThatBecomesAnother(t *testing.T) {
	t.Parallel()
	year := strings.Replace(onYear, "}", ", after: 5d}", 1)
	for book, at := range map[string]time.Time{
		onDay: time.Date(2026, 3, 9, 20, 0, 0, 0, time.UTC), // at which the day has begun in Tokyo
		year:  time.Date(2026, 3, 14, 20, 0, 0, 0, time.UTC),
	} {
		for _, old := range []string{"acme", "bolt"} {
			w := placed(t, book)
			w.live(`acme = {"name": "Acme", "renewal_date": "2026-03-10"}`, `bolt = {"timezone": "Asia/Tokyo"}`)
			w.run(at.Sub(start))
			w.merge(w.becomes(old, map[string]string{"acme": "bolt", "bolt": "acme"}[old]))
			w.run(20 * day)
			checkEntries(t, book, w.entries(), at.Format("01-02T15:04"))
		}
	}
}

// entries are the lines of the story that say that something started.
func (w *world) entries() string {
	var starts strings.Builder
	for line := range strings.Lines(w.story()) {
		if strings.Contains(line, " enroll ") {
			starts.WriteString(line)
		}
	}
	return starts.String()
}
