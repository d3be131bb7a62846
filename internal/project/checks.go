package project

import (
	"cmp"
	"slices"

	"holdfast/internal/diag"
	"holdfast/playbooks"
)

// check is what lint says about several files together: texts and who shows
// them, playbooks beside each other. To add one, add check_<name>.go, one line
// here, and its bad and good case in playbooks/testdata/checks/<name>.
type check struct {
	diag.Check
	run func(*loader, reporter)
}

// checks in the order of the reference.
func checks() []check {
	return []check{
		unknownVariable, localeDiffers, localeFallback, bannedClaim, badmouthing,
		overlap, unsentEvent, unknownPlaybook, unusedRule, noUnsubscribeLink,
	}
}

// reporter adds findings of one check.
type reporter struct {
	check diag.Check
	diags *diag.List
}

func (r reporter) say(at diag.Span, hint, format string, args ...any) {
	var l diag.List
	l.Warnf(at, r.check.Name, hint, format, args...)
	l.All[0].Severity = r.check.Severity
	r.diags.Add(l.All...)
}

func (ld *loader) checkAll() {
	for _, c := range checks() {
		c.run(ld, reporter{c.Check, &ld.diags})
	}
}

// Checks is every name that a finding of any file can bear, by name.
func Checks() []diag.Check {
	all := slices.Concat(fileChecks, ruleChecks, stepChecks, projectChecks)
	for _, c := range playbooks.Checks {
		all = append(all, c.Check)
	}
	for _, c := range checks() {
		all = append(all, c.Check)
	}
	slices.SortFunc(all, func(a, b diag.Check) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Named is the check called name.
func Named(name string) (diag.Check, bool) {
	all := Checks()
	i := slices.IndexFunc(all, func(c diag.Check) bool { return c.Name == name })
	if i < 0 {
		return diag.Check{}, false
	}
	return all[i], true
}
