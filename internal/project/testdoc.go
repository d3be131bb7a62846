package project

import "holdfast/internal/source"

// TestDocs are the documents of *.test.yaml. A step's verb may stand for what
// happened in an entry of expect, too.
var TestDocs = []source.KindDoc{testKind, givenKind}

const moment = "a day and time (2026-02-04 09:00), or so long after the start (+9d)"

func givenKeys() []source.KeyDoc {
	return append([]source.KeyDoc{
		{Name: "given", Type: "map", Summary: "Who the account is, and what is known of it at the start."},
		{Name: "given.now", Type: "literal", Summary: "The moment at which it starts, by the account's clock.", Example: "2026-02-02 09:00"},
		{Name: "given.until", Type: "literal", Summary: "The moment at which it stops being watched: " + moment + "."},
		{Name: "given.trigger", Type: "literal", Summary: "The id of the trigger that starts the playbook.", Example: "half_year"},
		{Name: "given.account", Type: "map", Summary: "Fields of the account, id among them."},
		{Name: "given.contacts", Type: "map", Summary: "The contacts, by id, and their fields.", Example: "{dana: {email: dana@acme.example, role: champion}}"},
		{Name: "given.objects", Type: "map", Summary: "The objects, by kind."},
		{Name: "given.tasks", Type: "enum(done|idle)", Default: "done", Summary: "What our own people do with tasks that the test says nothing of.", Means: map[string]string{
			"done": "they do them", "idle": "they do nothing",
		}},
		{Name: "given.team", Type: "list", Summary: "Our own people, as in team.yaml; unset, those of the project."},
	}, append([]source.KeyDoc{{Name: "given.team.*", Type: "any", Summary: "A key of a person."}},
		events("given.events", "What happened before the start.")...)...)
}

func events(at, summary string) []source.KeyDoc {
	return []source.KeyDoc{
		{Name: at, Type: "list", Summary: summary},
		{Name: at + ".at", Type: "literal", Summary: "When: " + moment + ".", Example: "+9d"},
		{Name: at + ".on", Names: "event", Type: "reference", Summary: "An event; its fields stand beside it.", Example: "email.replied"},
		{Name: at + ".contact", Type: "any", Summary: "Whose event it is, or a map of a contact and fields that change."},
		{Name: at + ".with", Type: "map", Summary: "Fields of the event whose names are taken here."},
		{Name: at + ".account", Type: "any", Summary: "Fields of the account that change."},
		{Name: at + ".done", Names: "step", Type: "reference", Summary: "The task of a step is done."},
		{Name: at + ".cannot", Names: "step", Type: "reference", Summary: "The task of a step cannot be done."},
		{Name: at + ".approved", Names: "step", Type: "reference", Summary: "The approval of a step is given."},
		{Name: at + ".denied", Names: "step", Type: "reference", Summary: "The approval of a step is denied."},
		{Name: at + ".answers", Type: "map", Summary: "What the task's form is answered with."},
		{Name: at + ".by", Type: "literal", Summary: "Who does it, an id of the team."},
		{Name: at + ".every", Type: "duration", Summary: "It happens again and again, so far apart."},
		{Name: at + ".times", Type: "int", Summary: "So often."},
		{Name: at + ".until", Type: "literal", Summary: "Not after this moment."},
		{Name: at + ".*", Type: "any", Summary: "A field of the event."},
	}
}

var givenKind = source.KindDoc{
	Name:    "given",
	Summary: "What all tests below it in the file begin with; each may say otherwise.",
	Keys:    givenKeys(),
	Example: "given:\n  now: 2026-02-02 09:00\n  account: {id: acme, status: churned, arr: 80000}\n",
}

