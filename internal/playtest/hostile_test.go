package playtest

import (
	"strings"
	"testing"
	"time"

	"holdfast/internal/diag"
	"holdfast/internal/sim"
	"holdfast/internal/source"
	"holdfast/internal/store"
)

// What would never end, or fill the memory, is one finding.
func TestBombsAreRefused(t *testing.T) {
	t.Parallel()
	p := load(t)
	for _, c := range []struct{ text, check string }{
		{"test: a\nevents: [{at: +1d, every: 1m, times: 20000, on: email.replied}, {at: +1d, every: 1m, times: 20000, on: email.replied}]\nexpect: []\n", "too-large"},
		{"test: a\nevents: [{at: +1d, every: 1s, until: +1000d, on: email.replied}]\nexpect: []\n", "too-large"},
		{"test: a\nevents: [{at: +1d, every: 26200bd, times: 20000, on: email.replied}]\nexpect: []\n", "bad-time"},
		{"test: a\nevents: [{at: +1d, every: 1bd, times: 20000, on: email.replied}]\nexpect: []\n", "too-large"},
		{"test: a\nevents: [{at: +26200bd, on: email.replied}]\nexpect: []\n", "bad-time"},
		{"test: a\nevents: [{at: 2100-01-01, on: email.replied}]\nexpect: []\n", "too-large"},
		{"test: a\ngiven: {until: +90y}\nexpect: []\n", "too-large"},
		{"test: a\nexpect: [" + strings.Repeat("{touch: hello},", 3000) + "]\n", "too-large"},
		{strings.Repeat("test: a\nexpect: []\n---\n", 3), "duplicate-name"},
	} {
		began := time.Now()
		_, found := read(p, given+c.text)
		if !diag.Failed(found) || found[0].Check != c.check && found[len(found)-1].Check != c.check {
			t.Errorf("%.80s: found %v, want %s", c.text, found, c.check)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.80s: took %v", c.text, took)
		}
	}
}

// A comparison of very much stays within its memory, and the diff within its width.
func TestALongDiffIsCutAndFitsItsWidth(t *testing.T) {
	t.Parallel()
	suite, found := read(load(t), given+"test: a\nexpect: ["+strings.Repeat("{at: +3bd, task: call, title_has: 保険の件で電話する 保険の件で電話する},", 500)+"]\n")
	if len(found) > 0 {
		t.Fatal(found)
	}
	test := suite.Tests[0]
	var run sim.Run
	for i := range 4000 {
		run.Lines = append(run.Lines, store.Line{
			At: test.Case.At.Add(time.Duration(i) * time.Minute), Enrollment: "e", Playbook: "nudge", Step: "call", Path: "call", Kind: "task", Outcome: "opened",
			To: "sam\x1b[31m\n" + strings.Repeat("x", 90),
		})
	}
	run.Ended = true
	r := Result{Test: test, Run: run}
	r.Happened = test.happened(run)
	r.Rows, r.Fields = test.judge(run, r.Happened)
	for _, width := range []int{0, 60, 77, 120} {
		text := r.Diff(width, false)
		lines := strings.Split(text, "\n")
		if len(lines) > 3000 {
			t.Errorf("width %d: %d lines", width, len(lines))
		}
		for _, line := range lines {
			if n := diag.Cells(line); n > max(width, 60) || strings.ContainsRune(line, '\x1b') {
				t.Fatalf("width %d: %d cells: %q", width, n, line)
			}
		}
	}
}

func FuzzTestFile(f *testing.F) {
	p := load(f)
	f.Add(given + whole)
	f.Add("test: a\nplaybook: nudge\ngiven: {now: 2026-05-04, account: {id: a}, tasks: idle, team: [{id: x}], objects: {subscription: [{}]}, events: [{at: -3d, every: 1d, times: 2, on: Feature Used}]}\nevents:\n- {at: +1d, done: call, answers: {interest: yes}}\nexpect:\n- {between: [+1d, +2d], email: hello}\n- account: {arr: 5}\npartial: true\n")
	f.Add("given: {now: 2026-05-04T08:00:00Z, account: {id: a}}\n---\ntest: b\nexpect: [{outcome: told, rest: 6mo}, {still: call}]\n# end\n---\ntest: c\nexpect:\n")
	f.Fuzz(func(t *testing.T, text string) {
		suite, _ := read(p, text)
		for _, test := range suite.Tests {
			now := test.Case.At
			run := sim.Run{Lines: []store.Line{
				{At: now, Enrollment: "e", Playbook: "nudge", Step: "hello", Path: "hello", Kind: "email", Outcome: "sent", To: "dana"},
				{At: now.Add(time.Hour), Enrollment: "e", Playbook: "nudge", Kind: "outcome", Outcome: "told"},
			}, Ended: true}
			r := Result{Test: test, Run: run}
			r.Happened = test.happened(run)
			r.Rows, r.Fields = test.judge(run, r.Happened)
			_ = r.Diff(80, true)
			_ = r.Why()
			updated, changed, err := Update(text, []Result{r})
			if err != nil || changed == 0 {
				continue
			}
			if _, found := source.Parse("nudge.test.yaml", []byte(updated)); diag.Failed(found) {
				t.Fatalf("updated it reads no more: %v\n%s", found, updated)
			}
		}
	})
}
