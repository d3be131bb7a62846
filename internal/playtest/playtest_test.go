package playtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/source"
)

// load is the project of testdata/p.
func load(t testing.TB) *project.Project {
	t.Helper()
	p, found, err := project.Load("testdata/p")
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	return p
}

// read reads text as a file of tests of p.
func read(p *project.Project, text string) (*Suite, []diag.Diagnostic) {
	mine := *p
	mine.Tests, mine.TestFindings = source.Parse("nudge.test.yaml", []byte(text))
	return Read(&mine)
}

const given = `given:
  now: Mon 2026-05-04 08:00
  account: {id: acme, name: Acme, status: paused, timezone: America/Chicago, owner: sam, nps: 5}
  contacts: {dana: {email: dana@acme.example, first_name: Dana, role: champion}}
---
`

// play plays the one test in text, with the given above it.
func play(t *testing.T, p *project.Project, text string) Result {
	t.Helper()
	suite, found := read(p, given+text)
	if diag.Failed(found) || len(suite.Tests) != 1 {
		t.Fatalf("%d tests, %v in\n%s", len(suite.Tests), found, text)
	}
	return suite.Tests[0].Play(t.Context())
}

// whole is what happens when nobody answers.
const whole = `test: whole
expect:
  - {at: Mon 2026-05-04 10:29, touch: hello, to: dana@acme.example}
  - {at: Thu 2026-05-07 10:29, task: call, to: owner}
  - {at: Mon 2026-05-11 10:29, outcome: told}
`

// with is whole with one line of it replaced.
func with(old, fresh string) string { return strings.Replace(whole, old, fresh, 1) }

func TestWhatAnEntrySaysMustHold(t *testing.T) {
	t.Parallel()
	p := load(t)
	const mail, call, end = "{at: Mon 2026-05-04 10:29, touch: hello, to: dana@acme.example}", "{at: Thu 2026-05-07 10:29, task: call, to: owner}", "{at: Mon 2026-05-11 10:29, outcome: told}"
	for _, c := range []struct{ old, fresh, why string }{
		{mail, mail, ""},
		{mail, "{at: 2026-05-04, touch: hello, to: dana}", ""},
		{mail, "{at: 2026-05-04T10:29-05:00, email: hello, channel: email}", ""},
		{mail, "{at: 2026-05-04 15:29Z, touch: hello, subject_has: IS ACME, text_has: hello Dana}", ""},
		{mail, "{between: [Mon 2026-05-04 09:00, Mon 2026-05-04 11:40], touch: hello}", ""},
		{mail, "{at: +0d, touch: hello}\n  - {at: Mon 2026-05-04 10:29, wait_for: answer, until: Thu 2026-05-07 10:29}", ""},
		{mail, "{at: +0d, shift: hello, until: +0d, reason_has: send_window}\n  - {touch: hello}", ""},
		{call, "{at: +3bd 10:29, task: call, to: sam@ours.example, title_has: call acme, due: 2bd, channel: phone}", ""},
		{call, "{at: +3bd, branch: heard, result: passed}\n  - {task: call}", ""},
		{call, "{task: call}\n  - {at: +5bd, done: call, by: sam}\n  - {at: +5bd, set: mark, reason_has: called}", ""},
		{end, "{at: +170h29m, outcome: told}", "!is no moment"},
		{end, "{at: +1w, outcome: told, rest: 6mo}", ""},
		{end, "{outcome: told}\n  - {account: {plan: called, churn: {reason: null}}}", ""},
		{end, "{outcome: told}\n  - {start: quiet}", "did not happen: start quiet"},

		{mail, "{at: Mon 2026-05-04 10:30, touch: hello}", "Mon 2026-05-04 10:30 touch hello: it happened 1 minute earlier"},
		{mail, "{at: Tue 2026-05-05, touch: hello}", "it happened 14 hours earlier"},
		{mail, "{between: [+1d, +2d], touch: hello}", "it happened 14 hours earlier"},
		{mail, "{touch: hello, to: owner}", "to is dana, not owner"},
		{mail, "{touch: hello, subject_has: ill}", `the subject is "Is Acme well?"`},
		{mail, "{touch: hello, text_has: bye}", `the text is "Hello Dana. -- Acme Success acme"`},
		{mail, "{touch: hello, channel: slack}", "channel is email, not slack"},
		{mail, "{touch: hello}\n  - {touch: hello}", "did not happen: touch hello"},
		{mail, "{touch: hello}\n  - {wait_for: answer, until: Thu 2026-05-07 10:30}", "it is until Thu 2026-05-07 10:29"},
		{"  - " + mail + "\n", "", `not expected: Mon 2026-05-04 10:29 touch hello to dana "Is Acme well?"`},
		{call, "{task: call, due: 3bd}", "it is due Mon 2026-05-11 10:29"},
		{call, "{task: call, to: lea}", "to is sam, not lea"},
		{end, "{outcome: lost}", "outcome lost: outcome is told, not lost"},
		{end, "{outcome: told, rest: none}", "the account rests until 11 Nov 2026"},
		{end, "{outcome: told, rest: forever}", "the account rests until 11 Nov 2026"},
		{end, "{outcome: told}\n  - {account: {plan: free}}", "at the end account.plan is called, not free"},
		{end, "{still: call}", "not expected: Mon 2026-05-11 10:29 outcome told"},
	} {
		text := with(c.old, c.fresh)
		if text == whole && c.fresh != mail {
			t.Fatalf("nothing was replaced: %s", c.old)
		}
		if bad, ok := strings.CutPrefix(c.why, "!"); ok {
			if _, found := read(p, given+text); !strings.Contains(fmt.Sprint(found), bad) {
				t.Errorf("%s: found %v, want %q", c.fresh, found, bad)
			}
			continue
		}
		r := play(t, p, text)
		if got := r.Why(); (c.why == "") != r.OK() || !strings.Contains(got, c.why) {
			t.Errorf("%s\n got %q\nwant %q\n%s", c.fresh, got, c.why, r.Diff(120, false))
		}
	}
}

