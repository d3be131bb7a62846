package guards_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/guards"
	"holdfast/internal/calendar"
	"holdfast/internal/store"
)

const layout = "Mon 2006-01-02 15:04"

// ask is an outreach mail to New York on a Wednesday at ten, in a window from
// Monday to Thursday, nine to half past four.
func ask(t *testing.T, edit func(*guards.Ask)) guards.Ask {
	t.Helper()
	zone, err := calendar.Zone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	a := guards.Ask{
		Now:      time.Date(2026, 3, 4, 10, 0, 0, 0, zone),
		Playbook: "win-back", Class: "outreach", Lane: "win-back", Channel: "email", Arm: "treated",
		Rails: guards.Rails{
			Window: calendar.Window{Days: [7]bool{1: true, 2: true, 3: true, 4: true}, From: 9 * 60, To: 16*60 + 30},
			Avoid:  []string{"public_holidays", "quarter_end"},
		},
		Days: calendar.Days{Country: "US"}, Zone: zone, ZoneFrom: "contact",
	}
	went(&a)
	if edit != nil {
		edit(&a)
	}
	return a
}

// went makes a's ledger: e-mails to the contact at these moments.
func went(a *guards.Ask, touches ...time.Time) {
	a.Count = func(_, _ string, since time.Time) (n int, err error) {
		for _, at := range touches {
			if !at.Before(since) {
				n++
			}
		}
		return n, nil
	}
	a.Oldest = func(_, _ string, since time.Time) (oldest time.Time, err error) {
		for _, at := range touches {
			if !at.Before(since) && (oldest.IsZero() || at.Before(oldest)) {
				oldest = at
			}
		}
		return oldest, nil
	}
}

func span(t *testing.T, s string) calendar.Span {
	t.Helper()
	sp, err := calendar.ParseSpan(s)
	if err != nil {
		t.Fatal(err)
	}
	return sp
}

