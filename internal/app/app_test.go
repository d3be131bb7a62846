package app_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/app"
	"holdfast/internal/config"
	"holdfast/internal/store"
)

// hostile is a small project whose customers have telling names, in ids too.
const hostile = `
-- holdfast.yaml --
project: hostile
timezone: Europe/Berlin
country: DE
rules: library
sender: {name: Customer Success, email: success@ours.example}
-- team.yaml --
team:
  - {id: quentin, name: Quentin Quasimodo, email: quentin@ours.example, slack: U0000001, timezone: Europe/Berlin, role: csm}
-- playbooks/check-in.yaml --
playbook: check-in
class: outreach
owner: account.owner
lane: nurture
trigger:
  id: ticket
  on: Support Ticket Opened
enroll: {once_per: [trigger, occurrence]}
exit:
  - {on: email.replied, outcome: answered}
guardrails:
  send_window: {days: mon-fri, hours: "09:00-17:00", timezone: contact}
  avoid: [public_holidays]
  caps: [{max: 1, what: email, in: 5d, per: contact}]
  surge: off
steps:
  - {id: ask, email: check-in, to: [contacts.champion]}
  - {id: patience, wait: 3bd}
  - {id: call, task: "Call {{ contact.first_name }} of {{ account.name }}", channel: phone, due: 2bd, expires: 3bd}
  - {id: note, slack: "#success", text: "{{ account.name }} was called"}
  - {id: again, email: check-in, to: [contacts.champion]}
  - {id: close, end: told, rest: 1mo}
-- templates/check-in.md --
---
subject: Is everything all right, {{ contact.first_name }}?
---
Hello {{ contact.first_name }} {{ contact.last_name }} of {{ account.name }}, write to {{ contact.email }}.

{{ owner.name }}
-- accounts.csv --
id,name,status,country,timezone,owner
zaphod-gmbh,"Zaphod <!channel> & Söhne",active,DE,Europe/Berlin,quentin
marvin@marvin.example,Marvin Paranoia,active,IN,Asia/Kolkata,quentin
-- contacts.csv --
id,account,email,first_name,last_name,role,timezone
trillian@zaphod.example,zaphod-gmbh,trillian@zaphod.example,Trillian,Beeblebrox,champion,Europe/Berlin
slartibartfast,marvin@marvin.example,slarti@marvin.example,Slarti,Bartfast,champion,Asia/Kolkata
-- events.jsonl --
{"type":"track","event":"Support Ticket Opened","messageId":"m1","groupId":"zaphod-gmbh","timestamp":"2026-03-03T21:00:00Z","properties":{"ticket_id":"Trillian cannot log in"}}
{"type":"track","event":"Support Ticket Opened","messageId":"m2","groupId":"marvin@marvin.example","timestamp":"2026-03-05T13:30:00Z"}
`

// TestSmoke is the whole product in one process, twice over one directory: the
// embedded engine, a worker, the relay and the conductor. make race runs it.
func TestSmoke(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hostile)
	a, lines := w.run(30)
	want := strings.TrimPrefix(`
2026-03-03 21:00 zaphod-gmbh enroll ticket: Support Ticket Opened
2026-03-03 21:00 zaphod-gmbh shift ask trillian@zaphod.example send_window: Tue 3 Mar 2026 22:00 Europe/Berlin (zone of the contact) is outside Mon Tue Wed Thu Fri 09:00-17:00
2026-03-04 08:57 zaphod-gmbh email ask trillian@zaphod.example sent
2026-03-04 08:57 zaphod-gmbh wait patience waits 3 business days, until Mon 9 Mar 09:57
2026-03-05 13:30 marvin@marvin.example enroll ticket: Support Ticket Opened
2026-03-05 13:30 marvin@marvin.example shift ask slartibartfast send_window: Thu 5 Mar 2026 19:00 Asia/Kolkata (zone of the contact) is outside Mon Tue Wed Thu Fri 09:00-17:00
2026-03-06 04:13 marvin@marvin.example email ask slartibartfast sent
2026-03-06 04:13 marvin@marvin.example wait patience waits 3 business days, until Wed 11 Mar 09:43
2026-03-09 08:57 zaphod-gmbh task call quentin opened
2026-03-11 04:13 marvin@marvin.example shift call quentin working_hours: Wed 11 Mar 05:13 Europe/Berlin is outside Mon Tue Wed Thu Fri 09:00-17:00 of quentin
2026-03-11 08:00 marvin@marvin.example task call quentin opened
2026-03-12 08:57 zaphod-gmbh email again trillian@zaphod.example sent
2026-03-12 08:57 zaphod-gmbh outcome told rests until 12 Apr 2026
2026-03-12 08:57 zaphod-gmbh slack note #success sent
2026-03-12 08:57 zaphod-gmbh task call expired nobody did it in time
2026-03-16 08:00 marvin@marvin.example email again slartibartfast sent
2026-03-16 08:00 marvin@marvin.example outcome told rests until 16 Apr 2026
2026-03-16 08:00 marvin@marvin.example slack note #success sent
2026-03-16 08:00 marvin@marvin.example task call expired nobody did it in time
`, "\n")
	if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(story(lines), "\n")); d != "" {
		t.Errorf("the timeline (-want +got):\n%s", d)
	}
	touchesKeepToTheirWindow(t, lines, 9, 17)
	nothingPrivate(t, a, w, lines)

	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := w.run(60); len(more) > 0 {
		t.Errorf("the same data after a restart made more happen:\n%s", story(more))
	}
}

