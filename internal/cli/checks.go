package cli

import (
	"cmp"
	"slices"

	"holdfast/internal/diag"
	"holdfast/internal/playtest"
	"holdfast/internal/project"
)

// checks are all that lint can find, by name: in projects and in their tests.
func checks() []diag.Check {
	all := slices.Concat(project.Checks(), playtest.Checks)
	slices.SortFunc(all, func(a, b diag.Check) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// checkOf is the one called name.
func checkOf(name string) (c diag.Check, ok bool) {
	all := checks()
	i := slices.IndexFunc(all, func(c diag.Check) bool { return c.Name == name })
	if i < 0 {
		return c, false
	}
	return all[i], true
}