func local(t *testing.T, a guards.Ask, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", s, a.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestGuardsAnswerWithAReason(t *testing.T) {
	t.Parallel()
	exit := &store.Signal{Kind: "exit", Outcome: "responded"}
	supp := func(kind string) []store.Suppression { return []store.Suppression{{Kind: kind}} }
	rest := func(scope string, until time.Time) []store.Rest {
		return []store.Rest{{Scope: scope, Until: until, Reason: "declined"}}
	}
	later := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name string
		edit func(*guards.Ask)
		want string // "go", "drop reason" or "at reason time"
	}{
		{"inside the window", nil, "go"},
		{"after an exit", func(a *guards.Ask) { a.Exited = exit }, "drop exited"},
		{"a note to our own people after an exit", func(a *guards.Ask) { a.Exited, a.Internal = exit, true }, "drop exited"},
		{"all sending is stopped", func(a *guards.Ask) { a.Stopped = "max" }, "park stopped"},
		{"all sending is stopped for our own people", func(a *guards.Ask) { a.Stopped, a.Internal = "max", true }, "park stopped"},
		{"an opening is spread", func(a *guards.Ask) { a.Now, a.Spread = local(t, *a, "2026-03-05 18:00"), 7*150+33 }, "at send_window Mon 2026-03-09 09:33"},
		{"the middle of a window is not", func(a *guards.Ask) { a.Spread = 33 }, "go"},
		{"a bounced person", func(a *guards.Ask) { a.Suppressions = supp("bounced") }, "drop bounced"},
		{"an erased person and a receipt", func(a *guards.Ask) { a.Suppressions, a.Class = supp("erased"), "transactional" }, "drop erased"},
		{"a complaint and our own people", func(a *guards.Ask) { a.Suppressions, a.Internal = supp("complained"), true }, "go"},
		{"an opt-out and outreach", func(a *guards.Ask) { a.Suppressions = supp("opted_out") }, "drop opted_out"},
		{"a pause and outreach", func(a *guards.Ask) {
			a.Suppressions = []store.Suppression{{Kind: "paused", Until: a.Now.Add(time.Hour)}}
		}, "drop paused"},
		{"a pause and service", func(a *guards.Ask) {
			a.Suppressions, a.Class = []store.Suppression{{Kind: "paused", Until: a.Now.Add(time.Hour)}}, "service"
		}, "go"},
		{"a pause that is over", func(a *guards.Ask) {
			a.Suppressions = []store.Suppression{{Kind: "paused", Until: a.Now}}
		}, "go"},
		{"an opt-out and service", func(a *guards.Ask) { a.Suppressions, a.Class = supp("opted_out"), "service" }, "go"},
		{"a resting lane", func(a *guards.Ask) { a.Rests = rest("lane:win-back", later) }, "drop resting"},
		{"another lane rests", func(a *guards.Ask) { a.Rests = rest("lane:save", later) }, "go"},
		{"no lane and a nameless scope", func(a *guards.Ask) { a.Rests, a.Lane = rest("lane:", later), "" }, "go"},
		{"the playbook rests for ever", func(a *guards.Ask) { a.Rests = rest("playbook:win-back", time.Time{}) }, "drop resting"},
		{"a rest gone by", func(a *guards.Ask) { a.Rests = rest("playbook:win-back", a.Now) }, "go"},
		{"a receipt in a resting lane", func(a *guards.Ask) { a.Rests, a.Class = rest("lane:win-back", later), "transactional" }, "go"},
		{"held out", func(a *guards.Ask) { a.Arm = "holdout" }, "drop holdout"},
		{"work for our own people, held out", func(a *guards.Ask) { a.Arm, a.Internal = "holdout", true }, "drop holdout"},
		{"in the evening", func(a *guards.Ask) { a.Now = local(t, *a, "2026-03-05 18:00") }, "at send_window Mon 2026-03-09 09:00"},
		{"our own people in the evening", func(a *guards.Ask) { a.Now, a.Internal = local(t, *a, "2026-03-05 18:00"), true }, "go"},
		{"a receipt in the evening", func(a *guards.Ask) { a.Now, a.Class = local(t, *a, "2026-03-05 18:00"), "transactional" }, "at send_window Mon 2026-03-09 09:00"},
		{"Labor Day", func(a *guards.Ask) { a.Now = local(t, *a, "2026-09-07 10:00") }, "at public_holiday Tue 2026-09-08 09:00"},
		{"the weekend before Labor Day", func(a *guards.Ask) { a.Now = local(t, *a, "2026-09-05 10:00") }, "at public_holiday Tue 2026-09-08 09:00"},
		{"a holiday nobody avoids", func(a *guards.Ask) { a.Now, a.Rails.Avoid = local(t, *a, "2026-09-07 10:00"), nil }, "go"},
		{"quarter end", func(a *guards.Ask) { a.Now = local(t, *a, "2026-03-18 10:00") }, "at quarter_end Wed 2026-04-01 09:00"},
		{"quarter end of a fiscal year from February", func(a *guards.Ask) { a.Now, a.FiscalStart = local(t, *a, "2026-04-21 10:00"), 2 }, "at quarter_end Mon 2026-05-04 09:00"},
		{"a shorter quarter end", func(a *guards.Ask) { a.Now, a.Rails.QuarterTail = local(t, *a, "2026-03-18 10:00"), 5 }, "go"},
		{"a receipt at quarter end", func(a *guards.Ask) { a.Now, a.Class = local(t, *a, "2026-03-18 10:00"), "transactional" }, "go"},
		{"a full cap", func(a *guards.Ask) {
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "email", In: span(t, "5d"), Per: "contact"}}
			went(a, local(t, *a, "2026-03-03 11:00"))
		}, "at cap Mon 2026-03-09 09:00"},
		{"a cap that frees at this minute", func(a *guards.Ask) {
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "touch", In: span(t, "5d"), Per: "account"}}
			went(a, local(t, *a, "2026-02-27 10:00"))
		}, "go"},
		{"a cap over the end of a month", func(a *guards.Ask) {
			a.Rails = guards.Rails{Caps: []guards.Cap{{Max: 1, What: "touch", In: span(t, "1mo"), Per: "account"}}}
			a.Now = local(t, *a, "2026-02-10 10:00")
			went(a, local(t, *a, "2026-01-31 10:00"))
		}, "at cap Sun 2026-03-01 00:00"},
		{"two touches over a cap of one", func(a *guards.Ask) {
			a.Rails = guards.Rails{Caps: []guards.Cap{{Max: 1, What: "touch", In: span(t, "48h"), Per: "account"}}}
			went(a, local(t, *a, "2026-03-02 11:00"), local(t, *a, "2026-03-03 12:00"))
		}, "at cap Thu 2026-03-05 12:00"},
		{"a cap of another channel", func(a *guards.Ask) {
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "slack", In: span(t, "5d"), Per: "contact"}}
			went(a, a.Now)
		}, "go"},
		{"our own people under a cap on touches", func(a *guards.Ask) {
			a.Internal, a.Channel = true, "slack"
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "touch", In: span(t, "5d"), Per: "account"}}
			went(a, a.Now)
		}, "go"},
		{"our own people under a cap on their channel", func(a *guards.Ask) {
			a.Internal, a.Channel, a.Rails.Window = true, "slack", calendar.Window{}
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "slack", In: span(t, "1h"), Per: "account"}}
			went(a, a.Now.Add(-20*time.Minute))
		}, "at cap Wed 2026-03-04 10:40"},
		{"a business day's cap on the day off after it", func(a *guards.Ask) {
			a.Rails = guards.Rails{Caps: []guards.Cap{{Max: 1, What: "touch", In: span(t, "1bd"), Per: "account"}}}
			a.Now = local(t, *a, "2026-03-07 10:00")
			went(a, local(t, *a, "2026-03-06 09:30"))
		}, "at cap Mon 2026-03-09 09:30"},
		{"our own people do not wait for the customer's window", func(a *guards.Ask) {
			a.Internal, a.Channel, a.Now = true, "slack", local(t, *a, "2026-03-05 18:00")
			a.Rails.Caps = []guards.Cap{{Max: 1, What: "slack", In: span(t, "1h"), Per: "account"}}
			went(a, a.Now.Add(-20*time.Minute))
		}, "at cap Thu 2026-03-05 18:40"},
		{"the spread does not lead into what is avoided", func(a *guards.Ask) {
			a.Now, a.Spread = local(t, *a, "2026-03-05 18:00"), 150*7+33
			a.Calendars = []guards.Calendar{{Name: "fair", Events: event(t, "20260309T133000Z", "20260309T203000Z")}} // from 09:30
		}, "at send_window Mon 2026-03-09 09:16"},
		{"a cap of none", func(a *guards.Ask) {
			a.Rails.Caps = []guards.Cap{{Max: 0, What: "email", In: span(t, "5d"), Per: "contact"}}
		}, "drop cap"},
		{"for ever comes before later", func(a *guards.Ask) {
			a.Now, a.Suppressions = local(t, *a, "2026-03-05 18:00"), supp("opted_out")
		}, "drop opted_out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := guards.Check(ask(t, tc.edit))
			if err != nil {
				t.Fatal(err)
			}
			got := words(d)
			if got != tc.want {
				t.Errorf("got %s, want %s (%s)", got, tc.want, d.Detail)
			}
		})
	}
}

