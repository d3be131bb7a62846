package doctor

import (
	"context"
	"fmt"

	"holdfast/internal/diag"
	"holdfast/internal/project"
	"holdfast/internal/release"
	"holdfast/internal/store"
)

// chosenProject reads what is to be run: the directory that was named, or the
// release in force.
func chosenProject(ctx context.Context, v *visit) {
	const why = "it says which channels and addresses are in use; without it they are not looked at"
	if v.Project != "" {
		p, found, err := project.Load(v.Project)
		if err != nil {
			v.wrong(err.Error(), why, "name the project's directory")
			return
		}
		for _, d := range found {
			if d.Severity == diag.Error {
				v.wrong(d.String(), why, "holdfast lint "+v.Project+" shows all mistakes")
				return
			}
		}
		v.project = p
		v.ok(fmt.Sprintf("%s reads, with %d playbooks", v.Project, len(p.Playbooks)))
		return
	}
	if v.store == nil {
		v.note("no project was named, and no release can be read", why, "holdfast doctor PROJECT")
		return
	}
	var n int64
	err := v.store.View(ctx, func(tx store.Tx) (err error) {
		if n, err = release.Force(tx); err == nil && n > 0 {
			v.project, err = release.Open(tx, n)
		}
		return err
	})
	switch {
	case err != nil:
		v.broken(err, why, "apply one that this holdfast reads")
	case n == 0:
		v.note("no release is in force", why, "holdfast doctor PROJECT, or holdfast apply it first")
	default:
		v.ok(fmt.Sprintf("release %d is in force, with %d playbooks", n, len(v.project.Playbooks)))
	}
}
