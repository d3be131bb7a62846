package lsp

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const checkIn = `playbook: check-in
class: service
owner: account.owner
trigger: {id: quiet, when: account.status == "active" && quiet_days(metric.usage_30d) >= 14}
exit: [{on: email.replied, outcome: answered}]
steps:
  - {id: ask, email: check-in, to: [contacts.champion]}
  - {id: patience, wait: 3bd}
  - {id: call, task: "Call {{ account.name }}, they have gone quiet", channel: phone, due: 2bd}
  - {id: close, end: told}
`

const template = "---\nsubject: Are you well?\n---\nHello {{ contact.first_name }}\n"

func project1(t testing.TB, more ...string) *client {
	t.Helper()
	files := map[string]string{"templates/check-in.md": template, "playbooks/check-in.yaml": checkIn}
	for i := 0; i+1 < len(more); i += 2 {
		files[more[i]] = more[i+1]
	}
	return open(t, files)
}

func TestCompletionKnowsThePlace(t *testing.T) {
	t.Parallel()
	c := project1(t)
	head := "playbook: p\ntrigger: {on: email.replied}\n"
	for name, tt := range map[string]struct {
		text string
		want []string
		not  []string
	}{
		"an empty file":                  {"|", []string{"playbook", "schema", "metric", "team"}, []string{"steps"}},
		"a first key":                    {"play|", []string{"playbook"}, nil},
		"keys of a playbook":             {head + "|\n", []string{"steps", "goal", "guardrails"}, []string{"trigger", "playbook"}},
		"keys of guardrails":             {head + "guardrails:\n  |\n", []string{"send_window", "caps", "avoid", "catch_up"}, []string{"steps"}},
		"keys of guardrails, in a line":  {head + "guardrails: {|}\n", []string{"send_window", "caps"}, nil},
		"keys of a cap":                  {head + "guardrails: {caps: [{max: 1, |}]}\n", []string{"what", "in", "per"}, []string{"max"}},
		"verbs of a step":                {head + "steps:\n  - |\n", []string{"email", "wait", "branch", "id", "every"}, []string{"thread"}},
		"verbs behind an id":             {head + "steps:\n  - id: a\n    |\n", []string{"email", "wait"}, []string{"id", "thread"}},
		"keys of a verb":                 {head + "steps:\n  - id: a\n    email: check-in\n    |\n", []string{"to", "thread", "if"}, []string{"wait", "due"}},
		"keys of a verb, in a line":      {head + "steps:\n  - {id: a, task: x, |}\n", []string{"due", "form", "assign"}, []string{"thread", "task"}},
		"keys of a verb, not closed":     {head + "steps:\n  - {id: a, task: x, d|\n  - {id: b, wait: 1d}\n", []string{"due"}, []string{"thread"}},
		"nested steps":                   {head + "steps:\n  - id: a\n    every: 1w\n    times: 2\n    steps:\n      - id: b\n        |\n", []string{"email", "wait"}, nil},
		"keys of a map below a verb":     {head + "steps:\n  - id: a\n    wait_for:\n      |\n", []string{"any", "timeout", "since"}, nil},
		"kinds of triggers":              {"playbook: p\ntrigger:\n  |\n", []string{"on", "at", "when", "any"}, []string{"before"}},
		"keys of a trigger":              {"playbook: p\ntrigger: {at: account.renewal_date, |}\n", []string{"before", "if_past"}, []string{"for"}},
		"events":                         {"playbook: p\ntrigger: {on: |}\n", []string{"email.replied", "Account Saved"}, nil},
		"an event with a blank":          {"playbook: p\ntrigger: {on: Account |}\n", []string{"Account Saved"}, nil},
		"words that choose":              {head + "class: |\n", []string{"outreach", "service", "transactional"}, nil},
		"a list of words":                {head + "guardrails: {avoid: [public_holidays, |]}\n", []string{"quarter_end"}, nil},
		"calendars":                      {head + "guardrails: {avoid: [|]}\n", []string{"public_holidays", "quarter_end"}, nil},
		"lanes":                          {head + "lane: |\n", []string{"save", "win-back"}, nil},
		"keys of a test":                 {"test: x\nplaybook: check-in\n|\n", []string{"given", "events", "expect"}, nil},
		"steps in a test":                {"test: x\nplaybook: check-in\nexpect:\n  - {touch: |}\n", []string{"ask", "call"}, []string{"check-in"}},
		"entries of a test":              {"test: x\nplaybook: check-in\nexpect:\n  - |\n", []string{"touch", "outcome", "wait"}, nil},
		"templates":                      {head + "steps:\n  - {id: a, email: |}\n", []string{"check-in"}, nil},
		"recipients":                     {head + "steps:\n  - {id: a, email: check-in, to: [contacts.|]}\n", []string{"contacts.champion"}, nil},
		"steps before, of the verb":      {head + "steps:\n  - {id: a, email: check-in}\n  - {id: b, wait: 1d}\n  - {id: c, email: check-in, thread: |}\n", []string{"a"}, []string{"b", "c"}},
		"lengths of time":                {head + "steps:\n  - {id: a, wait: |}\n", []string{"7d", "4bd"}, nil},
		"true and false":                 {head + "steps:\n  - {id: a, task: x, background: |}\n", []string{"true", "false"}, nil},
		"roots of an expression":         {"playbook: p\ntrigger: {when: |}\n", []string{"account", "metric", "score", "now", "subscriptions", "days_since", "has"}, []string{"event"}},
		"an event's filter":              {"playbook: p\ntrigger: {on: Account Saved, when: |}\n", []string{"event", "account"}, nil},
		"fields of an event":             {"playbook: p\ntrigger: {on: Account Saved, when: event.|}\n", []string{"reason", "at"}, []string{"arr"}},
		"fields":                         {"playbook: p\ntrigger: {when: account.|}\n", []string{"arr", "status", "churn"}, []string{"reason"}},
		"fields of a group":              {"playbook: p\ntrigger: {when: account.churn.re|}\n", []string{"reason", "manner"}, []string{"arr"}},
		"functions of a date":            {"playbook: p\ntrigger: {at: account.renewal_date.|}\n", []string{"add_days", "add_months"}, []string{"startsWith", "sum"}},
		"functions of a text":            {"playbook: p\ntrigger: {when: account.name.|}\n", []string{"startsWith", "contains"}, []string{"add_days"}},
		"functions of a list of objects": {"playbook: p\ntrigger: {when: subscriptions.|}\n", []string{"filter", "exists", "first"}, []string{"add_days"}},
		"functions of a filtered list":   {"playbook: p\ntrigger:\n  when: subscriptions.filter(s, s.active).|\n", []string{"map", "size"}, nil},
		"fields of an item":              {"playbook: p\ntrigger:\n  when: subscriptions.exists(s, s.|\n", []string{"arr", "active", "plan"}, []string{"owner"}},
		"an open item of a list":         {head + "steps:\n  - id: all\n    each: subscriptions.filter(s, s.active)\n    as: sub\n    steps:\n      - {id: x, end: done, if: |}\n", []string{"sub", "account"}, nil},
		"fields of an open item":         {head + "steps:\n  - id: all\n    each: subscriptions.filter(s, s.active)\n    as: sub\n    steps:\n      - {id: x, end: done, if: sub.|}\n", []string{"plan", "arr"}, nil},
		"arms, which have steps":         {head + "steps:\n  - id: both\n    parallel:\n      arms:\n        - id: a\n          steps:\n            - id: b\n              |\n", []string{"email", "wait"}, nil},
		"what run takes, beside wait":    {head + "steps:\n  - {id: a, run: check-in, wait: true, |}\n", []string{"timeout"}, []string{"email"}},
		"playbooks":                      {head + "steps:\n  - {id: a, run: |}\n", []string{"check-in"}, nil},
		"fields that a step sets":        {head + "steps:\n  - id: a\n    set:\n      |\n", []string{"account.saved_at"}, []string{"saved_at"}},
		"enum values":                    {"playbook: p\ntrigger: {when: account.status == \"|\"}\n", []string{"active", "churned"}, nil},
		"enum values in a list":          {"playbook: p\ntrigger:\n  when: account.status in [\"active\", \"|\n", []string{"churned"}, nil},
		"enum values, escaped":           {"playbook: p\ntrigger: {when: \"account.status == \\\"|\\\"\"}\n", []string{"active"}, nil},
		"bands of a score":               {"playbook: p\ntrigger: {when: score.health.band == '|'}\n", []string{"red", "green"}, nil},
		"parts of a score":               {"playbook: p\ntrigger: {when: score.|}\n", []string{"health"}, nil},
		"outputs of a decision":          {"playbook: p\ntrigger: {when: decide.win_back.|}\n", []string{"motion", "priority"}, nil},
		"metrics":                        {"playbook: p\ntrigger: {when: quiet_days(metric.|)}\n", []string{"usage_30d"}, nil},
		"steps in an expression":         {head + "steps:\n  - {id: call, task: x, form: {interest: {choose: [yes, no]}}}\n  - {id: b, if: |, wait: 1d}\n", []string{"call", "account"}, nil},
		"results of a step":              {head + "steps:\n  - {id: call, task: x, form: {interest: {choose: [yes, no]}}}\n  - {id: b, wait: 1d, if: call.|}\n", []string{"outcome", "at"}, nil},
		"stages of an escalation":        {head + "steps:\n  - {id: boss, escalate: talk, to: owner.manager}\n  - {id: b, wait: 1d, if: |}\n", []string{"boss", "boss_engage"}, nil},
		"answers of a form":              {head + "steps:\n  - id: call\n    task: x\n    form: {interest: {choose: [keen, cold]}}\n  - {id: b, wait: 1d, if: 'call.interest == \"|\"'}\n", []string{"keen", "cold"}, nil},
		"an open item in a line":         {head + "steps:\n  - id: all\n    each: subscriptions.filter(s, s.active)\n    as: sub\n    steps:\n      - {id: x, task: \"See {{ sub.| }}\"}\n", []string{"plan"}, nil},
		"variables of a line":            {head + "steps:\n  - {id: a, task: \"Call {{ |\"}\n", []string{"account", "contact", "owner"}, []string{"segment"}},
		"fields in a line":               {head + "steps:\n  - {id: a, task: \"Call {{ contact.| }}\"}\n", []string{"first_name", "id"}, nil},
		"fields of a mapping":            {"mapping: m\non: Account Saved\nset:\n  |\n", []string{"status", "saved_at"}, nil},
		"a mapping sees the event alone": {"mapping: m\non: Account Saved\nset: {saved_at: {cel: |}}\n", []string{"event"}, []string{"account", "now"}},
		"types of fields":                {"schema: account\nfields:\n  x: {type: |}\n", []string{"money", "date"}, nil},
		"a broken file above":            {head + "goal: {when: [}\nexit: \"open\nsteps:\n  - id: a\n    |\n", []string{"email", "wait"}, nil},
		"behind wide characters":         {"playbook: p\ntitle: \"漢字 😀\"\ntrigger: {id: 😀, when: account.|}\n", []string{"arr"}, nil},
		"a second document":              {checkIn + "---\nmetric: m\n|\n", []string{"count", "window"}, []string{"steps"}},
	} {
		got := c.completions("playbooks/new.yaml", tt.text)
		c.close("playbooks/new.yaml")
		for _, w := range tt.want {
			if _, ok := got[w]; !ok {
				t.Errorf("%s: no %q among %v", name, w, sortedKeys(got))
			}
		}
		for _, w := range tt.not {
			if _, ok := got[w]; ok {
				t.Errorf("%s: %q is offered", name, w)
			}
		}
	}
}

