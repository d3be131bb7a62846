package explain

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/intake"
)

const outreach = `
playbook: outreach
title: Outreach
class: outreach
owner: account.owner
trigger: {when: 'account.arr >= 10000 && account.status == "active"'}
exit:
  - {on: email.replied, outcome: responded}
  - {id: calm, on: Ticket Opened, when: event.priority == "low", outcome: calm}
  - {when: account.status == "churned", outcome: lost, rest: {for: 6mo, unless: account.fragile}}
goal: {on: Saved, outcome: saved, within: 60d}
guardrails: {avoid: [public_holidays]}
steps:
  - {id: settle, wait: 4d}
  - {id: mail, email: hello, to: [contacts.champion]}
  - {id: listen, wait_for: {any: [Ticket Opened], timeout: 10d}}
  - {id: close, end: done}
`

func dana(p *production) {
	p.person("dana", map[string]any{"email": "dana@acme.example", "first_name": "Dana", "last_name": "D", "role": "champion"})
}

func TestWhyAnAccountWasNotEnrolled(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 8200, "owner": "mira"})
	got, _, _ := strings.Cut(printed(t, p.ask(Question{Playbook: "outreach"}), Style{}), "\n")
	want := "acme (Acme), outreach: not enrolled: `account.arr >= 10000` is false: account.arr is 8,200 EUR, set on 2 Mar 2026 by group message m-1"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Each row is a way not to be, or to be, in a playbook, as the first line says it.
