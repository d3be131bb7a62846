package steps_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdfast/internal/calendar"
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/steps"
)

// dice are choices read off a fuzzer's bytes; zeros when they run out.
type dice struct{ bytes []byte }

func (d *dice) roll(n int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b) % n
}

func (d *dice) of(choices ...string) string { return choices[d.roll(len(choices))] }

// playbook writes a random block of steps.
func (d *dice) playbook(b *strings.Builder, indent string, depth int, n *int) {
	for range 1 + d.roll(4) {
		*n++
		fmt.Fprintf(b, "%s- id: s%d\n", indent, *n)
		if d.roll(4) == 3 {
			fmt.Fprintf(b, "%s  if: %s\n", indent, d.of(`account.plan == "pro"`, "account.arr > 10", `account.name != ""`))
		}
		body := 12
		if depth > 2 {
			body = 7
		}
		switch d.roll(body) {
		case 0:
			fmt.Fprintf(b, "%s  email: a\n%s  expires: %s\n", indent, indent, d.of("3d", "1bd"))
		case 1:
			fmt.Fprintf(b, "%s  slack: owner\n%s  text: hello\n", indent, indent)
		case 2:
			fmt.Fprintf(b, "%s  task: do it\n%s  background: %s\n%s  form: {ok: {type: bool}}\n", indent, indent, d.of("false", "true"), indent)
		case 3:
			fmt.Fprintf(b, "%s  wait: %s\n", indent, d.of("1h", "1d", "2bd", "1mo", "90s"))
		case 4:
			fmt.Fprintf(b, "%s  wait: {until: account.renewal_date, if_past: %s, on_change: %s}\n", indent, d.of("next", "skip", "exit"), d.of("rebase", "keep", "exit"))
		case 5:
			fmt.Fprintf(b, "%s  wait_for: {any: login, timeout: %s}\n", indent, d.of("1d", "2bd"))
		case 6:
			fmt.Fprintf(b, "%s  end: over\n", indent)
		case 7:
			fmt.Fprintf(b, "%s  branch:\n%s  - when: account.arr > 10\n%s    steps:\n", indent, indent, indent)
			d.playbook(b, indent+"    ", depth+1, n)
			fmt.Fprintf(b, "%s  - else: true\n%s    steps:\n", indent, indent)
			d.playbook(b, indent+"    ", depth+1, n)
		case 8:
			fmt.Fprintf(b, "%s  every: %s\n%s  %s\n%s  steps:\n", indent, d.of("1s", "1d", "1mo", "1bd"), indent, d.of("times: 3", "for: 2mo"), indent)
			d.playbook(b, indent+"  ", depth+1, n)
		case 9:
			fmt.Fprintf(b, "%s  parallel:\n%s    join: %s\n%s    arms:\n", indent, indent, d.of("all", "any"), indent)
			for _, arm := range []string{"x", "y"} {
				fmt.Fprintf(b, "%s    - id: %s\n%s      steps:\n", indent, arm, indent)
				d.playbook(b, indent+"      ", depth+1, n)
			}
		case 10:
			fmt.Fprintf(b, "%s  each: '[\"a\", \"b c\"]'\n%s  as: item%d\n%s  steps:\n", indent, indent, *n, indent)
			d.playbook(b, indent+"  ", depth+1, n)
		case 11:
			fmt.Fprintf(b, "%s  split:\n%s    arms:\n", indent, indent)
			for _, arm := range []string{"x", "y"} {
				fmt.Fprintf(b, "%s    - arm: %s\n%s      weight: 50%%\n%s      steps:\n", indent, arm, indent, indent)
				d.playbook(b, indent+"      ", depth+1, n)
			}
		}
	}
}

