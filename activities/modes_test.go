package activities_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast"
	"holdfast/activities"
	"holdfast/internal/source"
	"holdfast/internal/store"
	"holdfast/rules"
)

func TestAStoppedPlaybookWaitsAndOthersGoOn(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", winsBack), book("check-in", strings.Replace(winsBack, "win-back", "nurture", 1)))
	if err := activities.StopPlaybook(t.Context(), w.store, "win-bck", "max"); err == nil || !strings.Contains(fmt.Sprint(err), "win-bck") {
		t.Errorf("stopping what is not there: %v", err)
	}
	if err := activities.StopPlaybook(t.Context(), w.store, "win-back", "max"); err != nil {
		t.Fatal(err)
	}
	a, b := w.start("win-back", "1"), w.start("check-in", "1")
	w.live(monday.AddDate(0, 0, 2), a, b)
	if got := touched(w); got != "" { // nurture waits for win-back's lane, too
		t.Errorf("went: %s", got)
	}
	if err := activities.ResumePlaybook(t.Context(), w.store, "win-back", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.live(monday.AddDate(0, 0, 3), a, b)
	if got := touched(w); got != "win-back mail, check-in mail" {
		t.Errorf("went: %s", got)
	}
}

func TestAShadowDoesEverythingButTheSend(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", "mode: shadow\nlane: win-back\nsteps:\n  - {id: freeze, hold: account, reason: talks}\n"+
		"  - {id: mail, email: hello, to: [contacts.champion]}\n  - {id: gap, email: gap, to: [contacts.champion]}\n"+
		"  - {id: draft, email: hello, to: [contacts.champion], review: {by: owner, send_after: 2bd}}\n"+
		"  - {id: call, task: Call them, channel: phone}\n  - {id: note, slack: owner, text: Look at them}\n  - {id: close, end: done, rest: 6mo}\n"))
	r := w.start("win-back", "1")
	w.live(monday.AddDate(0, 0, 30), r)
	if n := len(w.email.sent) + len(w.slack.sent) + len(r.tasks()); n != 0 {
		t.Errorf("%d messages and tasks went", n)
	}
	want := []string{
		"skip freeze skipped shadow", "skip mail skipped shadow", "error gap failed missing_variable",
		"skip draft skipped shadow", "skip call skipped shadow", "skip note skipped shadow", "outcome done",
	}
	if got := r.timeline(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	w.update(func(tx store.Tx) error {
		lines, err := tx.LinesOf(r.id)
		if got := lines[1].Reason; got != `shadow: would have gone now: "Hello Dana"` {
			t.Errorf("the line says %q", got)
		}
		rests, errRests := tx.Rests("acme", w.clock.Now())
		if holds, _ := tx.Holds("", w.clock.Now()); len(holds)+len(rests) != 0 {
			t.Errorf("a shadow bound the account: %v %v", holds, rests)
		}
		if errRests != nil {
			return errRests
		}
		return err
	})
}

func TestStagingSendsEveryMailToOneAddress(t *testing.T) {
	t.Parallel()
	w := quietWorld(t, book("win-back", winsBack))
	project := w.config.Project
	w.config.Project = func() activities.Project {
		p := project()
		p.RedirectAllTo = "staging@example.test"
		return p
	}
	w.wire()
	r := w.start("win-back", "1")
	w.live(monday.AddDate(0, 0, 2), r)
	if len(w.email.sent) != 1 {
		t.Fatalf("%d e-mails", len(w.email.sent))
	}
	m := w.email.sent[0]
	if m.To.Email != "staging@example.test" || m.Subject != "[for Dana@acme.test] Hello Dana" {
		t.Errorf("went to %s as %q", m.To.Email, m.Subject)
	}
	if got := r.ledger(); got[0] != "mail email dana sent" {
		t.Errorf("the ledger says %v", got)
	}
}

