package project

import (
	"slices"

	"holdfast/internal/source"
	"holdfast/internal/sources"
)

// Docs of the documents that belong to no rule and no playbook: the keys that
// Load takes, and what the reference, the schema and the editor say of them.
var Docs = []source.KindDoc{projectKind, teamKind, sourceKind}

var projectKind = source.KindDoc{
	Name:    "project",
	Summary: "The settings of a project, in holdfast.yaml. One project, one instance.",
	Keys: []source.KeyDoc{
		{Name: "project", Type: "literal", Required: true, Summary: "Its name.", Example: "my-company"},
		{Name: "timezone", Type: "literal", Default: "UTC", Summary: "Used where neither contact nor account has one.", Example: "America/New_York"},
		{Name: "country", Type: "literal", Summary: "Whose public holidays hold by default, as two capitals.", Example: "US"},
		{Name: "currency", Type: "literal", Default: "USD", Summary: "Of every amount of money, as an ISO 4217 code.", Example: "USD"},
		{Name: "locale", Type: "literal", Default: "en", Summary: "How dates and money are written, and which template is taken first.", Example: "pt-BR"},
		{Name: "sender", Type: "map", Summary: "Who writes when the owner is unknown."},
		{Name: "sender.name", Type: "literal", Summary: "As it stands in the mail."},
		{Name: "sender.email", Type: "literal", Required: true, Summary: "The address.", Example: "success@example.com"},
		{Name: "library", Names: "playbook", Type: "list", Summary: "Shipped playbooks in use.", Example: "[renewal-90, win-back]"},
		{Name: "rules", Type: "enum(library)", Summary: "library: the shipped fields, scores and decisions are there, and documents of the project add to them or replace them."},
		{Name: "closed", Type: "list", Summary: "Days on which the company is closed."},
		{Name: "closed.name", Type: "literal", Required: true, Summary: "What the timeline calls it.", Example: "Winter shutdown"},
		{Name: "closed.from", Type: "date", Required: true, Summary: "The first day.", Example: "2026-12-24"},
		{Name: "closed.to", Type: "date", Summary: "The last day; unset, the first.", Example: "2027-01-01"},
		{Name: "fiscal_start", Type: "literal", Default: "january", Summary: "The month in which the fiscal year begins, by name or number.", Example: "february"},
		{Name: "channels", Type: "map", Summary: "Where messages go. The default keeps them to be read and sends nothing."},
		{Name: "channels.email", Type: "enum(outbox|sendgrid|smtp)", Default: "outbox", Summary: "How e-mails go.", Means: map[string]string{
			"outbox": "kept here to be read; nothing is sent", "sendgrid": "through SendGrid, with the key in HOLDFAST_SENDGRID_KEY",
			"smtp": "through any SMTP server, with its address in HOLDFAST_SMTP_URL",
		}},
		{Name: "channels.sandbox", Type: "bool", Default: "false", Summary: "SendGrid checks each e-mail and delivers none; the ledger says sandbox. For trying out a key and templates.", Example: "true"},
		{Name: "channels.webhook", Type: "enum(outbox|http)", Default: "outbox", Summary: "How calls of webhooks go.", Means: map[string]string{
			"outbox": "kept here to be read; nothing is called", "http": "called, and signed",
		}},
		{Name: "webhooks", Type: "map", Summary: "Endpoints that steps may call, by name."},
		{Name: "webhooks.*", Type: "literal", Summary: "An address.", Example: "https://crm.example.com/hooks"},
		{Name: "channels.slack", Type: "enum(outbox|slack)", Default: "outbox", Summary: "How notes and tasks reach our own people.", Means: map[string]string{
			"outbox": "kept here to be read; nothing is sent", "slack": "through Slack, with the token in HOLDFAST_SLACK_TOKEN",
		}},
		{Name: "pace", Type: "map", Summary: "How fast messages may go. What is too many now waits for a moment of its own (`pace` on the timeline); nothing is lost."},
		{Name: "pace.email", Type: "map", Summary: "Of e-mails, whatever the provider."},
		{Name: "pace.email.limits", Type: "list", Summary: "At most so many in a time. All of them hold; up to two seconds' worth may go at once.", Example: "[{max: 10, in: 1s}, {max: 5, in: 1m, per: domain}, {max: 20, in: 1m, domains: [gmail.com, googlemail.com]}]"},
		{Name: "pace.email.limits.max", Type: "int", Required: true, Summary: "How many.", Example: "10"},
		{Name: "pace.email.limits.in", Type: "duration", Required: true, Summary: "In how long: seconds, minutes or hours, 24h at most.", Example: "1s"},
		{Name: "pace.email.limits.per", Type: "enum(domain)", Summary: "domain: to each domain of recipients that no other limit names. Unset, in all."},
		{Name: "pace.email.limits.domains", Type: "list", Summary: "To these domains together, and those below them.", Example: "[gmail.com, googlemail.com]"},
		{Name: "pace.email.per_day", Type: "int", Summary: "At most so many a day, in the project's time zone. Unset, any number.", Example: "20000"},
		{Name: "pace.email.warm_up", Type: "map", Summary: "A new sender or address is made known little by little: few mails on the first day, twice as many every so many days, until per_day."},
		{Name: "pace.email.warm_up.from", Type: "date", Required: true, Summary: "The first day.", Example: "2026-12-01"},
		{Name: "pace.email.warm_up.first_day", Type: "int", Required: true, Summary: "How many mails may go on it.", Example: "50"},
		{Name: "pace.email.warm_up.doubles_every", Type: "duration", Required: true, Summary: "In how many days twice as many may go.", Example: "3d"},
		{Name: "redirect_all_to", Type: "literal", Summary: "Takes every e-mail, in staging. Unset, they go to whom they are for.", Example: "staging@example.com"},
		{Name: "public_url", Type: "literal", Summary: "Where customers and providers reach holdfast: the base of unsubscribe links and of the addresses that providers post to. Unset, mails carry no links of ours, and outreach does not go through a real provider.", Example: "https://retention.example.com"},
		{Name: "inbound", Type: "literal", Summary: "The domain whose mail a provider hands to us. Replies go to it beside the sender, and mail can unsubscribe by writing to it. Unset, replies go to the sender alone.", Example: "in.example.com"},
		{Name: "claims", Type: "map", Summary: "Words that lint looks for in mails, beside those it knows."},
		{Name: "claims.banned", Type: "list", Summary: "What a mail may not say.", Example: "[market leader]"},
		{Name: "claims.competitors", Type: "list", Summary: "Names that nothing bad may be said about.", Example: "[Initech]"},
		{Name: "retention", Type: "map", Summary: "For how long what happened is kept: days, weeks, months or years, or forever. A running holdfast removes once a day what is older and needed by nothing. Fields, metrics, the ledger, and that an account was enrolled are kept for ever."},
		{Name: "retention.events", Type: "duration", Default: "400d", Summary: "What customers did, and announcements that are over; 30d at least. Kept longer: the last of each name of an account, what mappings and choices of contacts rest on, and all events of an account with a running enrollment.", Example: "400d"},
		{Name: "retention.messages", Type: "duration", Default: "2y", Summary: "Mails that are kept here, of enrollments that ended.", Example: "1y"},
		{Name: "retention.timeline", Type: "duration", Default: "2y", Summary: "Lines of enrollments that ended.", Example: "forever"},
		{Name: "retention.ended_enrollments", Type: "duration", Default: "2y", Summary: "Signals and closed tasks of enrollments that ended. The enrollment itself stays, so that an account enters once.", Example: "2y"},
		{Name: "retention.delivered", Type: "duration", Default: "7d", Summary: "Rows for Temporal that were delivered.", Example: "7d"},
		{Name: "retention.audit", Type: "duration", Default: "5y", Summary: "Lines of the audit log; a year at least.", Example: "7y"},
		{Name: "silence", Type: "duration", Default: "learned", Summary: "How long nothing may come from a source before triggers by conditions that read what it sends wait, such as 2d: an hour at least. learned: longer than is usual for it. off: they never wait. It holds for imports, and for sources that do not say their own. See [quiet](../guides/quiet.md).", Example: "off"},
		{Name: "salt", Type: "literal", Summary: "Decides who is held out and who is let in first. Unset, one is drawn and kept."},
	},
	Example: "project: my-company\ntimezone: America/New_York\ncountry: US\nsender: {name: Customer Success, email: success@example.com}\nrules: library\nlibrary: [renewal-90]\n",
}

