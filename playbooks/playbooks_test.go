package playbooks_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"holdfast"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/rules"
)

const schema = `
schema: account
fields:
  status: {type: string, enum: [active, churned]}
  arr: {type: money}
  owner: {type: string}
  csm: {type: string}
  renewal_date: {type: date}
---
schema: contact
fields:
  email: {type: string}
---
event: Login
---
segment: big
when: account.arr >= 1000 # dollars
---
segment: small
when: "!segment.big"
---
segment: unused
when: account.arr == 0
`

func load(t testing.TB, src string) *rules.Set {
	t.Helper()
	docs, found := source.Parse("rules.yaml", []byte(src))
	s, more := rules.Load(docs)
	if found = append(found, more...); len(found) > 0 {
		t.Fatal(found)
	}
	return s
}

var templates = fstest.MapFS{
	"templates/hi.md":        {Data: []byte("---\nsubject: Hi\n---\nHello\n")},
	"templates/hi.de.md":     {Data: []byte("---\nsubject: Hallo\n---\nHallo\n")},
	"templates/high.md":      {Data: []byte("---\nsubject: another\n---\nHello\n")},
	"templates/deep/mail.md": {Data: []byte("---\nsubject: Hi\n---\nHello\n")},
}

func compile(t *testing.T, src string) (*playbooks.Playbook, []diag.Diagnostic) {
	t.Helper()
	docs, found := source.Parse("p.yaml", []byte(src))
	if len(found) > 0 {
		t.Fatal(found)
	}
	return playbooks.Lint(docs[0], load(t, schema), templates)
}

// book is a right playbook with lines put in.
func book(lines ...string) string {
	return "playbook: p\ntrigger: {on: Login}\n" + strings.Join(lines, "\n") + "\nsteps:\n  - {id: mail, email: hi, to: [contacts.champion]}\n"
}

const stops = "exit: [{on: email.replied, outcome: responded}]"

func TestWhatIsNotWrittenIsSafe(t *testing.T) {
	t.Parallel()
	p, found := compile(t, book(stops))
	if len(found) > 0 {
		t.Fatal(found)
	}
	if p.Class != playbooks.Outreach || p.Owner != "account.owner" || p.Unknown != "at_most_once" {
		t.Errorf("class %q, owner %q, unknown %q", p.Class, p.Owner, p.Unknown)
	}
	if d := cmp.Diff([]string{"trigger", "occurrence"}, p.Enroll.OncePer); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(playbooks.Defaults(playbooks.Outreach), p.Rails); d != "" {
		t.Error(d)
	}
	if got := p.Rails.Window.String(); got != "Mon Tue Wed Thu Fri 09:00-17:00" {
		t.Errorf("the window is %s", got)
	}
	if rails := playbooks.Defaults(playbooks.Transactional); len(rails.Caps)+len(rails.Avoid) > 0 {
		t.Errorf("a transactional playbook has %v", rails)
	}
}

