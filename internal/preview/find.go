package preview

import (
	"slices"
	"strings"

	"holdfast"
	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/steps"
)

// use is an e-mail step that sends the template.
type use struct {
	book *playbooks.Playbook
	step *steps.Step
}

// find is the first e-mail step that sends the template.
func (q Question) find() (use, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(q.Template, "templates/"), ".md")
	var all, books []string
	briefed := ""
	for _, b := range q.Project.Playbooks {
		books = append(books, b.Name)
		if q.Playbook != "" && b.Name != q.Playbook {
			continue
		}
		for _, s := range b.Program.Steps {
			switch spec := s.Spec.(type) {
			case *steps.Email:
				if spec.Template == name {
					return use{b, s}, nil
				}
				all = append(all, spec.Template)
			case *steps.Task:
				if spec.Brief == name {
					briefed = s.ID + " of " + b.Name
				}
			}
		}
	}
	if q.Playbook != "" && !slices.Contains(books, q.Playbook) {
		e := holdfast.Errorf(holdfast.NotFound, "there is no playbook %q", q.Playbook)
		e.Hint = "there are " + strings.Join(books, ", ")
		return use{}, e
	}
	if briefed != "" {
		return use{}, holdfast.Errorf(holdfast.Invalid, "template %s is the brief of the task %s: no e-mail is made of it", name, briefed)
	}
	e := holdfast.Errorf(holdfast.NotFound, "no e-mail step sends the template %q", name)
	slices.Sort(all)
	all = slices.Compact(all)
	if near := source.Suggest(name, all); near != "" {
		e.Hint = `did you mean "` + near + `"?`
	} else if len(all) > 0 {
		e.Hint = "there are " + strings.Join(all[:min(len(all), 8)], ", ")
	}
	return use{}, e
}