// TestADeclaredCalendarKeepsMailsBackWhereItHolds: a season of American accounts,
// a mail and a task in the middle of it.
func TestADeclaredCalendarKeepsMailsBackWhereItHolds(t *testing.T) {
	t.Parallel()
	text := strings.Replace(book("nudge", "steps:\n  - {id: call, task: Call, channel: phone, expires: 1d}\n  - {id: mail, email: hello, to: [contacts.champion]}\n"),
		"avoid: []", "avoid: [spring]", 1)
	for country, want := range map[string][]string{
		"US": {"mail", "calendar: Tue 3 Mar 2026 is Spring sale (calendar spring)", "2026-03-09T00:00:00-04:00"},
		"DE": nil,
	} {
		t.Run(country, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, book("nudge", "steps: [{id: x, wait: 1d}]\n"))
			docs, found := source.Parse("rules.yaml", []byte(schema+"---\ncalendar: spring\nseasons: [{name: Spring sale, from: 03-01, to: 03-08}]\nwhen: account.country == \"US\"\n"))
			if len(found) > 0 {
				t.Fatal(found)
			}
			if w.rules, found = rules.Load(docs); len(found) > 0 {
				t.Fatal(found)
			}
			w.publish(text)
			w.update(func(tx store.Tx) error {
				return tx.PutAccount(store.Account{ID: "acme", Known: true, Fields: fields("name", "Acme", "country", country, "timezone", "America/New_York")})
			})
			r := w.start("nudge", "1")
			w.live(monday, r)
			if len(r.tasks()) != 1 {
				t.Errorf("%d tasks, want the call at once", len(r.tasks()))
			}
			w.live(monday.AddDate(0, 0, 8), r)
			var got []string
			w.update(func(tx store.Tx) error {
				lines, err := tx.LinesOf(r.id)
				for _, l := range lines {
					if l.Kind == "shift" {
						got = append(got, l.Step, l.Reason, l.Local)
					}
				}
				return err
			})
			if !slices.Equal(got, want) || len(w.email.sent) != 1 {
				t.Errorf("shifted %q, want %q; %d e-mails", got, want, len(w.email.sent))
			}
		})
	}
}

// TestAWeekOfDowntimeMakesNoBarrage: two hundred touches are due in a week in
// which nothing runs; it comes back on a Wednesday at eleven.
func TestAWeekOfDowntimeMakesNoBarrage(t *testing.T) {
	t.Parallel()
	const accounts = 200
	text := "playbook: nudge\nclass: outreach\nowner: account.owner\ntrigger: {on: ping}\nexit: [{on: email.replied, outcome: responded}]\n" +
		"guardrails: {send_window: {days: mon-fri, hours: \"09:00-17:00\"}, caps: []}\n" +
		"steps: [{id: pause, wait: 3d}, {id: mail, email: hello, to: [contacts.champion]}]\n"
	w := newWorld(t, text)
	project := w.config.Project
	w.config.Project = func() activities.Project {
		p := project()
		p.Spread = true
		return p
	}
	w.wire()
	var runs []*run
	for i := range accounts {
		id := fmt.Sprintf("acme-%03d", i)
		w.customer(id)
		runs = append(runs, w.enroll("1", func(e *store.Enrollment) {
			e.Account, e.ID = id, holdfast.EnrollmentID("nudge", id, "1")
		}))
	}
	w.live(monday, runs...)
	back := time.Date(2026, 3, 11, 15, 0, 0, 0, time.UTC) // 11:00 in New York
	w.clock.Move(back)
	sent := map[time.Time]int{}
	w.email.fail = func(m holdfast.Outbound) error {
		sent[m.At.Truncate(10*time.Minute)]++
		return nil
	}
	w.live(back.AddDate(0, 0, 2), runs...)
	total, most := 0, 0
	for at, n := range sent {
		total, most = total+n, max(most, n)
		if at.Before(back) || at.After(back.Add(2*time.Hour)) {
			t.Errorf("%d went at %s, outside the first third of what was left of the window", n, at)
		}
	}
	if total != accounts || most > accounts/5 {
		t.Errorf("%d of %d went, %d of them in the worst ten minutes", total, accounts, most)
	}
}