func TestAPlaybookIsReadWhole(t *testing.T) {
	t.Parallel()
	p, found := compile(t, `
playbook: renewal-90
title: Renewal
class: service
owner: account.csm
lane: renewal
unknown_send: ask
unknown_wait: 15m
trigger:
  when: segment.big
  any: [{on: Login}, {at: account.renewal_date, before: 90d}]
enroll: {once_per: account, not_within: 6mo, at_most: 4}
goal: {when: account.status == "active", outcome: renewed, within: 130d}
exit:
  - {on: email.replied, outcome: responded, rest: 6mo}
  - {id: lost, when: account.status == "churned", outcome: lost, rest: {for: forever, unless: account.arr > 5}}
guardrails:
  send_window: {days: [mon-wed, fri], hours: "08:30-24:00", timezone: Europe/Berlin}
  avoid: [quarter_end]
  caps: [{max: 2, in: 1w, per: account}]
  catch_up: skip
steps:
  - {id: mail, email: deep/mail, to: [contacts.champion]}
`)
	if len(found) > 0 {
		t.Fatal(found)
	}
	got := fmt.Sprintf("%s %s %s %s %s %s %s %d %s %v %s %d", p.Name, p.Title, p.Class, p.Owner, p.Lane, p.Unknown, p.UnknownWait.Text,
		len(p.Triggers), p.When.Source(), p.Enroll.OncePer, p.Enroll.NotWithin, p.Enroll.AtMost)
	if want := "renewal-90 Renewal service account.csm renewal ask 15m 2 segment.big [account] 6mo 4"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if x := p.Exits[0]; x.ID != "exit_1" || x.On != "email.replied" || x.RestFor != "6mo" || x.Unless != "" {
		t.Errorf("the first exit is %+v", x)
	}
	if x := p.Exits[1]; x.ID != "lost" || x.When == nil || x.RestFor != "forever" || x.Unless != "account.arr > 5" {
		t.Errorf("the second exit is %+v", x)
	}
	if p.Goal.Within.Text != "130d" || p.Goal.Outcome != "renewed" {
		t.Errorf("the goal is %+v", p.Goal)
	}
	r := p.Rails
	if r.Window.Days != [7]bool{false, true, true, true, false, true, false} || r.Window.From != 510 || r.Window.To != 1440 || r.Zone != "Europe/Berlin" {
		t.Errorf("the window is %+v", r.Window)
	}
	if len(r.Avoid) != 1 || r.CatchUp != "skip" || len(r.Caps) != 1 || r.Caps[0].What != "touch" || r.Caps[0].Per != "account" {
		t.Errorf("the rails are %+v", r)
	}
}