var teamKind = source.KindDoc{
	Name:    "team",
	Summary: "Our own people: whom accounts name as their owner, and whom work reaches.",
	Keys: []source.KeyDoc{
		{Name: "team", Type: "list", Required: true, Summary: "One map for each person."},
		{Name: "team.id", Type: "literal", Required: true, Summary: "What accounts name as their owner.", Example: "sam"},
		{Name: "team.name", Type: "literal", Summary: "As it stands below a mail.", Example: "Sam Rivera"},
		{Name: "team.email", Type: "literal", Summary: "The address that mails of theirs come from.", Example: "sam@example.com"},
		{Name: "team.slack", Type: "literal", Summary: "The member id in Slack.", Example: "U0123ABCD"},
		{Name: "team.timezone", Type: "literal", Summary: "Work reaches them in their working hours there.", Example: "America/New_York"},
		{Name: "team.hours", Type: "literal", Default: "09:00-17:00", Summary: "Their working hours, by their clock. What is due for them counts in these alone.", Example: "08:00-16:30"},
		{Name: "team.days", Type: "list", Default: "mon-fri", Summary: "Their working days: a day, a range, or a list of them.", Example: "mon-thu"},
		{Name: "team.country", Type: "literal", Summary: "Whose public holidays they keep, as two capitals. Unset, the project's.", Example: "DE"},
		{Name: "team.away", Type: "list", Summary: "When they are not there: new work goes to the deputy then."},
		{Name: "team.away.from", Type: "date", Required: true, Summary: "The first day.", Example: "2026-05-18"},
		{Name: "team.away.to", Type: "date", Summary: "The last day. Unset, the same as the first.", Example: "2026-06-02"},
		{Name: "team.away.deputy", Names: "person", Type: "reference", Summary: "Who stands in. Unset, the person's own deputy."},
		{Name: "team.left", Type: "literal", Summary: "true, or the day from which they are gone. Their open tasks go to the deputy, once.", Example: "2026-06-01"},
		{Name: "team.deputy", Names: "person", Type: "reference", Summary: "Who stands in when they are away or gone. Unset or away too: their manager, then their pool."},
		{Name: "team.pool", Type: "literal", Summary: "The pool that takes tasks that are too many for them. Unset, the first pool that they are in.", Example: "smb"},
		{Name: "team.manager", Names: "person", Type: "reference", Summary: "The id of another of the team, to whom overdue work goes."},
		{Name: "team.role", Type: "literal", Summary: "What they are, such as csm.", Example: "csm"},
		{Name: "team.capacity", Type: "map", Summary: "How much they can look after; unset is not said."},
		{Name: "team.capacity.tasks", Type: "int", Summary: "New tasks in a week. Further ones go to their pool.", Example: "12"},
		{Name: "team.capacity.open", Type: "int", Summary: "Open tasks at one time. Further ones go to their pool.", Example: "20"},
		{Name: "team.capacity.accounts", Type: "int", Summary: "Accounts in all.", Example: "40"},
		{Name: "pools", Type: "map", Summary: "Groups of the team who take work over from one another, by name: each a list of ids, or a role."},
		{Name: "pools.*", Type: "list or map", Summary: "The ids of its members.", Example: "[sam, lea]"},
		{Name: "pools.*.role", Type: "literal", Summary: "In place of a list: all who have this role.", Example: "csm"},
	},
	Example: "team:\n  - {id: sam, name: Sam Rivera, email: sam@example.com}\n",
}