func TestCompletionReplacesTheWordBeingTyped(t *testing.T) {
	t.Parallel()
	c := project1(t)
	got := c.completions("playbooks/new.yaml", "playbook: p\ntitle: 😀\ntrigger: {when: account.sta|}\n")["status"]
	want := &textEdit{textRange{position{2, 24}, position{2, 27}}, "status"}
	if d := cmp.Diff(want, got.TextEdit); d != "" {
		t.Error(d)
	}
	c = project1(t)
	got = c.completions("playbooks/new.yaml", "playbook: p\nclass: out|\n")["outreach"]
	if d := cmp.Diff(textRange{position{1, 7}, position{1, 10}}, got.TextEdit.Range); d != "" {
		t.Error(d)
	}
	c = project1(t)
	if got := c.completions("playbooks/new.yaml", "playbook: p\nst|: []\n")["steps"]; got.TextEdit == nil || got.TextEdit.NewText != "steps" {
		t.Errorf("a key that has its colon gets %+v", got.TextEdit)
	}
}

func TestTemplatesCompleteVariablesFiltersAndTags(t *testing.T) {
	t.Parallel()
	c := project1(t)
	for text, want := range map[string]string{
		"Hello {{ | }}":                    "contact",
		"Hello {{ contact.| }}":            "first_name",
		"Hello {{ account.churn.| }}":      "reason",
		"Hello {{ contact.first_name § }}": "upcase",
		"Hello {% | %}":                    "if",
		"Hello {% if account.| %}":         "arr",
		"Hello {{ steps.| }}":              "call",
		"Hello {{ steps.call.| }}":         "outcome",
		"Hello {{ project.sender.| }}":     "email",
	} {

		before, after, pipe := strings.Cut(text, "§")
		var got map[string]completion
		if pipe {
			c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": c.uri("templates/check-in.md"), "version": 1, "text": before + "| " + after}})
			got = map[string]completion{}
			p := position{0, len(before) + 2}
			for _, it := range result[completionList](c, c.request("textDocument/completion", at(c.uri("templates/check-in.md"), p))).Items {
				got[it.Label] = it
			}
		} else {
			got = c.completions("templates/check-in.md", text)
		}
		if _, ok := got[want]; !ok {
			t.Errorf("%s: no %q among %v", text, want, sortedKeys(got))
		}
		c.close("templates/check-in.md")
	}
}

