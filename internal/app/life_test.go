package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lively is several accounts in several zones, on whom a cast acts.
func lively(accounts int) string {
	var out strings.Builder
	out.WriteString(`
-- holdfast.yaml --
project: lively
timezone: America/New_York
country: US
rules: library
library: [win-back, save]
sender: {name: Customer Success, email: success@ours.example}
-- team.yaml --
team:
  - {id: mira, name: Mira Halloran, email: mira@ours.example, slack: U0000001, timezone: America/New_York, role: csm}
-- playbooks/check-in.yaml --
playbook: check-in
class: service
owner: account.owner
lane: nurture
trigger: {id: ticket, on: Support Ticket Opened}
enroll: {once_per: [trigger, occurrence]}
exit: [{on: email.replied, outcome: answered}]
guardrails:
  send_window: {days: mon-thu, hours: "09:00-16:30", timezone: contact}
  avoid: [public_holidays, quarter_end]
  caps: [{max: 1, what: email, in: 2d, per: contact}]
steps:
  - {id: ask, email: check-in, to: [contacts.champion]}
  - {id: patience, wait_for: {any: [email.replied], timeout: 2d}}
  - {id: call, task: "Call {{ account.name }}", channel: phone, due: 1bd, expires: 2bd}
  - {id: again, email: check-in, to: [contacts.champion]}
  - {id: close, end: told}
-- templates/check-in.md --
---
subject: Is everything all right?
---
Hello {{ contact.first_name }}, {{ owner.name }} asks.
-- cast.yaml --
cast: lively
seed: 11
acts:
  - {when: touch, playbook: check-in, step: ask, share: 40%, after: 1d, act: email.replied}
  - {when: touch, playbook: win-back, share: 20%, after: 1d, act: contact.opted_out}
  - {when: task, share: 50%, after: 1bd, act: done}
-- accounts.csv --
id,name,status,country,timezone,owner,arr,churned_at,churn.manner
`)
	zones := []struct{ country, zone string }{
		{"US", "America/Los_Angeles"}, {"GB", "Europe/London"}, {"IN", "Asia/Kolkata"}, {"AU", "Australia/Sydney"}, {"DE", ""}, {"", ""},
	}
	of := func(i int) struct{ country, zone string } { return zones[i%len(zones)] }
	for i := range accounts {
		status, left := "active", ""
		if i%3 == 0 {
			status, left = "churned", fmt.Sprintf("2025-09-%02d", 4+i%20)
		}
		fmt.Fprintf(&out, "a%02d,Account %d,%s,%s,%s,mira,%d,%s,graceful\n", i, i, status, of(i).country, of(i).zone, 5000+i*7000, left)
	}
	out.WriteString("-- contacts.csv --\nid,account,email,first_name,role,timezone\n")
	for i := range accounts {
		zone := of(i + i/4).zone // some live elsewhere than their company
		fmt.Fprintf(&out, "c%02d,a%02d,c%02d@customers.example,Kim,champion,%s\n", i, i, i, zone)
	}
	out.WriteString("-- events.jsonl --\n")
	for i := range accounts {
		fmt.Fprintf(&out, `{"type":"track","event":"Support Ticket Opened","messageId":"m%d","groupId":"a%02d","timestamp":"2026-03-%02dT%02d:07:00Z"}`+"\n", i, i, 3+i%14, i*5%24)
	}
	return out.String()
}

// TestTheSameDataGivesTheSameTimelineInsideEveryWindow runs accounts of many
// zones twice. The timelines are the same, line by line, and in the recipient's
// own zone no customer hears from us on a Friday, at night, on a public holiday
// or at the end of a quarter.
func TestTheSameDataGivesTheSameTimelineInsideEveryWindow(t *testing.T) {
	t.Parallel()
	files := lively(18)
	_, first := newWorld(t, files).run(45)
	_, second := newWorld(t, files).run(45)
	if d := cmp.Diff(strings.Split(story(first), "\n"), strings.Split(story(second), "\n")); d != "" {
		t.Errorf("two runs of the same data differ (-first +second):\n%s", d)
	}
	touchesKeepToTheirWindow(t, first, 9, 17)
	zones, kinds := map[string]bool{}, map[string]int{}
	for _, l := range first {
		kinds[l.Kind]++
		if l.Kind != "email" {
			continue
		}
		at, err := time.Parse(time.RFC3339, l.Local)
		if err != nil {
			t.Fatal(err)
		}
		zones[at.Format("-07:00")] = true
		if m := at.Hour()*60 + at.Minute(); at.Weekday().String() == "Friday" || m > 16*60+30 {
			t.Errorf("%s to %s goes at %s", l.Path, l.To, at.Format("Mon 15:04 -07:00"))
		}
		if day := at.Format("01-02"); day >= "03-18" && day <= "03-31" {
			t.Errorf("%s to %s goes at the end of the quarter: %s", l.Path, l.To, at)
		}
	}
	for _, kind := range []string{"email", "task", "shift", "exit", "outcome", "heard"} {
		if kinds[kind] < 3 {
			t.Errorf("%d lines of kind %s; the test sees too little", kinds[kind], kind)
		}
	}
	if len(zones) < 4 {
		t.Errorf("e-mails into the zones %v; the test sees too little", zones)
	}
}

// TestARunningEnrollmentKeepsItsVersionOverADeployAndARestart lets a process end
// between the first touch and the second, and another begin with an edited
// playbook, template and the same messages again.
func TestARunningEnrollmentKeepsItsVersionOverADeployAndARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, hostile)
	a, before := w.run(3) // until Thursday morning: one has begun, and waits
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(story(before), " email ask "); got != 1 {
		t.Fatalf("%d first e-mails before the deploy, want 1:\n%s", got, story(before))
	}
	deployed := strings.NewReplacer(
		`  - {id: note, slack: "#success", text: "{{ account.name }} was called"}`, `  - {id: recorded, slack: "#success", text: "recorded"}`,
		"end: told", "end: over",
		"subject: Is everything all right,", "subject: A changed subject,",
	).Replace(hostile)
	next := newWorld(t, deployed)
	next.dir = w.dir
	a, after := next.run(30)
	got := story(after)
	for account, want := range map[string]struct{ has, not string }{
		"zaphod-gmbh":           {"slack note #success sent", "recorded"},
		"marvin@marvin.example": {"slack recorded #success sent", "note"},
	} {
		var of []string
		for l := range strings.SplitSeq(got, "\n") {
			if strings.Contains(l, " "+account+" ") {
				of = append(of, l)
			}
		}
		text := strings.Join(of, "\n")
		if !strings.Contains(text, want.has) || strings.Contains(text, " "+want.not+" ") {
			t.Errorf("%s: want %q and not %q in\n%s", account, want.has, want.not, text)
		}
	}
	if n := strings.Count(story(before)+got, " enroll "); n != 2 {
		t.Errorf("%d enrollments, want 2: one for each entry key\n%s%s", n, story(before), got)
	}
	subjects := subjectsOf(t, a, "zaphod-gmbh")
	if d := cmp.Diff([]string{"Is everything all right, Trillian?", "Is everything all right, Trillian?"}, subjects); d != "" {
		t.Errorf("subjects after the deploy (-want +got):\n%s", d)
	}
}
