package steps_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/steps"
)

// findings of compiling src, one a line: "2:8 check: message (hint)".
func findings(t *testing.T, src string) (*steps.Program, string) {
	t.Helper()
	docs, found := source.Parse("steps.yaml", []byte(src))
	if len(found) > 0 {
		t.Fatal(found)
	}
	var l diag.List
	var root *source.Node
	if len(docs) > 0 {
		root = docs[0]
	}
	p := steps.Compile(root, loadRules(t), func(name string) bool { return name != "gone" }, &l)
	var b strings.Builder
	for _, d := range l.All {
		fmt.Fprintf(&b, "%d:%d %s: %s", d.Line, d.Col, d.Check, d.Message)
		if d.Hint != "" {
			fmt.Fprintf(&b, " (%s)", d.Hint)
		}
		b.WriteString("\n")
	}
	return p, b.String()
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	verbs := strings.Join(steps.Names(), ", ")
	for _, c := range []struct{ name, src, want string }{
		{"no id", "- email: win-back/what-changed\n", "1:3 missing-id: a step needs an id, so that running enrollments survive an edit (add id: what_changed)\n"},
		{"no id for a wait", "- wait: 4bd\n", "1:3 missing-id: a step needs an id, so that running enrollments survive an edit (add id: wait_4bd)\n"},
		{"a hyphen in an id", "- {id: follow-up, wait: 4bd}\n", "1:8 bad-id: a step cannot be called \"follow-up\": expressions need letters, digits and underscores (write follow_up)\n"},
		{"a root as id", "- {id: account, wait: 4bd}\n", "1:8 bad-id: a step cannot be called \"account\": in expressions the word means something else (write account_wait)\n"},
		{"an id twice", "- {id: a, wait: 4bd}\n- {id: a, wait: 1d}\n", "2:8 duplicate-step: step \"a\" is already there at line 1 (give one of them another id)\n"},
		{"an unknown verb", "- {id: a, emial: x}\n", "1:11 unknown-verb: unknown verb \"emial\" (did you mean \"email\"?)\n"},
		{"a verb of no kind", "- {id: a, telephone: x}\n", "1:11 unknown-verb: unknown verb \"telephone\" (use one of " + verbs + ")\n"},
		{"no verb", "- {id: a}\n", "1:3 unknown-verb: a step says nothing to do (add one of " + verbs + ")\n"},
		{"two verbs", "- {id: a, email: x, wait: 1d}\n", "1:3 two-verbs: a step does one thing, and this says email and wait (make it two steps)\n"},
		{"an unknown key", "- {id: a, email: x, form: owner}\n", "1:21 unknown-key: unknown key \"form\" in step \"a\" (did you mean \"from\"?)\n"},
		{"no steps", "[]\n", "1:1 no-steps: the playbook has no steps (write a list below steps:)\n"},
		{"an unknown template", "- {id: a, email: gone}\n", "1:18 unknown-template: there is no template \"gone\" (write templates/gone.md)\n"},
		{"nobody to write to", "- {id: a, email: x, to: [champion]}\n", "1:26 bad-recipient: \"champion\" names nobody an email can go to (write contact, or contacts and a role: contacts.champion)\n"},
		{"a thread of a later step", "- {id: a, email: x, thread: b}\n- {id: b, email: x}\n", "1:29 unknown-step: there is no earlier step \"b\" (use one of a)\n"},
		{"a channel without #", "- {id: a, slack: renewals, text: x}\n", "1:18 bad-recipient: \"renewals\" is no Slack channel and nobody of ours (write a channel in quotes (\"#renewals\"), owner or owner.manager)\n"},
		{"a note without text", "- {id: a, slack: owner}\n", "1:3 missing-key: step \"a\" has no `text` (add text:)\n"},
		{"an unknown assignee", "- {id: a, task: x, assign: account.sponsr}\n", "1:28 unknown-field: there is no account field \"sponsr\" (use one of arr, call_at, country, executive_sponsor, id, name, owner, plan, renewal_date, timezone)\n"},
		{"a late task that nobody hears of", "- {id: a, task: x, overdue: []}\n", "1:29 missing-key: overdue of step \"a\" names nobody (write who hears of it: {escalate_to: owner.manager, after: 1bd})\n"},
		{"one level that does two things", "- {id: a, task: x, overdue: [{remind: owner, escalate_to: owner}]}\n", "1:39 bad-value: one item of overdue both reminds and escalates (give each an item of the list of its own)\n"},
		{"a reminder of somebody else", "- {id: a, task: x, overdue: {remind: kim}}\n", "1:38 unknown-choice: remind cannot be \"kim\" (use one of owner)\n"},
		{"an escalation to nobody", "- {id: a, task: x, overdue: [{remind: owner}, {escalate_to: kim}]}\n", "1:61 bad-reference: \"kim\" names nobody of ours (write owner, owner.manager or account.<field>)\n"},
		{"an escalation to no channel", "- {id: a, task: x, overdue: {escalate_to: \"#\"}}\n", "1:43 bad-reference: \"#\" is no channel (write it in quotes: \"#cs-leads\")\n"},
		{"a span without a unit", "- {id: a, wait: 4}\n", "1:17 bad-duration: \"4\" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d\n"},
		{"no time at all", "- {id: a, wait: 0d}\n", "1:17 bad-duration: wait of step \"a\" is no time at all (write a span such as 7d)\n"},
		{"a wait for an undeclared event", "- {id: a, wait_for: logn}\n", "1:21 unknown-event: there is no event \"logn\" (did you mean \"login\"?)\n"},
		{"an until that is no date", "- {id: a, wait: {until: account.name}}\n", "1:25 wrong-type: wait until needs a date or a timestamp, and this is string (use a date field such as account.renewal_date)\n"},
		{"an endless loop", "- {id: a, every: 1d, steps: [{id: b, wait: 1h}]}\n", "1:18 endless-loop: step \"a\" would never stop (add for: 26w, times: 26 or until: and a condition)\n"},
		{"else before the last arm", "- id: a\n  branch:\n    - {else: true, steps: [{id: b, wait: 1d}]}\n    - {when: account.plan == \"pro\", steps: [{id: c, wait: 1d}]}\n", "3:14 bad-arm: else of step \"a\" is not the last arm, or not true (write else: true as the last arm)\n"},
		{"an arm without steps", "- id: a\n  branch: [{else: true}]\n", "1:3 no-steps: a block of step \"a\" has no steps (write a list below steps:)\n"},
		{"a form field of two kinds", "- {id: a, task: x, form: {f: {choose: [x, y], type: int}}}\n", "1:30 bad-form: form field \"f\" needs exactly one of choose, type and text (write choose: [a, b], type: bool, int, date, percent or money, or text: long)\n"},
		{"a form field called outcome", "- {id: a, task: x, form: {outcome: {type: int}}}\n", "1:27 bad-name: every task has a.outcome already (choose another name)\n"},
		{"an outcome that is a sentence", "- {id: a, end: no response}\n", "1:16 bad-name: \"no response\" cannot be an outcome (use letters, digits and underscores)\n"},
		{"a rest of no length", "- {id: a, end: lost, rest: long}\n", "1:28 bad-duration: \"long\" is no length of time; write a whole number and s, m, h, d, w, mo, y or bd, such as 7d (write a span such as 6mo, or forever)\n"},
		{"a former id that is in use", "- {id: a, wait: 1d}\n- {id: b, wait: 1d, was: a}\n", "2:26 duplicate-step: another step is, or was, called \"a\" (name an id that no step has any more)\n"},
		{"a parallel of one arm", "- {id: a, parallel: {arms: [{id: x, steps: [{id: b, wait: 1d}]}]}}\n", "1:21 bad-value: step \"a\" has fewer than two arms (write arms: a list of {id, steps})\n"},
		{"shares that do not add up", "- {id: a, split: {arms: [{arm: x, weight: 50%, steps: [{id: b, wait: 1d}]}, {arm: y, weight: 40%, steps: [{id: c, wait: 1d}]}]}}\n", "1:25 bad-value: the shares of step \"a\" add up to 90% (let them add up to 100%)\n"},
		{"each of no list", "- {id: a, each: account.name, as: it, steps: [{id: b, wait: 1d}]}\n", "1:17 wrong-type: each needs a list of objects or of texts (name a list, such as subscriptions.first(3))\n"},
		{"an item called like the language", "- {id: a, each: tickets, as: now, steps: [{id: b, wait: 1d}]}\n", "1:30 bad-name: an item cannot be called \"now\" (use letters, digits and underscores, and no word of the language)\n"},
		{"an item's field", "- {id: a, each: tickets, as: ticket, steps: [{id: b, if: ticket.titel == \"x\", wait: 1d}]}\n", "1:58 unknown-field: unknown field \"ticket.titel\" (did you mean \"ticket.title\"?)\n"},
		{"a step of an item, outside", "- {id: a, each: tickets, as: ticket, steps: [{id: b, wait: 1d}]}\n- {id: c, if: b.outcome == \"passed\", wait: 1d}\n", "2:15 unknown-name: unknown name \"b\" (write \"b\" in quotes if it is text)\n"},
		{"a set of another type", "- {id: a, set: {account.arr: much}}\n", "1:30 wrong-type: account.arr: found \"much\", expected an amount of money (write a value of that type, or {cel: an expression})\n"},
		{"a set of an unknown field", "- {id: a, set: {account.plam: pro}}\n", "1:17 unknown-field: there is no field \"account.plam\" (did you mean \"account.plan\"?)\n"},
		{"an unknown on_error", "- {id: a, wait: 1d, on_error: ignore}\n", "1:31 bad-value: \"ignore\" is not one of the choices (use one of next, exit)\n"},
		{"a step that is text", "- wait a bit\n", "1:3 bad-step: a step is a map of keys and values (write a map such as {id: pause, wait: 7d})\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := findings(t, c.src)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings of\n%s(-want +got):\n%s", c.src, diff)
			}
		})
	}
}

func TestConditionsAreCheckedInTheirScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, check string }{
		{"a later step", "- {id: a, email: x, if: b.outcome == \"sent\"}\n- {id: b, email: x}\n", "unknown-name"},
		{"the step itself", "- {id: a, email: x, if: a.outcome == \"sent\"}\n", "unknown-name"},
		{"the event of the trigger", "- {id: a, email: x, if: event.name == \"sent\"}\n", "out-of-scope"},
		{"a field the form does not ask", "- {id: a, task: x, form: {f: {type: int}}}\n- {id: b, email: x, if: a.g > 1}\n", "unknown-field"},
		{"free text of a form", "- {id: a, task: x, form: {f: {text: long}}}\n- {id: b, email: x, if: a.f == \"x\"}\n", "unknown-field"},
		{"no condition", "- {id: b, email: x, if: account.name}\n", "not-a-condition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, got := findings(t, c.src)
			if got == "" || !strings.Contains(got, " "+c.check+":") {
				t.Errorf("findings of\n%swant %s, got:\n%s", c.src, c.check, got)
			}
		})
	}
}

func TestAPlaybookHasLimits(t *testing.T) {
	t.Parallel()
	var long strings.Builder
	for i := range 2001 {
		fmt.Fprintf(&long, "- {id: s%d, wait: 1d}\n", i)
	}
	deep := "- {id: last, wait: 1d}\n"
	for i := range 16 {
		deep = fmt.Sprintf("- id: s%d\n  every: 1d\n  times: 1\n  steps:\n    %s", i, strings.ReplaceAll(strings.TrimSuffix(deep, "\n"), "\n", "\n    ")+"\n")
	}
	for src, want := range map[string]string{
		long.String(): "too-many-steps: a playbook has at most 2000 steps",
		deep:          "too-deep: steps are nested more than 16 deep",
	} {
		if _, got := findings(t, src); !strings.Contains(got, want) || strings.Count(got, want) != 1 {
			t.Errorf("want once %q, got:\n%s", want, got)
		}
	}
}