func TestHoverSaysWhatStandsThere(t *testing.T) {
	t.Parallel()
	c := project1(t)
	head := "playbook: p\ntrigger: {on: Account Saved}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"a key":               {head + "guard|rails: {}\n", "When a touch may go"},
		"a verb":              {head + "steps:\n  - {id: a, ema|il: check-in}\n", "Writes to one person"},
		"a kind":              {"play|book: p\n", "why it starts, what it does"},
		"a length of time":    {head + "steps:\n  - {id: a, wait: 4b|d}\n", "4 business days"},
		"a word that chooses": {head + "class: ser|vice\n", "an opt-out from outreach does not stop it"},
		"an event":            {"playbook: p\ntrigger: {on: Account Sav|ed}\n", "reason"},
		"a template":          {head + "steps:\n  - {id: a, email: check|-in}\n", "Subject: Are you well?"},
		"a step":              {head + "steps:\n  - {id: a, email: check-in}\n  - {id: b, email: check-in, thread: a|}\n", "email check-in"},
		"a field":             {"playbook: p\ntrigger: {when: account.ar|r > 5}\n", "Yearly recurring revenue"},
		"a field of a group":  {"playbook: p\ntrigger: {when: account.churn.man|ner == 'x'}\n", "How they left"},
		"a function":          {"playbook: p\ntrigger: {when: days_un|til(account.renewal_date) < 5}\n", "days_until(date or timestamp) -> int"},
		"a method":            {"playbook: p\ntrigger: {at: account.renewal_date.add_d|ays(3)}\n", "add_days"},
		"a score":             {"playbook: p\ntrigger: {when: score.health.ba|nd == 'red'}\n", "red"},
		"an event's field":    {"playbook: p\ntrigger: {on: Feature Shipped, when: event.top|ics.size() > 0}\n", "What the release is about"},
		"an item's field":     {"playbook: p\ntrigger: {when: 'subscriptions.exists(s, s.act|ive)'}\n", "bool"},
		"an owner":            {head + "owner: account.ow|ner\n", "Who does the human work"},
		"a variable":          {head + "steps:\n  - {id: a, task: \"Call {{ account.na|me }}\"}\n", "Name of the company"},
	} {
		p := c.edit("playbooks/new.yaml", tt.text)
		got := result[*hover](c, c.request("textDocument/hover", at(c.uri("playbooks/new.yaml"), p)))
		c.close("playbooks/new.yaml")
		if got == nil || !strings.Contains(got.Contents.Value, tt.want) {
			t.Errorf("%s: got %+v, want it to say %q", name, got, tt.want)
		}
	}
}

