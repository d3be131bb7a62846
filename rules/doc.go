package rules

import (
	"strings"

	"holdfast/internal/source"
)

// Docs of the kinds, in the order of Kinds: the keys that Load takes, and what
// the reference, the schema and the editor say of them.
var Docs = []source.KindDoc{
	schemaKind, eventKind, objectKind, mappingKind, metricKind, scoreKind, decisionKind, segmentKind, calendarKind, lanesKind,
}

// keys of a kind of document, below a key or at its top ("").
func keys(d source.KindDoc, below string) []string { return source.Keys(d.Keys, below) }

// declarable types, as the enum of a KeyDoc.
var declarable = func() string {
	words := make([]string, len(fieldTypes))
	for i, t := range fieldTypes {
		words[i] = string(t)
	}
	return "enum(" + strings.Join(words, "|") + ")"
}()

var typeMeans = map[string]string{
	"string": "text", "bool": "true or false", "int": "a whole number", "double": "a number",
	"money": "an amount in the project's currency", "percent": "a percentage: 5 is five percent",
	"date": "a day, such as 2026-03-01", "timestamp": "a moment, such as 2026-03-01T09:00:00Z", "strings": "a list of texts",
}

// fieldKeys are those of `fields:`.
var fieldKeys = []source.KeyDoc{
	{Name: "fields", Type: "map", Summary: "The fields by name: a type, or a map of type, enum and summary. A dot makes a group: churn.reason."},
	{Name: "fields.*", Type: declarable, Summary: "A field and its type.", Means: typeMeans},
	{Name: "fields.*.type", Type: declarable, Required: true, Summary: "What it holds.", Means: typeMeans},
	{Name: "fields.*.enum", Type: "list", Summary: "The only texts that it can hold: comparing it with another is a mistake.", Example: "[trial, active, paused, churned]"},
	{Name: "fields.*.summary", Type: "literal", Summary: "What it says, for those who write playbooks."},
}

var summaryKey = source.KeyDoc{Name: "summary", Type: "literal", Summary: "What it is, for those who write playbooks."}

func withFields(own ...source.KeyDoc) []source.KeyDoc { return append(own, fieldKeys...) }

var schemaKind = source.KindDoc{
	Name:    "schema",
	Summary: "What is known of accounts, or of contacts: fields and their types. Several documents add up.",
	Keys: withFields(source.KeyDoc{Name: "schema", Type: "enum(account|contact)", Required: true, Summary: "Whose fields they are.", Means: map[string]string{
		"account": "a customer, as a company", "contact": "a person at an account",
	}}),
	Example: "schema: account\nfields:\n  status: {type: string, enum: [trial, active, churned]}\n  arr: money\n",
}

var eventKind = source.KindDoc{
	Name:    "event",
	Summary: "Something that happens at a customer, and what it carries. Every event also has the field at: when it happened.",
	Keys: withFields(
		source.KeyDoc{Name: "event", Type: "literal", Required: true, Summary: "Its name as it arrives; identify and group declare traits. Names with a dot are our own.", Example: "Feature Used"},
		source.KeyDoc{Name: "of", Type: "enum(account|all)", Default: "account", Summary: "Whom it is about.", Means: map[string]string{
			"account": "the one account that the message names",
			"all":     "no account of its own, such as a release or a competitor's news: it is held against every account, and starts playbooks for those that match",
		}},
		summaryKey,
	),
	Example: "event: Feature Used\nfields:\n  feature: string\n  count: int\n",
}

var objectKind = source.KindDoc{
	Name:    "object",
	Summary: "A thing that an account has several of, such as subscriptions: expressions see their list by the name and an s.",
	Keys: append(withFields(
		source.KeyDoc{Name: "object", Type: "literal", Required: true, Summary: "Its name, in the singular.", Example: "subscription"},
		source.KeyDoc{Name: "of", Type: "enum(account)", Summary: "What has several of it."},
		source.KeyDoc{Name: "key", Type: "literal", Required: true, Summary: "The field that tells one from another.", Example: "subscription_id"},
		summaryKey,
	),
		source.KeyDoc{Name: "derive", Type: "map", Summary: "Account fields computed from the objects, by name."},
		source.KeyDoc{Name: "derive.*", Type: "cel", Summary: "Sees the objects of the account alone.", Example: "subscriptions.filter(s, s.active).map(s, s.arr).sum()"},
	),
	Example: "object: seat_block\nof: account\nkey: block_id\nfields:\n  seats: int\n",
}