var sourceKind = source.KindDoc{
	Name:    "source",
	Summary: "Somebody who may send what happens, one document each, in any file below sources/: how it comes, and what of it is taken. The guides are [events in](../guides/events-in.md) and, for providers, [sources](../guides/sources.md).",
	Keys: slices.Concat([]source.KeyDoc{
		{Name: "source", Type: "literal", Required: true, Summary: "Its name, kept with every message of it: small letters, digits and hyphens.", Example: "app"},
		{Name: "kind", Type: "enum(segment|cloudevents|webhook|stripe|hubspot|zendesk|intercom)", Required: true, Summary: "How its messages come.", Means: map[string]string{
			"segment":     "by Segment's tracking API and its SDKs, with a write key",
			"cloudevents": "as CloudEvents, structured or binary",
			"webhook":     "as any JSON, read by the mapping",
			"stripe":      "as Stripe's webhooks", "hubspot": "as HubSpot's webhooks", "zendesk": "as Zendesk's webhooks", "intercom": "as Intercom's webhooks",
		}},
		{Name: "allow", Type: "map", Required: true, Summary: "What it may say. Events with a dot in their name are Holdfast's own and never taken, whatever stands here."},
		{Name: "allow.events", Type: "list", Required: true, Summary: "The events that are taken; * stands for any text. Others are dropped and counted.", Example: "[Report Exported, Feature *]"},
		{Name: "allow.fields", Type: "list", Summary: "The fields of accounts and contacts that it may write. Unset, all that are declared.", Example: "[name, plan, seats]"},
		{Name: "allow.objects", Type: "list", Summary: "The kinds of objects that it may write. Unset, all that are declared.", Example: "[subscription]"},
		{Name: "allow.merges", Type: "bool", Default: "false", Summary: "Whether its alias messages make people, or accounts, one that are both known. It cannot be undone. Without it an alias gives what waits for an unknown visitor to who they turn out to be, and no more.", Example: "true"},
		{Name: "silence", Type: "duration", Default: "the project's", Summary: "How long nothing may come from it before triggers by conditions that read what it sends wait: an hour at least. One of its events alone is still judged by what is usual, but no sooner. learned: longer than is usual. off: they never wait. See [quiet](../guides/quiet.md).", Example: "6h"},
		{Name: "secret", Type: "literal", Summary: "The name of what its sender signs with. The value comes from HOLDFAST_SECRET_ and the name in capitals; several, with a space between, while one takes the place of another.", Example: "stripe_live"},
		{Name: "ids", Type: "enum(own|shared)", Default: "own", Summary: "Whether the numbers by which HubSpot and Zendesk know companies and people are the ids of our accounts and contacts.", Means: map[string]string{
			"own": "no: the kind stands before them, as in hubspot:123", "shared": "yes: other sources name accounts by the same numbers",
		}},
	}, sources.SignatureKeys, sources.MappingKeys),
	Example: "source: app\nkind: segment\nallow:\n  events: [Report Exported, Feature *]\n  fields: [name, plan]\n",
}
