package reference

import (
	"fmt"
	"strings"
)

// types are the words of the column "what stands there".
var types = []struct{ name, says string }{
	{"literal", "a plain text or number, as it is"},
	{"cel", "an [expression](https://cel.dev) that is checked against the schema; write `>` or quotes where YAML would stumble over it"},
	{"liquid", "a text with `{{ … }}` in it, as in [templates](templates.md)"},
	{"reference", "the name of something declared elsewhere: an event, a step, a person, a playbook"},
	{"duration", "a whole number and a unit: `s m h d w mo y`, or `bd`, business days of the account's country; `72h`, `4bd`, `6mo`"},
	{"enum", "one of the words"},
	{"list", "a list, `[a, b]` or a line each; with words, some of those"},
	{"map", "keys below it"},
	{"maps", "keys below it, or a list of such maps"},
	{"list or map", "a list, or keys below it"},
	{"steps", "a list of [steps](steps/README.md)"},
	{"triggers", "one [trigger](triggers/README.md), or several below any"},
	{"bool", "true or false"},
	{"int", "a whole number"},
	{"number", "a number"},
	{"date", "a day: 2026-03-01"},
	{"any", "whatever fits there"},
}

// typesTable says what each of them is.
func typesTable() string {
	var b strings.Builder
	b.WriteString("| what stands there | is |\n| --- | --- |\n")
	for _, t := range types {
		fmt.Fprintf(&b, "| %s | %s |\n", t.name, t.says)
	}
	return b.String()
}

// guides are those of docs/guides, for llms.txt.
var guides = []struct{ file, says string }{
	{"write-a-playbook", "the language by example, every verb once"},
	{"decide-with-rules", "schema, mappings, metrics, scores, decision tables, segments, calendars"},
	{"lint", "mistakes before they run, here and in CI"},
	{"editor", "completion, hover and errors while you type"},
	{"one-account", "simulate, every way through, pictures"},
	{"cards", "see and click Slack's cards on a page while you write"},
	{"test", "hold a playbook to what was agreed, on virtual time"},
	{"backtest", "whom a trigger would have caught in recorded events"},
	{"explain", "why an account is in a playbook, or not, and what comes next"},
	{"quiet", "what keeps an account from being touched: lanes, holdout, holds, calendars, rests"},
	{"events-back", "what comes back from a mail: delivery, bounces, opt-outs, replies; and the proof that each went once"},
	{"sources", "Stripe, HubSpot, Zendesk, Intercom, CloudEvents and webhooks of any kind: what to set there, and what becomes what"},
	{"approvals", "who answers approvals and offers"},
	{"preview", "see a mail as a customer would, and send it to yourself"},
	{"events-in", "who may send what happens, with which key, by Segment's API and SDKs; what is left out and why"},
	{"unsubscribe", "one click, the preference page, keys of links, answers"},
	{"privacy", "erase a person, show what is kept of one, retention periods, what is left to you"},
	{"send-mail", "SendGrid or SMTP, how fast mails go, who must not be written to, webhooks"},
	{"tasks", "who gets a task, when it is due, and what happens when nobody does it"},
	{"slack", "let your people work in Slack: cards with buttons, forms, home tab, command, digest"},
	{"ship-a-change", "plan, apply, move those who run, roll back"},
	{"signals", "several weak signals at once, edges that flap, the worst quarter"},
	{"announce", "tell of a release, or of a competitor, to every account that it concerns, spread over days"},
	{"merge", "two accounts, or two contacts, that were one all along"},
	{"move", "export, restore, migrate, and move to PostgreSQL and a Temporal cluster with all that runs"},
	{"operate", "doctor, probes, metrics, traces, logs, the audit log, limits"},
	{"elsewhere", "PostgreSQL instead of the file, a Temporal cluster instead of the embedded server"},
	{"many-machines", "servers, workers and relays as processes of their own; payloads encrypted in Temporal"},
	{"deploy", "systemd, containers, Kubernetes; dashboards and alerts; upgrade and the way back"},
}