func TestAProgramIsAFlatListInFileOrder(t *testing.T) {
	t.Parallel()
	p, found := findings(t, `
- {id: a, email: x}
- id: b
  branch:
    - {when: account.plan == "pro", steps: [{id: c, wait: 1d}, {id: d, wait: 1d}]}
- id: e
  every: 1d
  times: 2
  steps: [{id: f, email: x}]
`)
	if found != "" {
		t.Fatal(found)
	}
	var got []string
	for _, s := range p.Steps {
		got = append(got, fmt.Sprintf("%s %s next=%s in=%s", s.ID, s.Verb, s.Next, s.Parent))
	}
	want := []string{"a email next=b in=", "b branch next=e in=", "c wait next=d in=b", "d wait next= in=b", "e every next= in=", "f email next= in=e"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("program (-want +got):\n%s", diff)
	}
}

func TestEveryVerbsExampleCompilesAndRuns(t *testing.T) {
	t.Parallel()
	for _, v := range steps.All {
		t.Run(v.Doc.Name, func(t *testing.T) {
			t.Parallel()
			if v.Doc.Summary == "" || len(v.Doc.Fields) == 0 || v.Doc.Fields[0].Name != v.Doc.Name {
				t.Errorf("the Doc of %s has no summary, or does not begin with its own key", v.Doc.Name)
			}
			set, p := compiled(t, "- "+strings.ReplaceAll(strings.TrimSuffix(v.Doc.Example, "\n"), "\n", "\n  ")+"\n")
			w := newWorld(t, set, p, "start 2026-02-03T09:00 Europe/Paris FR\naccount name=Acme\n")
			if got := w.play(); !strings.Contains(got, "ends ") {
				t.Errorf("it does not end:\n%s", got)
			}
		})
	}
}
