package project_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/project"
)

func TestAPaceIsRead(t *testing.T) {
	t.Parallel()
	p, found := lint(t, write(t, map[string]string{"holdfast.yaml": plain + `channels: {email: sendgrid, sandbox: true}
pace:
  email:
    limits:
      - {max: 3, in: 1s}
      - {max: 5, in: 1m, per: domain}
      - {max: 20, in: 1m, domains: [Gmail.com, googlemail.com]}
    per_day: 1000
    warm_up: {from: 2026-12-01, first_day: 50, doubles_every: 3d}
`}))
	if len(found) > 0 {
		t.Fatal(found)
	}
	pace := p.Settings.Pace
	var got []string
	for _, l := range pace.Limits {
		got = append(got, l.String()+", one every "+l.Every().String())
	}
	want := []string{
		"at most 3 e-mails in 1s, one every 333.334ms", "at most 5 e-mails in 1m to one domain, one every 12s",
		"at most 20 e-mails in 1m to gmail.com, googlemail.com, one every 3s",
	}
	if d := cmp.Diff(want, got); d != "" || !p.Settings.Sandbox {
		t.Errorf("sandbox %v: %s", p.Settings.Sandbox, d)
	}
	days := map[string]int{
		"2026-01-01": 50, "2026-12-01": 50, "2026-12-03": 50, "2026-12-04": 100, "2026-12-07": 200, "2026-12-10": 400, "2026-12-13": 800, "2026-12-16": 1000, "2300-01-01": 1000,
	}
	for day, want := range days {
		at, err := time.Parse(time.DateOnly, day)
		if got := pace.Day(at); err != nil || got != want {
			t.Errorf("%s: %d mails, want %d", day, got, want)
		}
	}
	if n := (project.Pace{}).Day(time.Now()); n != 0 {
		t.Errorf("without a pace: %d mails a day", n)
	}
	names := map[string]bool{"gmail.com": true, "eu.gmail.com": true, "googlemail.com": true, "notgmail.com": false, "gmail.com.evil.example": false, "com": false}
	for domain, want := range names {
		if pace.Limits[2].Names(domain) != want {
			t.Errorf("%s is named: %v, want %v", domain, !want, want)
		}
	}
}

func TestAWrongPaceIsShownItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"pace: {mail: {}}": `unknown key "mail"`, "pace: {email: {per_second: 3}}": `unknown key "per_second"`, "pace: {email: {per_day: 0}}": "per_day must be a whole number from 1",
		"pace: {email: {limits: {max: 1}}}": "limits must be a list", "pace: {email: {limits: [{max: 1}]}}": "in", "pace: {email: {limits: [{max: 0, in: 1s}]}}": "max must be a whole number from 1",
		"pace: {email: {limits: [{max: 1, in: 1d}]}}": `in cannot be "1d"`, "pace: {email: {limits: [{max: 1, in: 0s}]}}": `in cannot be "0s"`, "pace: {email: {limits: [{max: 1, in: 25h}]}}": `in cannot be "25h"`,
		"pace: {email: {limits: [{max: 1, in: 1s, domains: [gmail]}]}}":                             `"gmail" is no domain`,
		"pace: {email: {limits: [{max: 1, in: 1s, per: domain, domains: [gmail.com]}]}}":            "not both",
		"pace: {email: {limits: [{max: 1, in: 1s, per: contact}]}}":                                 `per cannot be "contact"`,
		"pace: {email: {warm_up: {from: 2026-12-01, first_day: 5}}}":                                "doubles_every",
		"pace: {email: {warm_up: {from: soon, first_day: 5, doubles_every: 3d}}}":                   `"soon" is no day`,
		"pace: {email: {warm_up: {from: 2026-12-01, first_day: 5, doubles_every: 2h}}}":             `doubles_every cannot be "2h"`,
		"pace: {email: {per_day: 4, warm_up: {from: 2026-12-01, first_day: 5, doubles_every: 2d}}}": "than any day may have",
		"channels: {email: smtp, sandbox: true}":                                                    "sandbox is SendGrid's", "channels: {email: sendgrid, sandbox: yes}": "sandbox must be true or false",
	} {
		_, found := lint(t, write(t, map[string]string{"holdfast.yaml": plain + text + "\n"}))
		if got := strings.Join(found, "\n"); len(found) != 1 || !strings.Contains(got, want) || !strings.Contains(got, "holdfast.yaml:3:") {
			t.Errorf("%s: found %q, want one that says %q", text, got, want)
		}
	}
}