func TestEveryRuleOfEntryHasItsSentence(t *testing.T) {
	t.Parallel()
	book := func(rest string) string {
		return "playbook: x\ntitle: X\nclass: service\nowner: account.owner\n" + rest + "\nsteps:\n  - {id: settle, wait: 9d}\n  - {id: bye, end: over}\n"
	}
	active := map[string]any{"status": "active", "arr": 20000, "owner": "mira"}
	for _, tt := range []struct {
		name, book string
		before     func(p *production)
		want       string
	}{
		{"enrolled", book(`trigger: {when: segment.dear}`), func(p *production) { p.group(active) },
			"enrolled since 2 Mar 2026: step settle waits until Wed 11 Mar 09:00"},
		{"a segment is unfolded", book(`trigger: {when: segment.dear}`), func(p *production) { p.group(map[string]any{"arr": 5}) },
			"not enrolled: `account.arr >= 10000` is false: account.arr is 5 EUR, set on 2 Mar 2026 by group message m-1"},
		{"true before", book(`trigger: {when: segment.dear}`), func(p *production) {
			m := holdfast.Message{ID: "h", Source: "import", Kind: holdfast.Group, Account: "acme", At: start.AddDate(0, -1, 0),
				Props: map[string]any{"status": "active", "arr": 20000.0}}
			if err := p.take(p.t.Context(), []holdfast.Message{m}); err != nil {
				p.t.Fatal(err)
			}
		}, "not enrolled: true since Mon 2 Mar 2026 09:00 and starts only as it becomes true: it was so when the playbook was published (existing: ignore), or what made it so came late or as history"},
		{"must hold", book(`trigger: {when: segment.dear, for: 7d}`), func(p *production) { p.group(active); p.clock.Move(start.AddDate(0, 0, 2)) },
			"not yet by condition: true since Mon 2 Mar 2026 09:00; it must hold for 7d, until Mon 9 Mar 2026 09:00"},
		{"no event", book(`trigger: {on: Saved}`), func(p *production) { p.group(active) },
			"not enrolled: no Saved has come"},
		{"an event that does not pass", book(`trigger: {on: Ticket Opened, when: event.priority == "urgent"}`), func(p *production) {
			p.group(active)
			p.event("Ticket Opened", map[string]any{"priority": "low"})
		}, "not enrolled: the last Ticket Opened came on Mon 2 Mar 2026 09:00: `event.priority == \"urgent\"` is false: event.priority is \"low\""},
		{"a date ahead", book(`trigger: {at: account.renewal_date, before: 30d}`), func(p *production) { p.group(map[string]any{"renewal_date": "2026-06-30"}) },
			"not yet by date: fires on Sun 31 May 2026 00:00, 30d before `account.renewal_date` (2026-06-30)"},
		{"a date that has come round", book(`trigger: {at: 'next_occurrence(account.renewal_date, "1y")', after: 5d}`), func(p *production) {
			p.group(map[string]any{"renewal_date": "2025-03-03"})
			p.clock.Move(start.AddDate(0, 0, 3))
		}, "not yet by date: fires on Sun 8 Mar 2026 00:00, 5d after `next_occurrence(account.renewal_date, \"1y\")` (2026-03-03)"},
		{"a date gone by", book(`trigger: {at: account.renewal_date, before: 30d}`), func(p *production) { p.group(map[string]any{"renewal_date": "2026-03-20"}) },
			"not enrolled: its day was Wed 18 Feb 2026 00:00, 30d before `account.renewal_date` (2026-03-20): it had gone by when"},
		{"no date", book(`trigger: {at: account.renewal_date}`), func(p *production) { p.group(active) },
			"not enrolled: there is no date: account.renewal_date was never set"},
		{"at most", book("trigger: {on: Saved}\nenroll: {at_most: 1}"), func(p *production) {
			p.group(active)
			p.event("Saved", nil)
			p.play(start.AddDate(0, 0, 20))
			p.event("Saved", nil)
		}, "ended on 11 Mar 2026 as over; not enrolled again: the last Saved came on Sun 22 Mar 2026 09:00 and passes, but it may start no more often: started 1 times"},
		{"it ended", book("trigger: {when: account.seats > 5}\nexit: [{when: account.status == \"churned\", outcome: lost, rest: {for: 6mo, unless: account.fragile}}]"), func(p *production) {
			p.group(map[string]any{"seats": 9, "status": "active"})
			p.group(map[string]any{"status": "churned"})
			p.group(map[string]any{"seats": 1, "status": "active"})
			p.clock.Move(start.AddDate(0, 0, 3))
		}, "ended on 2 Mar 2026 as lost; not enrolled again: `account.seats > 5` is false: account.seats is 1, set on 2 Mar 2026 by group message m-3"},
		{"a rest", book("trigger: {when: account.seats > 5}\nexit: [{when: account.status == \"churned\", outcome: lost, rest: {for: 6mo, unless: account.fragile}}]"), func(p *production) {
			p.group(map[string]any{"seats": 9, "status": "active"})
			p.group(map[string]any{"status": "churned"})
			p.group(map[string]any{"seats": 1, "status": "active"})
			p.clock.Move(start.AddDate(0, 0, 3))
			p.silent(map[string]any{"seats": 9})
		}, "ended on 2 Mar 2026 as lost; not enrolled again: it holds, but it rests: until 2026-09-02 after lost"},
		{"held out", strings.Replace(book("holdout: 50%\ntrigger: {on: Saved}"), "class: service", "class: outreach", 1), func(p *production) {
			p.hold("acme")
			p.group(active)
			p.event("Saved", nil)
		}, "held out since 2 Mar 2026, so that the playbook's lift can be measured: nothing is sent"},
		{"rolled out to others", book("rollout: 1%\ntrigger: {on: Saved}"), func(p *production) {
			p.group(active)
			p.event("Saved", nil)
		}, "not enrolled: the last Saved came on Mon 2 Mar 2026 09:00 and passes, but the playbook is being rolled out: not among the first 1%"},
		{"held by a surge", book("guardrails: {surge: {max: 1}}\ntrigger: {on: Saved}"), func(p *production) {
			p.group(active)
			other := []holdfast.Message{
				{ID: "b1", Source: "test", Kind: holdfast.Group, Account: "beta", At: p.clock.Now(), Props: map[string]any{"status": "active"}},
				{ID: "b2", Source: "test", Kind: holdfast.Track, Event: "Saved", Account: "beta", At: p.clock.Now()},
			}
			if _, err := p.intake.Take(p.t.Context(), other, intake.Live); err != nil {
				p.t.Fatal(err)
			}
			p.event("Saved", nil)
		}, "not yet by event: fired on Mon 2 Mar 2026 09:00 and waits: a surge has paused the trigger (x enrolled 2 today, and 1 is the most for a trigger without a usual day); answer with holdfast triggers resume or drop x event"},
		{"held by a feed that is silent", book("trigger: {when: quiet_days(metric.tickets) >= 5}"), func(p *production) {
			p.group(active)
			p.tickets("acme", 0, 17)
			p.tickets("beta", 17, 19)
			p.play(start.AddDate(0, 0, 22)) // the last word was on the 18th day, nothing came on the 19th
		}, "not yet by condition: fired on Mon 23 Mar 2026 01:00 and waits: the trigger is suspended (nothing of event \"Ticket Opened\" has come from anybody since 2026-03-20 09:00 UTC, longer than is usual); " +
			"it goes on by itself when the feed is back and its condition still holds; answer with holdfast triggers resume or drop x condition"},
		{"an announcement that has given it a moment", book(`trigger: {on: Shipped, when: account.status == "active", spread: 30d}`), func(p *production) {
			p.group(active)
			p.message(holdfast.Message{Kind: holdfast.Track, Event: "Shipped"})
			p.play(start.Add(time.Minute))
		}, "not yet by event: the last Shipped came on Mon 2 Mar 2026 09:00 for all accounts; this one enters on "},
		{"an announcement that it does not match", book(`trigger: {on: Shipped, when: account.status == "churned"}`), func(p *production) {
			p.group(active)
			p.message(holdfast.Message{Kind: holdfast.Track, Event: "Shipped"})
			p.play(start.AddDate(0, 0, 3))
		}, "not enrolled: the last Shipped came on Mon 2 Mar 2026 09:00: `account.status == \"churned\"` is false"},
		{"provisional", book(`trigger: {on: Saved}`), func(p *production) { p.event("Saved", nil) },
			"not enrolled: the account is provisional: only events have named it so far"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProduction(t, newProject(t, tt.book))
			tt.before(p)
			if got := p.short("x"); !strings.HasPrefix(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// What explain says comes next is what then happens, to the minute.
func TestTheNextFireTimeIsWhatThenHappens(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	dana(p)
	p.clock.Move(time.Date(2026, 3, 30, 16, 0, 0, 0, time.UTC)) // Monday; Friday is Good Friday, Monday Easter Monday
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira", "country": "DE"})
	r := p.ask(Question{})
	e := r.Playbooks[0].Enrollments[0]
	if len(e.Next) != 1 || e.Next[0].Kind != "email" || e.Next[0].To != "dana" {
		t.Fatalf("next is %+v, want the mail to dana", e.Next)
	}
	var chain []string
	for _, s := range e.Next[0].Shifts {
		chain = append(chain, s.Reason)
	}
	if d := cmp.Diff([]string{"send_window", "public_holiday"}, chain); d != "" {
		t.Errorf("shifts: %s\n%s", d, printed(t, r, Style{}))
	}
	p.play(start.AddDate(0, 0, 60))
	for _, l := range p.lines() {
		if l.Kind == "email" {
			if !l.At.Equal(e.Next[0].At) {
				t.Errorf("it went at %s, and explain said %s", l.At, e.Next[0].At)
			}
			return
		}
	}
	t.Error("no mail went")
}

func TestExplainWritesNothing(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	dana(p)
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira"})
	before, at := p.lines(), p.clock.Now()
	p.ask(Question{Event: "Saved", Calendar: start.AddDate(0, 0, 90)})
	p.ask(Question{At: start.Add(time.Hour), Then: true})
	if d := cmp.Diff(before, p.lines()); d != "" || !p.clock.Now().Equal(at) {
		t.Errorf("the store has changed: %s", d)
	}
	if got := p.ask(Question{}).Playbooks[0].Enrollments[0].Goal.Status; got != "open" {
		t.Errorf("the goal is %s after an event that was only asked about", got)
	}
}

func TestWhatAnEventWouldDo(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	dana(p)
	p.group(map[string]any{"name": "Acme", "status": "active", "arr": 20000, "owner": "mira"})
	p.play(start.AddDate(0, 0, 6)) // the mail has gone; it listens
	for _, tt := range []struct {
		event string
		props map[string]any
		does  string
		not   string
	}{
		{"email.replied", nil, "ends outreach as responded (email.replied)", ""},
		{"Saved", nil, "meets the goal of outreach (saved)", ""},
		{"Ticket Opened", map[string]any{"priority": "urgent"}, "answers what step listen of outreach waits for",
			"does not end outreach as calm: `event.priority == \"low\"` is false: event.priority is \"urgent\""},
		{"Ticket Opened", map[string]any{"priority": "low"}, "ends outreach as calm (Ticket Opened and event.priority == \"low\")", ""},
	} {
		h := p.ask(Question{Event: tt.event, Props: tt.props}).Event
		var does, not []string
		for _, e := range h.Does {
			does = append(does, e.What)
		}
		for _, e := range h.DoesNot {
			not = append(not, e.What)
		}
		if got := strings.Join(does, "\n"); !strings.Contains(got, tt.does) {
			t.Errorf("%s %v does %q, want %q", tt.event, tt.props, got, tt.does)
		}
		if got := strings.Join(not, "\n"); got != tt.not {
			t.Errorf("%s %v does not %q, want %q", tt.event, tt.props, got, tt.not)
		}
	}
}

func TestAnEventThatNobodyDeclaredIsNamed(t *testing.T) {
	t.Parallel()
	p := newProduction(t, newProject(t, outreach))
	p.group(map[string]any{"name": "Acme"})
	for _, tt := range []struct {
		q    Question
		want string
	}{
		{Question{Account: "acme", Event: "Savd"}, `there is no event "Savd" (did you mean "Saved"?)`},
		{Question{Account: "acmee"}, `there is no account "acmee" (did you mean "acme"?)`},
		{Question{Account: "acme", Playbook: "outreech"}, `there is no playbook "outreech" (did you mean "outreach"?)`},
		{Question{Account: "acme", Event: "Ticket Opened", Props: map[string]any{"priority": 3}}, "event Ticket Opened: "},
	} {
		tt.q.At = start
		_, err := Stored(t.Context(), p.store, p.project, tt.q)
		var e *holdfast.Error
		if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