func TestWhatHappensChangesWhatComes(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, text := range []string{
		`test: an answer is told to the team
events: [{at: +1d 10:00, on: email.replied, contact: dana}, {at: +2d, cannot: call}]
expect:
  - {at: +0d, touch: hello}
  - {at: Tue 2026-05-05 10:00, wait_for: answer, result: heard, reason_has: email.replied}
  - {at: Tue 2026-05-05 10:00, touch: thanks, to: "#cs"}
  - {at: +1d, task: call}
  - {at: Wed 2026-05-06 08:00, cannot: call}
  - {outcome: told}`,
		`test: a fan waits a day
given: {account: {nps: 3}, until: +5d}
events: [{at: +1d, account: {nps: 9}}]
expect: [{touch: hello}, {at: +3d, wait: fan, until: +4d}, {at: +4d, task: call}, {still: call}]`,
		`test: nobody is known, so nothing is written
given: {contacts: {dana: {role: user}}, tasks: idle}
expect: [{skip: hello, reason_has: no_recipient}, {task: call}, {expired: call}, {outcome: told}]`,
		`test: who leaves rests for ever
events: [{at: +2d, on: Account Churned, reason: price}]
expect: [{touch: hello}, {at: Wed 2026-05-06 08:00, outcome: lost, rest: forever}, {account: {status: churned, churn.reason: price, churned_at: 2026-05-06}}]`,
		`test: a renewal meets the goal
events: [{at: +1d, on: Subscription Renewed, renewal_date: 2027-05-05, arr: 12.5}]
partial: true
expect: [{at: +1d, goal: renewed}]`,
		`test: it starts when the rules say so, and once
given: {trigger: none, until: +30d, account: {status: active}}
events: [{at: +2d 12:00, account: {status: paused}}, {at: +3d, account: {status: active}}, {at: +4d, account: {status: paused}}]
partial: true
expect: [{at: +2d, start: quiet}, {at: Wed 2026-05-06 12:00, touch: hello}, {at: +4d, refused: already_active}]`,
		`test: what an account has decides
given:
  objects: {subscription: [{subscription_id: a, active: true, arr: 100}, {active: true, arr: 20.50}, {active: false, arr: 9}]}
partial: true
expect: [{account: {arr: 120.50}}]`,
		`test: a contact changes
given: {contacts: [{id: eve, email: eve@acme.example, first_name: Eve, role: user}, {id: dana, role: user}]}
events: [{at: +0h, contact: {eve: {role: champion}}}]
partial: true
expect: [{skip: hello}]`,
	} {
		if r := play(t, p, text); !r.OK() {
			t.Errorf("%s\n%s", text, r.Diff(140, false))
		}
	}
}