func (d *dice) input(now time.Time, answer *steps.Answer, wait *steps.Wait) steps.Input {
	in := steps.Input{
		Now: now, Zone: time.UTC, Days: calendar.Days{Country: "US"}, Answer: answer,
		Facts: &rules.Facts{Now: now, Account: rules.Record{"name": "x"}},
	}
	if d.roll(2) == 1 {
		in.Facts.Account["renewal_date"] = time.Date(2026, time.Month(1+d.roll(12)), 1+d.roll(28), 0, 0, 0, 0, time.UTC)
	}
	if wait != nil {
		switch d.roll(4) {
		case 1:
			in.Heard = []steps.Heard{{Path: wait.Path, Event: "login", At: now}}
		case 2:
			in.Closed = []steps.TaskClosed{{Path: wait.Path, Status: d.of("done", "cannot"), At: now, Answers: map[string]any{"ok": true}}}
		}
	}
	return in
}

func (d *dice) answer(path string, now time.Time) *steps.Answer {
	return &steps.Answer{
		Path: path, Reason: "why", Until: now.Add(time.Duration(1+d.roll(200)) * time.Hour),
		Outcome: d.of("sent", "opened", "shift", "retry", "park", "unknown", "skipped", "failed", "unconfirmed"),
	}
}

// FuzzNext plays random playbooks in random worlds, and starts from states that
// no version of them ever made. Next must answer each call, never rest until a
// moment that is past, and keep its state portable.
func FuzzNext(f *testing.F) {
	for _, seed := range []string{"", "\x01\x08\x03\x01", "\x02\x00\x09\x01\x01\x00\x00\x00\x03\x01\x01\x00\x0a\x00\x05", "\x01\x00\x0a\x01\x00\x09\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x02", "\x03\x08\x00\x08\x01\x07\x00\x02\x05\x04\x01", strings.Repeat("\x07\x08\x02", 40), strings.Repeat("\x0b\x11\x03\x08\x05", 60)} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	set := loadRules(f)
	f.Fuzz(func(t *testing.T, b []byte, hostile bool) {
		d := &dice{b}
		var text strings.Builder
		n := 0
		d.playbook(&text, "", 0, &n)
		docs, _ := source.Parse("steps.yaml", []byte(text.String()))
		var l diag.List
		p := steps.Compile(docs[0], set, nil, &l)
		if l.Failed() {
			t.Fatalf("%v\n%s", l.All, text.String())
		}
		var st steps.State
		now := time.Date(2026, 1, 30, 9, 0, 0, 0, time.UTC)
		if hostile {
			kinds := []string{"time", "task", "event", "shift", "retry", "park", "unknown", ""}
			id := func() string { return fmt.Sprintf("s%d", 1+d.roll(n)) }
			st.At = id()
			st.Loops = []steps.Loop{{Step: id(), Pass: d.roll(5), From: now}, {Step: id(), From: now}}[:d.roll(3)]
			st.Wait = &steps.Wait{Path: st.At, Kind: kinds[d.roll(len(kinds))], Until: now.Add(time.Duration(d.roll(50)-25) * time.Hour)}
		}
		var answer *steps.Answer
		for range 300 {
			next, cmd, _, err := steps.Next(p, st, d.input(now, answer, st.Wait))
			if err != nil {
				t.Fatalf("%v\n%s", err, text.String())
			}
			answer = nil
			js, err := json.Marshal(next)
			if err != nil {
				t.Fatal(err)
			}
			st = steps.State{}
			if err := json.Unmarshal(js, &st); err != nil {
				t.Fatal(err)
			}
			switch cmd.Kind {
			case steps.Finish:
				return
			case steps.Deliver:
				answer = d.answer(cmd.Path, now)
			case steps.Listen: // the next call follows at once
			case steps.Rest:
				if st.Wait == nil || (!st.Wait.Until.IsZero() && !st.Wait.Until.After(now)) {
					t.Fatalf("at %v it rests with %s\n%s", now, js, text.String())
				}
				now = now.Add(time.Duration(d.roll(100)) * time.Hour)
			}
		}
	})
}