func TestMistakesPointAtWhatToChange(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, line, want string }{
		{"key", "klass: service", `3:1 unknown key "klass" in playbook "p" [unknown-key]`},
		{"class", "class: outrech", `3:8 class cannot be "outrech" [unknown-choice]`},
		{"holdout", "holdout: ten", `3:10 holdout cannot be "ten" [wrong-type]`},
		{"holdout of all", "holdout: 100%", `3:10 holdout must be above 0% and at most 90% [out-of-range]`},
		{"holdout of a receipt", "class: transactional\nholdout: 5%", `4:10 a transactional message is owed to everyone; nobody is held out [bad-holdout]`},
		{"rollout", "rollout: 0%", `3:10 rollout must be above 0% and at most 100% [out-of-range]`},
		{"mode", "mode: shdow", `3:7 mode cannot be "shdow" [unknown-choice]`},
		{"pre-empted without a lane", "when_preempted: exit", `3:17 a playbook without a lane is never pre-empted [no-lane]`},
		{"rest of no lane", "exit: [{on: email.replied, outcome: x, rest: {for: 6mo, scope: lane}}]", `3:64 the playbook has no lane that could rest [no-lane]`},
		{"owner", "owner: account.onwer", `3:8 unknown account field "onwer" [unknown-field]`},
		{"owner is no field", "owner: mira", `3:8 "mira" is no field of the account [bad-reference]`},
		{"lane", "lane: Win Back", `3:7 "Win Back" cannot be the name of a lane [bad-name]`},
		{"entry", "enroll: {at_most: 0}", `3:19 at_most must be a whole number from 1 to 10000, not "0" [wrong-type]`},
		{"goal", "goal: {when: account.status == \"active\", outcome: won}", `3:7 goal needs within [missing-key]`},
		{"goal without cause", "goal: {outcome: won, within: 5d}", `3:7 nothing says when the goal is met [missing-key]`},
		{"exit", "exit: [{on: email.replied}]", `3:8 an exit needs outcome [missing-key]`},
		{"exit without cause", "exit: [{outcome: x}]", `3:8 nothing says when this exit is taken [missing-key]`},
		{"exit's event", "exit: [{on: email.repleid, outcome: x}]", `3:13 unknown event "email.repleid" [unknown-event]`},
		{"exit's rest", "exit: [{on: email.replied, outcome: x, rest: 3q}]", `3:46 unknown unit "q" in "3q"; write s, m, h, d, w, mo, y or bd [bad-duration]`},
		{"exit's condition", "exit: [{when: account.stats == 5, outcome: x}]", `3:15 unknown field "account.stats"`},
		{"two exits", "exit: [{id: a, on: Login, outcome: x}, {id: a, on: Login, outcome: x}]", `3:45 the exit of line 3 is called "a" too [duplicate-exit]`},
		{"days", "guardrails: {send_window: {days: mon-thur}}", `3:34 days cannot be "mon-thur" [unknown-choice]`},
		{"hours", "guardrails: {send_window: {hours: 9 to 5}}", `3:35 hours cannot be "9 to 5" [wrong-type]`},
		{"hours the wrong way", `guardrails: {send_window: {hours: "17:00-09:00"}}`, `3:35 the window "17:00-09:00" never opens [wrong-type]`},
		{"zone", "guardrails: {send_window: {timezone: Berlin}}", `3:38 unknown time zone "Berlin"`},
		{"avoid", "guardrails: {avoid: [holidays]}", `3:22 unknown calendar "holidays" [unknown-calendar]`},
		{"cap", "guardrails: {caps: [{max: 1}]}", `3:21 a cap needs in [missing-key]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, found := compile(t, book(tt.line))
			var got []string
			for _, d := range found {
				if d.Severity == diag.Error {
					got = append(got, fmt.Sprintf("%d:%d %s [%s]", d.Line, d.Col, d.Message, d.Check))
				}
			}
			if len(got) != 1 || !strings.HasPrefix(got[0], tt.want) {
				t.Errorf("got  %v\nwant %s", got, tt.want)
			}
			if p != nil {
				t.Error("a playbook with an error compiled")
			}
		})
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	mails := func(n int, wait string) string {
		s := "playbook: p\nlane: win-back\ntrigger: {on: Login}\n" + stops + "\nsteps:\n"
		for i := range n {
			s += fmt.Sprintf("  - {id: m%d, email: hi, to: [contacts.champion]}\n  - {id: w%d, wait: %s}\n", i, i, wait)
		}
		return s
	}
	for _, tt := range []struct{ name, src, want string }{
		{"behind an end", "playbook: p\nclass: service\ntrigger: {on: Login}\nsteps:\n  - {id: a, end: x}\n  - {id: b, wait: 1d}\n", `6:5 unreachable-step`},
		{"behind an end that may be skipped", "playbook: p\nclass: service\ntrigger: {on: Login}\nsteps:\n  - {id: a, if: segment.big, end: x}\n  - {id: b, wait: 1d}\n", ``},
		{"outreach goes on after a reply", book(), `5:5 no-stop-on-reply`},
		{"outreach stops", book(stops), ``},
		{"service need not", book("class: service"), ``},
		{"no window", book(stops, "guardrails: {send_window: always}"), `4:27 no-guardrails`},
		{"no caps", book(stops, "guardrails: {caps: []}"), `4:20 no-guardrails`},
		{"its own rails", book(stops, "guardrails: {caps: [{max: 1, in: 1d}]}"), ``},
		{"six touches", mails(6, "10d"), `16:5 win-back-touches`},
		{"a fifth touch in either of two arms", mails(4, "10d") + "  - {id: b, branch: [{when: segment.big, steps: [{id: x, email: hi, to: [contacts.champion]}]}, {else: true, steps: [{id: y, email: hi, to: [contacts.champion]}]}]}\n", ``},
		{"a sixth touch in one of them", mails(5, "10d") + "  - {id: b, branch: [{when: segment.big, steps: [{id: x, email: hi, to: [contacts.champion]}]}]}\n", `16:50 win-back-touches`},
		{"five touches in five weeks", mails(5, "7d"), ``},
		{"five touches in a week", mails(5, "1d"), `6:5 win-back-touches`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, found := compile(t, tt.src)
			var got []string
			for _, d := range found {
				got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Col, d.Check))
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
			if p == nil {
				t.Error("a warning kept the playbook from compiling")
			}
		})
	}
}

func TestABundleHoldsWhatThePlaybookReaches(t *testing.T) {
	t.Parallel()
	src := strings.Replace(book(stops, "# a comment"), "{on: Login}", "{on: Login, when: segment.small}", 1)
	p, found := compile(t, src)
	if len(found) > 0 {
		t.Fatal(found)
	}
	wantDocs := map[string]string{
		"playbook":      src,
		"segment:big":   "segment: big\nwhen: account.arr >= 1000 # dollars\n",
		"segment:small": "segment: small\nwhen: \"!segment.big\"\n",
	}
	if d := cmp.Diff(wantDocs, p.Bundle.Docs); d != "" {
		t.Error(d)
	}
	wantFiles := map[string]string{
		"templates/hi.md":    "---\nsubject: Hi\n---\nHello\n",
		"templates/hi.de.md": "---\nsubject: Hallo\n---\nHallo\n",
	}
	if d := cmp.Diff(wantFiles, p.Bundle.Files); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"hi"}, p.TemplateNames()); d != "" {
		t.Error(d)
	}
}

func TestAVersionIsItsTextAndNothingElse(t *testing.T) {
	t.Parallel()
	one, _ := compile(t, book(stops))
	again, _ := compile(t, book(stops))
	commented, _ := compile(t, book(stops, "# why"))
	if one.Digest != again.Digest || !strings.HasPrefix(one.Digest, "sha256:") || len(one.Digest) != 71 {
		t.Errorf("digests %s and %s", one.Digest, again.Digest)
	}
	if one.Digest == commented.Digest {
		t.Error("another text has the same digest")
	}
	moved := one.Bundle
	moved.File = "elsewhere.yaml"
	if moved.Digest() != one.Digest {
		t.Error("a moved file is another version")
	}
}

func TestAnOpenedBundleIsTheSamePlaybook(t *testing.T) {
	t.Parallel()
	p, _ := compile(t, strings.Replace(book(stops), "{on: Login}", "{on: Login, when: segment.small}", 1))
	b, err := playbooks.DecodeBundle(p.Bundle.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Bundle, b); d != "" {
		t.Fatal(d)
	}
	// The live rules have changed: a version keeps the segment it was published with.
	live := load(t, strings.Replace(schema, "1000", "5000", 1))
	got, err := playbooks.Open(b, live)
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != p.Digest || got.File != "p.yaml" || len(got.Program.Steps) != 1 {
		t.Errorf("opened %s, %s with %d steps", got.Digest, got.File, len(got.Program.Steps))
	}
	truth, _, err := got.Triggers[0].When.Bool(&rules.Facts{Account: rules.Record{"arr": holdfast.Money(200_000)}, Event: rules.Record{}})
	if err != nil || truth != rules.False {
		t.Errorf("2,000 is small: %v, %v; the published segment says big from 1,000 on", truth, err)
	}
}

func TestABundleBrokenByTheSchemaSaysWhere(t *testing.T) {
	t.Parallel()
	p, found := compile(t, book(stops, "goal: {when: account.arr > 5, outcome: won, within: 9d}"))
	if p == nil {
		t.Fatal(found)
	}
	live := load(t, "schema: account\nfields:\n  owner: {type: string}\n---\nevent: Login\n")
	_, err := playbooks.Open(p.Bundle, live)
	if err == nil || !strings.Contains(err.Error(), "p.yaml:4:") || !strings.Contains(err.Error(), `"account.arr"`) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeRefusesWhatIsNoBundle(t *testing.T) {
	t.Parallel()
	for _, b := range [][]byte{nil, []byte("{}"), playbooks.Bundle{Files: map[string]string{"templates/x.md": strings.Repeat("x", 17<<20)}}.Encode()} {
		if _, err := playbooks.DecodeBundle(b); err == nil {
			t.Errorf("%d bytes were read", len(b))
		}
	}
}

func TestABundlesFilesAreAFileSystem(t *testing.T) {
	t.Parallel()
	fsys := playbooks.Bundle{Files: map[string]string{"templates/a.md": "one", "templates/b/c.md": "", "templates/b/d.de.md": "three"}}.FS()
	if err := fstest.TestFS(fsys, "templates/a.md", "templates/b/c.md", "templates/b/d.de.md"); err != nil {
		t.Error(err)
	}
	if _, err := fs.ReadFile(fsys, "templates/none.md"); err == nil {
		t.Error("a file that is not there was read")
	}
}
