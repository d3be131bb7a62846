package sim_test

import (
	"testing"

	"holdfast/internal/playtest"
	"holdfast/internal/project"
	"holdfast/internal/sim"
)

// library is the cases of the shipped playbooks' tests, by name: what the speed
// and the sameness of simulations are judged by.
func library(t testing.TB) map[string]sim.Case {
	t.Helper()
	p, found, err := project.Load("../../playbooks/library")
	if err != nil || len(found) > 0 {
		t.Fatalf("load the library: %v, %v", err, found)
	}
	suite, found := playtest.Read(p)
	if len(found) > 0 {
		t.Fatalf("read its tests: %v", found)
	}
	all := map[string]sim.Case{}
	for _, test := range suite.Tests {
		all[test.Name] = test.Case
	}
	cases := map[string]sim.Case{}
	for short, name := range tested {
		c, ok := all[name]
		if !ok {
			t.Fatalf("no test of the library is called %q", name)
		}
		cases[short] = c
	}
	return cases
}

// tested are tests of the library by short names.
var tested = map[string]string{
	"post-save-kept":             "half a year of weekly looks without a relapse (S107)",
	"post-save-churned":          "they leave all the same, and it ends at once",
	"renewal-comprehensive":      "ninety days ahead come review, value, invitation, talk, proposal and paperwork (S50, S51)",
	"renewal-emergency":          "with twenty days left there is an alarm, and a call the same day (S37)",
	"renewal-issues-and-silence": "poor health and no answer to the invitation mean open issues first, then a call",
	"renewal-last-days":          "with four days left and a talk that takes longer, nothing goes after the date",
	"save-kept":                  "diagnosed, fixed in three working days, verified, saved (S72, S73)",
	"silence-before-renewal":     "not a word for 45 days and the renewal comes near, so there is an alarm and a task (S53)",
	"silence-broken":             "somebody speaks with them before the task is done",
	"win-back-automated":         "worth 1,000 to 10,000, they get three e-mails over four weeks (S41, S121)",
	"win-back-opted-out":         "who opts out hears nothing for a year, unless something material changes (S123)",
	"win-back-personal":          "worth over 50,000 a year and silent, they get five touches, then half a year of rest (S120, S122)",
	"win-back-quarter-end":       "over the end of a quarter and on public holidays nothing goes (S124)",
}