func TestDefinitionsAreFound(t *testing.T) {
	t.Parallel()
	const ownRules = "schema: account\nfields:\n  tier: {type: string, summary: Ours}\n---\nmetric: calls\ncount: Feature Used\n---\nsegment: big\nwhen: account.tier == \"a\"\n---\nevent: Ping\n"
	c := project1(t, "rules/own.yaml", ownRules)
	head := "playbook: p\ntrigger: {on: Ping}\n"
	for name, tt := range map[string]struct {
		file, text, in string
		at             position
	}{
		"a field":               {"playbooks/new.yaml", "playbook: p\ntrigger: {when: account.ti|er == 'a'}\n", "rules/own.yaml", position{2, 2}},
		"a metric":              {"playbooks/new.yaml", "playbook: p\ntrigger: {when: metric.ca|lls > 1}\n", "rules/own.yaml", position{4, 8}},
		"a segment":             {"playbooks/new.yaml", "playbook: p\ntrigger: {when: segment.b|ig}\n", "rules/own.yaml", position{7, 9}},
		"an event":              {"playbooks/new.yaml", "playbook: p\ntrigger: {on: Pi|ng}\n", "rules/own.yaml", position{10, 7}},
		"a template":            {"playbooks/new.yaml", head + "steps:\n  - {id: a, email: check|-in}\n", "templates/check-in.md", position{0, 0}},
		"a step":                {"playbooks/new.yaml", head + "steps:\n  - {id: a, email: check-in}\n  - {id: b, email: check-in, thread: |a}\n", "playbooks/new.yaml", position{3, 9}},
		"a step, in CEL":        {"playbooks/new.yaml", head + "steps:\n  - {id: a, email: check-in}\n  - {id: b, wait: 1d, if: a.out|come == 'sent'}\n", "playbooks/new.yaml", position{3, 9}},
		"a step, from a test":   {"playbooks/x.test.yaml", "test: x\nplaybook: check-in\nexpect: [{task: ca|ll}]\n", "playbooks/check-in.yaml", position{8, 9}},
		"a step, in a template": {"templates/check-in.md", "It was {{ steps.ca|ll.outcome }}", "playbooks/check-in.yaml", position{8, 9}},
		"a template's variable": {"templates/check-in.md", "Tier {{ account.ti|er }}", "rules/own.yaml", position{2, 2}},
	} {
		p := c.edit(tt.file, tt.text)
		got := result[*location](c, c.request("textDocument/definition", at(c.uri(tt.file), p)))
		c.close(tt.file)
		if got == nil || got.URI != c.uri(tt.in) || got.Range.Start != tt.at {
			t.Errorf("%s: got %+v, want %s at %v", name, got, tt.in, tt.at)
		}
	}
}

