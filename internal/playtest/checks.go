package playtest

import "holdfast/internal/diag"

// Checks are the names of what the reading of tests reports, besides those of project.Checks.
var Checks = []diag.Check{
	{Name: "bad-time", Severity: diag.Error,
		Summary: "A moment of a test that cannot be read, or whose weekday is another.",
		Why:     "A test holds dates to the minute; one that means nothing would hold nothing."},
	{Name: "wrong-order", Severity: diag.Error,
		Summary: "History after the start of a test, events before it, or a time that ends before it begins.",
		Why:     "What is known at the start and what happens later are two things to a playbook."},
	{Name: "unknown-contact", Severity: diag.Error,
		Summary: "A person in a test who is not among its contacts.",
		Why:     "A reply from nobody would end nothing, and the test would pass or fail for the wrong reason."},
	{Name: "unknown-trigger", Severity: diag.Error,
		Summary: "A trigger in a test that its playbook does not have.",
		Why:     "A test of a start that cannot happen says nothing."},
	{Name: "nothing-expected", Severity: diag.Warning,
		Summary: "A test without expect.",
		Why:     "It fails as soon as anything happens. Write what must happen, let holdfast test --update write it, or write expect: []."},
}