// event of a calendar file, in UTC.
func event(t *testing.T, from, to string) calendar.Events {
	t.Helper()
	const ics = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nSUMMARY:f\r\nDTSTART:%s\r\nDTEND:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	all, err := calendar.ReadICS(fmt.Appendf(nil, ics, from, to))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func words(d guards.Decision) string {
	w := [...]string{"go", "at", "park", "drop"}[d.Kind]
	if d.Reason != "" {
		w += " " + d.Reason
	}
	if d.Kind == guards.At {
		w += " " + d.At.Format(layout)
	}
	return w
}

func TestADetailListsEachShift(t *testing.T) {
	t.Parallel()
	d, err := guards.Check(ask(t, func(a *guards.Ask) { a.Now = local(t, *a, "2026-09-05 10:00") }))
	if err != nil {
		t.Fatal(err)
	}
	want := "Sat 5 Sep 2026 10:00 America/New_York (zone of the contact) is outside Mon Tue Wed Thu 09:00-16:30; Mon 7 Sep 2026 is Labor Day"
	if d.Detail != want {
		t.Errorf("detail %q, want %q", d.Detail, want)
	}
}

func TestGuardrailsThatNoMomentSuitsPark(t *testing.T) {
	t.Parallel()
	a := ask(t, func(a *guards.Ask) {
		a.Days.Extra = []calendar.Closed{{Name: "gone", From: a.Now.AddDate(-1, 0, 0), To: a.Now.AddDate(900, 0, 0)}}
	})
	d, err := guards.Check(a)
	if err != nil || d.Kind != guards.Park || d.Reason != "no_window" {
		t.Errorf("got %v %v, want park no_window", d, err)
	}
}

func TestEachGuardExplainsItself(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, g := range guards.All {
		if g.Name == "" || seen[g.Name] || !strings.HasSuffix(g.Summary, ".") {
			t.Errorf("guard %q says %q; want a name of its own and a sentence", g.Name, g.Summary)
		}
		seen[g.Name] = true
		shown, err := g.Show()
		if err != nil || shown.Decision.Kind == guards.Go && len(shown.Decision.Shifts) == 0 || shown.Decision.Reason == "no_window" {
			t.Errorf("guard %q lets its example go: %+v %v", g.Name, shown, err)
		}
		if first := shown.Decision.Shifts; len(first) > 0 && first[0].Reason != g.Name {
			t.Errorf("the example of guard %q is kept back by %s", g.Name, first[0].Reason)
		}
	}
}

func TestWhatKeepsATouchBack(t *testing.T) {
	t.Parallel()
	wed := func(a *guards.Ask, clock string) time.Time { return local(t, *a, "2026-03-"+clock) }
	hold := func(a *guards.Ask, ends ...string) {
		for _, end := range ends {
			h := store.Hold{ID: end, Enrollment: "e", By: "Mira", Reason: "talks", Since: a.Now}
			if end != "" {
				h.Until = wed(a, end)
			}
			a.Holds = append(a.Holds, h)
		}
	}
	rival := func(a *guards.Ask) { a.Stronger = &guards.Rival{Playbook: "rescue", Lane: "save"} }
	late := func(a *guards.Ask, due string) { a.Due, a.Spread = wed(a, due), 1<<40 }
	for _, tt := range []struct {
		name string
		edit func(*guards.Ask)
		want string
	}{
		{"held until later today", func(a *guards.Ask) { hold(a, "04 15:00") }, "at held Wed 2026-03-04 15:00"},
		{"the longest hold", func(a *guards.Ask) { hold(a, "05 10:00", "09 10:00", "04 15:00") }, "at held Mon 2026-03-09 10:00"},
		{"a hold's reason outlasts the window's", func(a *guards.Ask) { hold(a, "05 20:00") }, "at held Mon 2026-03-09 09:00"},
		{"a hold without an end", func(a *guards.Ask) { hold(a, "05 10:00", "") }, "park held"},
		{"a hold that is over", func(a *guards.Ask) { hold(a, "04 10:00") }, "go"},
		{"held, to our own people", func(a *guards.Ask) { hold(a, ""); a.Internal = true }, "go"},
		{"held by the enrollment whose work it is", func(a *guards.Ask) { hold(a, ""); a.Human, a.Enrollment = true, "e" }, "go"},
		{"held by another, a person's work", func(a *guards.Ask) { hold(a, ""); a.Human, a.Enrollment = true, "x" }, "park held"},
		{"held by the enrollment whose mail it is", func(a *guards.Ask) { hold(a, ""); a.Enrollment = "e" }, "park held"},
		{"a no comes before a hold", func(a *guards.Ask) { hold(a, ""); a.Suppressions = []store.Suppression{{Kind: "opted_out"}} }, "drop opted_out"},
		{"a stronger lane", rival, "park lane"},
		{"a stronger lane that is ignored", func(a *guards.Ask) { rival(a); a.WhenPreempted = "ignore" }, "go"},
		{"a stronger lane and a receipt", func(a *guards.Ask) { rival(a); a.Class = "transactional" }, "go"},
		{"a stronger lane and our own people", func(a *guards.Ask) { rival(a); a.Internal = true }, "go"},
		{"the whole account rests", func(a *guards.Ask) {
			a.Rests = []store.Rest{{Scope: "account", Until: a.Now.Add(time.Hour)}}
		}, "drop resting"},
		{"one playbook is stopped", func(a *guards.Ask) { a.Stopped = "playbook p was stopped by max" }, "park stopped"},
		{"a shadow at its moment", func(a *guards.Ask) { a.Shadow = true }, "drop shadow"},
		{"a shadow that waits like any other", func(a *guards.Ask) { a.Shadow = true; a.Now = wed(a, "04 20:00") }, "at send_window Thu 2026-03-05 09:00"},
		{"a shadow's work for our own people", func(a *guards.Ask) { a.Shadow, a.Internal = true, true }, "drop shadow"},
		{"half an hour late", func(a *guards.Ask) { late(a, "04 09:30") }, "go"},
		{"two days late, in a window", func(a *guards.Ask) { late(a, "02 09:30") }, "at overdue Wed 2026-03-04 10"},
		{"late for what no window holds", func(a *guards.Ask) { late(a, "02 09:30"); a.Rails.Window = calendar.Window{} }, "at overdue Wed 2026-03-04 10"},
		{"late, at the moment that was found for it", func(a *guards.Ask) { late(a, "02 09:30"); a.Found = a.Now }, "go"},
		{"late, and that moment is missed, too", func(a *guards.Ask) { late(a, "02 09:30"); a.Found = wed(a, "03 11:00") }, "at overdue Wed 2026-03-04 10"},
		{"held until later today, among others", func(a *guards.Ask) { hold(a, "04 15:00"); a.Spread = 1<<40 + 1199 }, "at held Wed 2026-03-04 15:26"},
		{"late after hours", func(a *guards.Ask) { late(a, "02 09:30"); a.Now = wed(a, "04 20:00") }, "at overdue Thu 2026-03-05 "},
		{"due after hours, and now is the first chance", func(a *guards.Ask) {
			late(a, "03 20:00")
			a.Now = wed(a, "04 09:00")
		}, "go"},
		{"a receipt is owed at once", func(a *guards.Ask) { late(a, "02 09:30"); a.Class = "transactional" }, "go"},
		{"skip: its day is gone", func(a *guards.Ask) { late(a, "02 09:30"); a.Rails.CatchUp = "skip" }, "drop overdue"},
		{"skip: its day is today", func(a *guards.Ask) { late(a, "03 20:00"); a.Rails.CatchUp = "skip"; a.Now = wed(a, "04 16:00") }, "go"},
		{"skip: a hold is no excuse", func(a *guards.Ask) {
			late(a, "02 09:30")
			a.Rails.CatchUp = "skip"
			hold(a, "04 09:59")
		}, "drop overdue"},
		{"a season", func(a *guards.Ask) {
			a.Calendars = []guards.Calendar{{Name: "retail", Seasons: []calendar.Season{{Name: "Spring sale", From: calendar.MonthDay{Month: 3, Day: 1}, To: calendar.MonthDay{Month: 3, Day: 8}}}}}
		}, "at calendar Mon 2026-03-09 09:00"},
		{"a season and a receipt", func(a *guards.Ask) {
			a.Class = "transactional"
			a.Calendars = []guards.Calendar{{Name: "retail", Seasons: []calendar.Season{{Name: "Spring sale", From: calendar.MonthDay{Month: 3, Day: 1}, To: calendar.MonthDay{Month: 3, Day: 8}}}}}
		}, "go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, tt.edit)
			d, err := guards.Check(a)
			if err != nil {
				t.Fatal(err)
			}
			got := map[guards.Kind]string{guards.Go: "go", guards.At: "at", guards.Park: "park", guards.Drop: "drop"}[d.Kind]
			if d.Kind != guards.Go {
				got += " " + d.Reason
			}
			if d.Kind == guards.At {
				got += " " + d.At.In(a.Zone).Format(layout)
			}
			if got != tt.want && (!strings.HasPrefix(got, tt.want) || !strings.Contains(tt.want, "overdue")) {
				t.Errorf("got %q (%s), want %q", got, d.Detail, tt.want)
			}
		})
	}
}

func TestACalendarSaysItsNameAndItsDays(t *testing.T) {
	t.Parallel()
	a := ask(t, func(a *guards.Ask) {
		a.Calendars = []guards.Calendar{{Name: "retail", Seasons: []calendar.Season{{Name: "Spring sale", From: calendar.MonthDay{Month: 3, Day: 1}, To: calendar.MonthDay{Month: 3, Day: 8}}}}}
	})
	d, err := guards.Check(a)
	if want := "Wed 4 Mar 2026 is Spring sale (calendar retail)"; err != nil || d.Detail != want {
		t.Errorf("got %q, %v; want %q", d.Detail, err, want)
	}
}