func TestADefinitionThatWeShipCanBeOpened(t *testing.T) {
	t.Parallel()
	c := project1(t)
	p := c.edit("playbooks/new.yaml", "playbook: p\ntrigger: {when: score.hea|lth.band == 'red'}\n")
	got := result[*location](c, c.request("textDocument/definition", at(c.uri("playbooks/new.yaml"), p)))
	if got == nil || !strings.HasSuffix(got.URI, "/rules/scores.yaml") {
		t.Fatalf("got %+v", got)
	}
	if text := readFileOf(t, pathOf(got.URI)); !strings.Contains(text, "score: health") {
		t.Errorf("the file holds %q", text)
	}
}

func TestSymbolsAreTheStepsAsTheyNest(t *testing.T) {
	t.Parallel()
	c := project1(t)
	c.edit("playbooks/new.yaml", "playbook: p\ntrigger: {on: email.replied}\nsteps:\n  - {id: a, wait: 1d}\n  - id: b\n    branch:\n      - when: account.logo\n        steps: [{id: c, end: x}]\n---\nsegment: s\nwhen: account.logo\n")
	got := result[[]documentSymbol](c, c.request("textDocument/documentSymbol", map[string]any{"textDocument": map[string]any{"uri": c.uri("playbooks/new.yaml")}}))
	var names []string
	var walk func(in []documentSymbol, depth string)
	walk = func(in []documentSymbol, depth string) {
		for _, s := range in {
			names = append(names, depth+s.Name+" "+s.Detail)
			walk(s.Children, depth+"  ")
		}
	}
	walk(got, "")
	if d := cmp.Diff([]string{"p playbook", "  a wait", "  b branch", "    c end", "s segment"}, names); d != "" {
		t.Error(d)
	}
}

func TestShutdownAndExitEndInOrder(t *testing.T) {
	t.Parallel()
	c := project1(t)
	c.request("shutdown", nil)
	if m := c.request("textDocument/hover", at(c.uri("x"), position{})); m.Error == nil || m.Error.Code != invalidRequest {
		t.Errorf("after shutdown a request gets %+v", m)
	}
	c.notify("exit", nil)
	if err := <-c.ended; err != nil {
		t.Errorf("got %v, want an orderly end", err)
	}
	c = project1(t)
	c.notify("exit", nil)
	if err := <-c.ended; !errors.Is(err, ErrNoShutdown) {
		t.Errorf("an exit without shutdown gives %v", err)
	}
}