var mappingKind = source.KindDoc{
	Name:    "mapping",
	Summary: "Turns events as they arrive into what is known: customer data needs no code.",
	Keys: []source.KeyDoc{
		{Name: "mapping", Type: "literal", Required: true, Summary: "Its name."},
		{Name: "on", Names: "event", Type: "list", Required: true, Summary: "The event, or a list of them; identify and group are the messages of traits.", Example: "Subscription Renewed"},
		{Name: "when", Type: "cel", Summary: "Only then; sees the event alone."},
		{Name: "upsert", Names: "object", Type: "reference", Summary: "The kind of object that it makes or changes."},
		{Name: "key", Type: "cel", Summary: "Which object: {cel: event.…}. Unset, the field of the event that is called as the object's key."},
		{Name: "key.cel", Type: "cel", Summary: "An expression that sees the event alone."},
		{Name: "set", Type: "map", Summary: "Fields of the account, or of the object with upsert, by name."},
		{Name: "set.*", Type: "literal", Summary: "A value, checked against the field's type, or {cel: an expression}."},
		{Name: "set.*.cel", Type: "cel", Required: true, Summary: "An expression that sees the event alone.", Example: "event.renewal_date"},
		{Name: "account", Type: "map", Summary: "Fields of the account, beside upsert."},
		{Name: "account.*", Type: "literal", Summary: "A value, or {cel: an expression}."},
		{Name: "account.*.cel", Type: "cel", Required: true, Summary: "An expression that sees the event alone."},
		{Name: "contact", Type: "map", Summary: "Fields of the contact whom the event names."},
		{Name: "contact.*", Type: "literal", Summary: "A value, or {cel: an expression}."},
		{Name: "contact.*.cel", Type: "cel", Required: true, Summary: "An expression that sees the event alone."},
		summaryKey,
	},
	Example: "mapping: named\non: identify\ncontact:\n  first_name: {cel: event.first_name}\n",
}

var metricKind = source.KindDoc{
	Name:    "metric",
	Summary: "A count or a sum of events in the last days, kept by day as they arrive.",
	Keys: []source.KeyDoc{
		{Name: "metric", Type: "literal", Required: true, Summary: "Its name, after metric. in expressions.", Example: "logins"},
		{Name: "on", Names: "event", Type: "list", Summary: "The event, or a list of them."},
		{Name: "count", Names: "event", Type: "literal", Summary: "The event to count; or true, beside on.", Example: "Feature Used"},
		{Name: "sum", Type: "cel", Summary: "What to add up of each event; needs on.", Example: "event.count"},
		{Name: "when", Type: "cel", Summary: "Count only those for which it holds; sees the event alone.", Example: `event.feature == "export"`},
		{Name: "window", Type: "duration", Default: "30d", Summary: "Of how many days, today included: days or weeks.", Example: "30d"},
		summaryKey,
	},
	Example: "metric: exports\ncount: email.replied\nwindow: 2w\n",
}

var scoreKind = source.KindDoc{
	Name:    "score",
	Summary: "0 to 100: the weighted mean of its signals that are known. Expressions read score.<name>.value and .band.",
	Keys: []source.KeyDoc{
		{Name: "score", Type: "literal", Required: true, Summary: "Its name.", Example: "health"},
		{Name: "bands", Type: "list", Summary: "Names for stretches of it, lowest first; the last is open: [{red: {below: 50}}, {green: {}}]."},
		{Name: "bands.*", Type: "map", Summary: "A band."},
		{Name: "bands.*.below", Type: "number", Summary: "It ends before this value; the last band has none.", Example: "50"},
		{Name: "signals", Type: "map", Required: true, Summary: "What it is made of, by name."},
		{Name: "signals.*", Type: "map", Summary: "A signal."},
		{Name: "signals.*.weight", Type: "number", Required: true, Summary: "How much it counts, beside the others.", Example: "30"},
		{Name: "signals.*.value", Type: "cel", Required: true, Summary: "0 to 100. An unset field makes the signal unknown: the others share its weight.", Example: "100.0 * clamp(trend(metric.logins, days(30), 1.0), 0.0, 1.0)"},
		{Name: "signals.*.summary", Type: "literal", Summary: "What it says, for those who read the score."},
		summaryKey,
	},
	Example: "score: promise\nbands: [{low: {below: 50}}, {high: {}}]\nsignals:\n  named: {weight: 1, value: \"account.name == '' ? 0.0 : 100.0\"}\n",
}