// nothingPrivate looks for the fixtures' names in every history and in the log.
func nothingPrivate(t *testing.T, a *app.App, w *world, lines []store.Line) {
	t.Helper()
	private := []string{
		"zaphod", "trillian", "beeblebrox", "marvin", "slarti", "bartfast", "quasimodo", "paranoia", "söhne", "@ours", ".example", "cannot log in",
	}
	seen := map[string]bool{}
	for _, l := range lines {
		if l.Enrollment == "" || seen[l.Enrollment] {
			continue
		}
		seen[l.Enrollment] = true
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := a.Ended(ctx, l.Enrollment); err != nil {
			t.Fatalf("%s does not end: %v", l.Enrollment, err)
		}
		text, err := a.History(t.Context(), l.Enrollment)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, `"over":true`) && !strings.Contains(text, `"o":true`) {
			t.Errorf("the history of %s does not show its end; the test sees too little:\n%s", l.Enrollment, text)
		}
		for _, name := range private {
			if strings.Contains(strings.ToLower(text), name) {
				t.Errorf("%q is in what Temporal keeps of %s:\n%s", name, l.Enrollment, text)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d enrollments, want 2", len(seen))
	}
	for _, name := range private {
		if strings.Contains(strings.ToLower(w.log.String()), name) {
			t.Errorf("%q is in the log:\n%s", name, w.log)
		}
	}
}

// touchesKeepToTheirWindow looks at the recipient's own clock at each e-mail.
func touchesKeepToTheirWindow(t *testing.T, lines []store.Line, from, to int) {
	t.Helper()
	n := 0
	for _, l := range lines {
		if l.Kind != "email" || l.Outcome != "sent" {
			continue
		}
		n++
		at, err := time.Parse(time.RFC3339, l.Local)
		if err != nil {
			t.Fatal(err)
		}
		if !at.Equal(l.At.Truncate(time.Second)) {
			t.Errorf("%s says %s and %s", l.Path, l.At, l.Local)
		}
		if h := at.Hour(); h < from || h >= to || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			t.Errorf("%s to %s goes at %s", l.Path, l.To, at.Format("Mon 15:04 -07:00"))
		}
	}
	if n < 4 {
		t.Errorf("%d e-mails; the test sees too little", n)
	}
}

func TestACompressedClockOpensNoRealProvider(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hostile)
	for name, env := range map[string]config.Environment{
		"email": {SendGridKey: "SG.a.key"},
		"slack": {SlackToken: "xoxb-a-token"},
	} {
		p := *w.project
		p.Settings.PublicURL = "https://success.example" // without it nobody could unsubscribe
		p.Settings.Channels = map[string]string{"email": "", "slack": "", name: map[string]string{"email": "sendgrid", "slack": "slack"}[name]}
		cfg := app.Config{Dir: t.TempDir(), Project: &p, Env: env, Log: slog.New(slog.DiscardHandler), Virtual: &app.Virtual{At: monday}}
		a, err := app.Open(t.Context(), cfg)
		if err == nil {
			t.Errorf("%s: opened on a compressed clock: %v", name, a.Close())
			continue
		}
		if holdfast.CodeOf(err) != holdfast.Invalid || !strings.Contains(err.Error(), "channel "+name+" reaches real people, and the clock is compressed") {
			t.Errorf("%s: %v", name, err)
		}
		// A loopback stand-in may play the provider, and production may have the real one.
		cfg.Env.SendGridURL, cfg.Env.SlackURL = "http://127.0.0.1:1", "http://127.0.0.1:1/"
		opens(t, cfg)
		cfg.Dir, cfg.Env.SendGridURL, cfg.Env.SlackURL, cfg.Virtual = t.TempDir(), "", "", nil
		opens(t, cfg)
	}
}

func opens(t *testing.T, cfg app.Config) {
	t.Helper()
	a, err := app.Open(t.Context(), cfg)
	if err != nil {
		t.Error(err)
		return
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