var testKind = source.KindDoc{
	Name:    "test",
	Summary: "What a playbook does for one account, as it must stay. The real engine plays it on virtual time.",
	Keys: append(append([]source.KeyDoc{
		{Name: "test", Type: "literal", Required: true, Summary: "What is held, as a sentence.", Example: "a reply after the second touch stops everything"},
		{Name: "playbook", Names: "playbook", Type: "reference", Summary: "Which playbook; unset, the one whose name the file has, as win-back.test.yaml."},
		{Name: "partial", Type: "bool", Default: "false", Summary: "true: what is not listed may happen as well."},
	}, append(givenKeys(), events("events", "What happens meanwhile.")...)...), expectKeys...),
	Example: "test: a reply stops everything\nplaybook: win-back\ngiven:\n  now: 2026-02-02 09:00\n  trigger: half_year\n  account: {id: acme, status: churned, arr: 80000}\n  contacts: {dana: {email: dana@acme.example, role: champion}}\nevents:\n  - {at: +9d, on: email.replied, contact: dana}\nexpect:\n  - {at: 2026-02-04 09:00, touch: opening, to: dana}\n  - {outcome: responded}\n",
}

var expectKeys = []source.KeyDoc{
	{Name: "expect", Type: "list", Summary: "What must happen, in order. It is complete: a touch or task that is not listed fails the test."},
	{Name: "expect.at", Type: "literal", Summary: "When: " + moment + ".", Example: "2026-02-04 09:00"},
	{Name: "expect.between", Type: "list", Summary: "From when to when.", Example: "[2026-02-04 09:00, 2026-02-04 11:30]"},
	{Name: "expect.touch", Names: "step", Type: "reference", Summary: "A message goes."},
	{Name: "expect.task", Names: "step", Type: "reference", Summary: "A task opens."},
	{Name: "expect.done", Names: "step", Type: "reference", Summary: "A task is done."},
	{Name: "expect.cannot", Names: "step", Type: "reference", Summary: "A task cannot be done."},
	{Name: "expect.expired", Names: "step", Type: "reference", Summary: "A task expires."},
	{Name: "expect.asked", Names: "step", Type: "reference", Summary: "An approval is asked for."},
	{Name: "expect.approved", Names: "step", Type: "reference", Summary: "It is given."},
	{Name: "expect.denied", Names: "step", Type: "reference", Summary: "It is denied."},
	{Name: "expect.review", Names: "step", Type: "reference", Summary: "A draft is shown to one of ours."},
	{Name: "expect.skip", Names: "step", Type: "reference", Summary: "A step is left out."},
	{Name: "expect.shift", Names: "step", Type: "reference", Summary: "A guard moves a touch to a later moment."},
	{Name: "expect.error", Names: "step", Type: "reference", Summary: "A step fails."},
	{Name: "expect.start", Type: "literal", Summary: "The playbook starts, by this trigger."},
	{Name: "expect.refused", Type: "literal", Summary: "It does not start, for this reason."},
	{Name: "expect.goal", Type: "literal", Summary: "The goal's outcome, when it is met."},
	{Name: "expect.outcome", Type: "literal", Summary: "How the enrollment ends.", Example: "responded"},
	{Name: "expect.still", Type: "any", Summary: "What it still does at the end."},
	{Name: "expect.account", Type: "map", Summary: "Fields of the account at the end."},
	{Name: "expect.to", Type: "any", Summary: "To whom: a contact or one of the team."},
	{Name: "expect.channel", Type: "literal", Summary: "By which channel."},
	{Name: "expect.subject_has", Type: "any", Summary: "Words of the subject."},
	{Name: "expect.text_has", Type: "any", Summary: "Words of the text."},
	{Name: "expect.title_has", Type: "any", Summary: "Words of the task."},
	{Name: "expect.reason_has", Type: "any", Summary: "Words of the reason."},
	{Name: "expect.due", Type: "literal", Summary: "When it is due."},
	{Name: "expect.by", Type: "literal", Summary: "By whom it was done or answered."},
	{Name: "expect.until", Type: "literal", Summary: "To which moment it waits."},
	{Name: "expect.rest", Type: "literal", Summary: "The rest that follows, as written."},
	{Name: "expect.result", Type: "literal", Summary: "How the step ended."},
}
