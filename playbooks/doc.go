package playbooks

import "holdfast/internal/source"

// Doc of the playbook document: the keys that Compile takes, and what the
// reference, the schema and the editor say of them. Those of a trigger are in
// triggers.All, those of a step in steps.All.
var Doc = source.KindDoc{
	Name:    playbookDoc,
	Summary: "A playbook: why it starts, what it does, when it stops, and what holds it back.",
	Keys: []source.KeyDoc{
		{Name: "playbook", Type: "literal", Required: true, Summary: "Its name for ever, in small letters, digits and hyphens: enrollments and reports know it by this.", Example: "win-back"},
		{Name: "title", Type: "literal", Summary: "What people call it.", Example: "Five-touch win-back of former customers"},
		{Name: "class", Type: "enum(outreach|transactional|service)", Default: "outreach", Summary: "What opt-out, rest and the default guardrails mean for it.", Means: map[string]string{
			"outreach":      "we want something: an opt-out and a rest stop it, and it is never sent outside its guardrails",
			"service":       "we help a customer: an opt-out from outreach does not stop it, the default guardrails do hold",
			"transactional": "the customer expects it, such as an invoice: it has no guardrails but those it writes",
		}},
		{Name: "owner", Names: "field", Type: "reference", Default: "account.owner", Summary: "The account field that names who does the human work, a person of the team.", Example: "account.owner"},
		{Name: "lane", Names: "lane", Type: "literal", Summary: "The conversation it belongs to: a rest binds its lane.", Example: "win-back"},
		{Name: "when_preempted", Type: "enum(pause|exit|ignore)", Default: "pause", Summary: "What it does while a playbook of a stronger lane is at work on the account.", Means: map[string]string{
			"pause": "it waits, and goes on afterwards", "exit": "it ends", "ignore": "it goes on beside it",
		}},
		{Name: "mode", Type: "enum(live|shadow)", Default: "live", Summary: "Whether it acts.", Means: map[string]string{
			"live": "it does what it says", "shadow": "everything but the send: what it would have done stands on the timeline",
		}},
		{Name: "rollout", Type: "literal", Default: "100%", Summary: "The share of accounts that may enter; raising it lets in more and sends nobody away.", Example: "10%"},
		{Name: "holdout", Type: "literal", Default: "10% for outreach that is automated, else off", Summary: "The share of accounts that are left alone, so that what it does can be measured: a share, off, or a map of share and name.", Example: "10%"},
		{Name: "holdout.share", Type: "literal", Required: true, Summary: "The share, at most 90%.", Example: "10%"},
		{Name: "holdout.name", Type: "literal", Summary: "Playbooks of one name hold out the same accounts. Unset, the playbook's."},
		{Name: "trigger", Type: "triggers", Required: true, Summary: "Why it starts: an event (on), a date (at), a condition that becomes true (when), or any of several.", Example: `{when: account.status == "churned"}`},
		{Name: "enroll", Type: "map", Summary: "How often an account may enter."},
		{Name: "enroll.once_per", Type: "list(account|trigger|occurrence)", Default: "[trigger, occurrence]", Summary: "What makes an entry the same as an earlier one, so that it starts nothing. One word or a list.", Means: map[string]string{
			"account":    "an account enters once, ever",
			"trigger":    "once for each trigger that fires",
			"occurrence": "once for each event, date, or time the condition becomes true",
		}},
		{Name: "enroll.not_within", Type: "duration", Summary: "Not so soon after its last start on the account.", Example: "6mo"},
		{Name: "enroll.at_most", Type: "int", Summary: "Starts on one account, in all.", Example: "4"},
		{Name: "goal", Type: "map", Summary: "What it is for. Met or not, whatever ends the steps; reports count it."},
		{Name: "goal.on", Names: "event", Type: "reference", Summary: "The event that meets it.", Example: "Subscription Renewed"},
		{Name: "goal.when", Type: "cel", Summary: "The condition that meets it; beside on: a filter that sees event.", Example: `account.status == "active"`},
		{Name: "goal.outcome", Type: "literal", Required: true, Summary: "What reports call it when it is met.", Example: "won_back"},
		{Name: "goal.within", Type: "duration", Required: true, Summary: "How long after the start it counts.", Example: "180d"},
		{Name: "exit", Type: "list", Summary: "What ends an enrollment at once, also in the middle of a wait."},
		{Name: "exit.id", Type: "literal", Default: "exit_1 and so on", Summary: "What the timeline calls it."},
		{Name: "exit.on", Names: "event", Type: "reference", Summary: "The event that ends it.", Example: "email.replied"},
		{Name: "exit.when", Type: "cel", Summary: "The condition that ends it; beside on: a filter that sees event.", Example: `account.status != "churned"`},
		{Name: "exit.outcome", Type: "literal", Required: true, Summary: "How the enrollment ended, as reports call it.", Example: "responded"},
		{Name: "exit.rest", Type: "duration", Summary: "How long this lane then leaves the account alone: a span, forever, or a map of for and unless.", Example: "12mo"},
		{Name: "exit.rest.for", Type: "duration", Required: true, Summary: "The span, or forever."},
		{Name: "exit.rest.scope", Type: "enum(lane|account|playbook)", Default: "lane", Summary: "What the rest binds: this lane (or this playbook, when it has none), the whole account, or this playbook alone."},
		{Name: "exit.rest.unless", Type: "cel", Summary: "What lifts the rest early.", Example: "account.material_change"},
		{Name: "guardrails", Type: "map", Summary: "When a touch may go. Each key that is written replaces the default for the class."},
		{Name: "guardrails.send_window", Type: "enum(always)", Default: "{days: mon-fri, hours: \"09:00-17:00\", timezone: contact}", Summary: "The days and hours in which messages go, or always."},
		{Name: "guardrails.send_window.days", Type: "list", Summary: "A range or a list: mon-thu, or [mon, wed].", Example: "mon-thu"},
		{Name: "guardrails.send_window.hours", Type: "literal", Summary: "From and to, in quotes.", Example: `"09:00-16:30"`},
		{Name: "guardrails.send_window.timezone", Type: "literal", Default: "contact", Summary: "Whose hours: contact, account, project, or a zone such as Europe/Berlin.", Example: "contact"},
		{Name: "guardrails.avoid", Names: "calendar", Type: "list", Default: "public_holidays", Summary: "Calendars on whose days nothing goes: one or a list; [] is none. public_holidays and quarter_end are always there.", Example: "[public_holidays, quarter_end]", Means: map[string]string{
			"public_holidays": "of the contact's country, else the account's, else the project's",
			"quarter_end":     "the last ten business days of the fiscal quarter",
		}},
		{Name: "guardrails.caps", Type: "list", Default: "[{max: 1, what: email, in: 2d, per: contact}]", Summary: "How many touches at most, over all playbooks; [] is no cap."},
		{Name: "guardrails.caps.max", Type: "int", Required: true, Summary: "So many.", Example: "1"},
		{Name: "guardrails.caps.what", Type: "enum(touch|email|slack)", Default: "touch", Summary: "Of what: every touch, or those of one channel."},
		{Name: "guardrails.caps.in", Type: "duration", Required: true, Summary: "In any stretch so long.", Example: "5d"},
		{Name: "guardrails.caps.per", Type: "enum(contact|account)", Default: "contact", Summary: "For each contact, or for the account as a whole."},
		{Name: "guardrails.catch_up", Type: "enum(next_window|skip)", Default: "next_window", Summary: "What becomes of a touch that its window shut out.", Means: map[string]string{
			"next_window": "it goes when the next window opens",
			"skip":        "it is left out, and the timeline says so",
		}},
		{Name: "guardrails.surge", Type: "enum(off)", Default: "reckoned from the last 28 days", Summary: "How many accounts each trigger of events and conditions may bring in on one day (UTC) before it is paused and a person is asked: a map of max, or off. Off for transactional playbooks."},
		{Name: "guardrails.surge.max", Type: "int", Required: true, Summary: "So many entries a day, instead of what is reckoned.", Example: "200"},
		{Name: "unknown_send", Type: "enum(at_most_once|ask|at_least_once)", Default: "at_most_once", Summary: "When a provider did not say whether a message went.", Means: map[string]string{
			"at_most_once":  "go on, and never send it again",
			"ask":           "give the owner a task to find out",
			"at_least_once": "send it again",
		}},
		{Name: "unknown_wait", Type: "duration", Default: "1h", Summary: "How long the provider's events may take to say it, before the sequence goes on.", Example: "15m"},
		{Name: "steps", Type: "steps", Required: true, Summary: "What it does, in order. Each step has an id and one verb."},
	},
	Example: `playbook: check-in
class: service
trigger: {when: account.status == "active" && quiet_days(metric.usage_30d) >= 14}
exit: [{on: email.replied, outcome: answered}]
steps:
  - {id: ask, slack: owner, text: "{{ account.name }} has gone quiet"}
  - {id: close, end: told}
`,
}
