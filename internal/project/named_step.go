package project

import "holdfast/internal/diag"

// stepChecks are what the reading of playbooks and their steps reports.
var stepChecks = []diag.Check{
	{Name: "bad-step", Severity: diag.Error, Summary: "A step that is no map.", Why: "A step is its id, a verb and what the verb needs."},
	{Name: "no-steps", Severity: diag.Error, Summary: "A playbook or a block without steps.", Why: "It would end as it begins."},
	{Name: "unknown-verb", Severity: diag.Error, Summary: "A step whose verb does not exist.", Why: "A misspelt verb would be a step that does nothing."},
	{Name: "two-verbs", Severity: diag.Error, Summary: "A step that says two verbs.", Why: "A step does one thing: its result and its place on the timeline are one."},
	{Name: "missing-id", Severity: diag.Error, Summary: "A step without an id.", Why: "Steps are known by id and not by position, so that a running enrollment survives an edit."},
	{Name: "bad-id", Severity: diag.Error, Summary: "An id that expressions could not name.", Why: "Later steps read what a step gave: call.interest."},
	{Name: "duplicate-step", Severity: diag.Error, Summary: "Two steps of one id.", Why: "The ledger of touches is kept by id: the second would count as sent."},
	{Name: "too-many-steps", Severity: diag.Error, Summary: "A playbook of more than 2,000 steps.", Why: "Nobody reads it, and an enrollment's state must stay small."},
	{Name: "too-deep", Severity: diag.Error, Summary: "Steps nested more than sixteen deep.", Why: "Nobody reads it."},
	{Name: "bad-arm", Severity: diag.Error, Summary: "An arm of a branch without a condition, or an else that is not the last.", Why: "Arms are tried from the top."},
	{Name: "bad-value", Severity: diag.Error, Summary: "A value that the verb cannot use.", Why: "Nothing is guessed."},
	{Name: "bad-duration", Severity: diag.Error, Summary: "A length of time that is none.", Why: "3 q is no time, and 0 d is none that can be waited."},
	{Name: "bad-form", Severity: diag.Error, Summary: "A form field that asks for nothing a form can ask.", Why: "Answers are data for later steps: they have a type."},
	{Name: "bad-recipient", Severity: diag.Error, Summary: "A recipient who is none: an address instead of a role, a channel without #.", Why: "Addresses change and are erased; roles stay."},
	{Name: "bad-reference", Severity: diag.Error, Summary: "An owner or assignee that names nobody of ours.", Why: "Every task has an owner who exists."},
	{Name: "unknown-template", Severity: diag.Error, Summary: "A template that is not there.", Why: "There would be nothing to send."},
	{Name: "unknown-step", Severity: diag.Error, Summary: "A reference to a step that is not there, or not above.", Why: "A message cannot continue a conversation that has not begun."},
	{Name: "wrong-step", Severity: diag.Error, Summary: "A reference to a step of another verb.", Why: "Only an e-mail has a conversation to continue."},
	{Name: "derived-field", Severity: diag.Error, Summary: "A step that sets a field which comes from something else, or an id.", Why: "The next message would compute it again, and what was set is lost."},
	{Name: "run-cycle", Severity: diag.Error, Summary: "A playbook that runs itself, by itself or through others.", Why: "It would begin again and again, and never end."},
	{Name: "unknown-endpoint", Severity: diag.Error, Summary: "A webhook to an endpoint that the settings do not name.", Why: "Outbound calls go to named endpoints alone, never to a free address."},
	{Name: "unknown-lane", Severity: diag.Error, Summary: "A lane that the project does not order.", Why: "A misspelt lane is weaker and stronger than none: it keeps nobody waiting."},
	{Name: "no-lane", Severity: diag.Error, Summary: "A playbook without a lane says what happens to it in one.", Why: "A promise that means nothing is mostly a forgotten lane."},
	{Name: "bad-holdout", Severity: diag.Error, Summary: "A transactional playbook holds accounts out.", Why: "What a customer is owed is owed to everyone."},
	{Name: "out-of-range", Severity: diag.Error, Summary: "A share of nothing, or of more than there is.", Why: "A holdout of 100 % is a playbook that is switched off."},
	{Name: "duplicate-trigger", Severity: diag.Error, Summary: "Two triggers of one id.", Why: "The id is part of the entry key: the second would never start."},
	{Name: "duplicate-exit", Severity: diag.Error, Summary: "Two exits of one id.", Why: "Reports tell exits by it."},
}