func TestRepeatedEventsKeepTheirClock(t *testing.T) {
	t.Parallel()
	suite, found := read(load(t), given+`test: history over the change to summer time
given:
  events: [{at: 2026-03-06 10:00, every: 1d, times: 4, on: Feature Used, count: 2}]
events: [{at: Fri 2026-05-29 10:00, every: 1bd, until: +30d, on: Feature Used}]
expect: []
`)
	if len(found) > 0 {
		t.Fatal(found)
	}
	c := suite.Tests[0].Case
	var got []string
	for _, m := range append(c.Known[2:], c.Events[:3]...) { // the account and its contact come first
		got = append(got, m.At.UTC().Format("2 Jan 15:04"))
	}
	if want := "6 Mar 16:00, 7 Mar 16:00, 8 Mar 15:00, 9 Mar 15:00, 29 May 15:00, 1 Jun 15:00, 2 Jun 15:00"; strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestCoverNamesWhatNeverRan(t *testing.T) {
	t.Parallel()
	p := load(t)
	r := play(t, p, whole)
	c := Cover(p.Playbooks, []Result{r})[0]
	var never []string
	for _, n := range c.Never {
		never = append(never, fmt.Sprintf("%s:%d %s|%s", filepath.Base(n.At.File), n.At.Line, n.Step, n.Arm))
	}
	want := `nudge.yaml:14 heard|answer.outcome == "heard", nudge.yaml:14 thanks|, nudge.yaml:15 heard|account.nps > 8, nudge.yaml:15 fan|`
	if got := strings.Join(never, ", "); got != want || c.Steps != 8 || c.StepsRun() != 6 || c.Arms != 3 || c.ArmsRun() != 1 {
		t.Errorf("%d of %d steps, %d of %d arms, never\n%s\nwant 6 of 8, 1 of 3, never\n%s", c.StepsRun(), c.Steps, c.ArmsRun(), c.Arms, got, want)
	}
}

func TestResultsComeInTheOrderOfTheTests(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(given)
	for i := range 12 {
		fmt.Fprintf(&text, "test: t%d\ngiven: {until: +%dd}\npartial: true\nexpect: []\n---\n", i, 1+(12-i)*2)
	}
	suite, found := read(load(t), text.String())
	if len(found) > 0 {
		t.Fatal(found)
	}
	var got []string
	stop := errors.New("enough")
	err := Play(t.Context(), suite.Tests, time.Now, func(r Result) error {
		if got = append(got, r.Test.Name); len(got) == 10 {
			return stop
		}
		return nil
	})
	if want := "t0 t1 t2 t3 t4 t5 t6 t7 t8 t9"; strings.Join(got, " ") != want || !errors.Is(err, stop) {
		t.Errorf("got %v and %v, want %s and %v", got, err, want, stop)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Play(ctx, suite.Tests, time.Now, func(Result) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestAFileOverFourMegabytesIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/p")); err != nil {
		t.Fatal(err)
	}
	huge := strings.Repeat("# nothing\n", 500_000)
	if err := os.WriteFile(filepath.Join(dir, "playbooks", "nudge.test.yaml"), []byte(huge), 0o600); err != nil {
		t.Fatal(err)
	}
	p, found, err := project.Load(dir)
	if err != nil || len(found) > 0 {
		t.Fatalf("a test keeps the project from running: %v, %v", err, found)
	}
	if _, found = Read(p); len(found) != 1 || found[0].Check != "too-large" {
		t.Errorf("got %v, want one finding too-large", found)
	}
}