var decisionKind = source.KindDoc{
	Name:    "decision",
	Summary: "A table: the first row that holds wins. Expressions read decide.<name>.<output>.",
	Keys: []source.KeyDoc{
		{Name: "decision", Type: "literal", Required: true, Summary: "Its name.", Example: "win_back"},
		{Name: "inputs", Type: "map", Summary: "What rows may name besides the account: a type, or a map of type and cel. One without cel is given by whoever asks."},
		{Name: "inputs.*", Type: declarable, Summary: "An input and its type.", Means: typeMeans},
		{Name: "inputs.*.type", Type: declarable, Summary: "What it holds.", Means: typeMeans},
		{Name: "inputs.*.cel", Type: "cel", Summary: "Where its value comes from."},
		{Name: "inputs.*.enum", Type: "list", Summary: "The only texts that it can hold."},
		{Name: "inputs.*.summary", Type: "literal", Summary: "What it says."},
		{Name: "rows", Type: "list", Required: true, Summary: "The rows, tried from the top."},
		{Name: "rows.when", Type: "cel", Summary: "When the row holds. One that reads an unset field does not.", Example: "account.arr >= 50000"},
		{Name: "rows.then", Type: "map", Summary: "What the decision says then, by output; every row says the same outputs."},
		{Name: "rows.then.*", Type: "literal", Summary: "A value, or {cel: an expression}."},
		{Name: "rows.then.*.cel", Type: "cel", Required: true, Summary: "An expression."},
		{Name: "rows.else", Type: "map", Summary: "What it says when no row above holds; the last row."},
		{Name: "rows.else.*", Type: "literal", Summary: "A value, or {cel: an expression}."},
		{Name: "rows.else.*.cel", Type: "cel", Required: true, Summary: "An expression."},
		summaryKey,
	},
	Example: "decision: greeting\nrows:\n  - {when: account.country == \"DE\", then: {word: Hallo}}\n  - else: {word: Hello}\n",
}

var segmentKind = source.KindDoc{
	Name:    "segment",
	Summary: "A named condition of accounts. Expressions read segment.<name>.",
	Keys: []source.KeyDoc{
		{Name: "segment", Type: "literal", Required: true, Summary: "Its name.", Example: "strategic"},
		{Name: "when", Type: "cel", Required: true, Summary: "Which accounts belong to it.", Example: "account.arr >= 50000"},
		summaryKey,
	},
	Example: "segment: german\nwhen: account.country == \"DE\"\n",
}

var calendarKind = source.KindDoc{
	Name:    "calendar",
	Summary: "A named stretch of days: public holidays, closures of your own, or the end of a period.",
	Keys: []source.KeyDoc{
		{Name: "calendar", Type: "literal", Required: true, Summary: "Its name.", Example: "quarter_end"},
		{Name: "country", Type: "literal", Summary: "Whose public holidays it has, as two letters.", Example: "DE"},
		{Name: "closed", Type: "list(date)", Summary: "Days: 2026-12-24, or maps of name, from and to."},
		{Name: "closed.name", Type: "literal", Summary: "What the timeline calls them."},
		{Name: "closed.from", Type: "date", Required: true, Summary: "The first day.", Example: "2026-12-24"},
		{Name: "closed.to", Type: "date", Summary: "The last day; unset, the first.", Example: "2027-01-01"},
		{Name: "seasons", Type: "list", Summary: "Days of every year."},
		{Name: "seasons.name", Type: "literal", Summary: "What the timeline calls them.", Example: "Black Friday"},
		{Name: "seasons.from", Type: "literal", Required: true, Summary: "The first day, as month and day.", Example: "11-15"},
		{Name: "seasons.to", Type: "literal", Required: true, Summary: "The last day, as month and day.", Example: "12-31"},
		{Name: "ics", Type: "literal", Summary: "A file of the project whose events are its days.", Example: "calendars/retail.ics"},
		{Name: "when", Type: "cel", Summary: "Of which accounts it holds; unset, of all.", Example: `account.industry == "retail"`},
		{Name: "last", Type: "duration", Summary: "Business days at the end of what of names.", Example: "10bd"},
		{Name: "of", Type: "enum(account.fiscal_quarter|quarter|month|year)", Summary: "The period whose end it is."},
		summaryKey,
	},
	Example: "calendar: shutdown\nclosed:\n  - {name: Winter shutdown, from: 2026-12-24, to: 2027-01-01}\n",
}

var lanesKind = source.KindDoc{
	Name:    "lanes",
	Summary: "One account, one conversation: while a playbook of one lane is at work on an account, those of the lanes after it wait.",
	Keys: []source.KeyDoc{
		{Name: "lanes", Type: "list", Required: true, Summary: "The lanes, the strongest first.", Example: "[save, renewal, win-back, nurture]"},
		summaryKey,
	},
	Example: "lanes: [save, renewal, win-back, nurture]\n",
}
