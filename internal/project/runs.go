package project

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"holdfast/internal/source"
	"holdfast/playbooks"
	"holdfast/steps"
)

// endpoints checks the webhooks that steps call.
func (ld *loader) endpoints() {
	for _, p := range ld.p.Playbooks {
		for _, s := range p.Program.Steps {
			h, ok := s.Spec.(*steps.Webhook)
			if !ok || ld.p.Settings.Webhooks[h.Name] != "" {
				continue
			}
			hint := "name it in holdfast.yaml: webhooks: {" + h.Name + ": https://…}"
			if near := source.Suggest(h.Name, slices.Sorted(maps.Keys(ld.p.Settings.Webhooks))); near != "" {
				hint = "did you mean " + strconv.Quote(near) + "?"
			}
			ld.diags.Errorf(h.Span, "unknown-endpoint", hint, "no endpoint is called %q", h.Name)
		}
	}
}

// runs checks the playbooks that playbooks run: each must be there, and none may
// lead back to itself. A file that is linted alone knows no others.
func (ld *loader) runs() {
	if ld.only != "" {
		return
	}
	for _, p := range ld.p.Playbooks {
		for _, r := range runsOf(p) {
			if ld.known[r.Playbook].Line == 0 {
				var names []string
				for name := range ld.known {
					names = append(names, name)
				}
				hint := "write it, or take it from the library"
				if near := source.Suggest(r.Playbook, names); near != "" {
					hint = "did you mean " + strconv.Quote(near) + "?"
				}
				ld.diags.Errorf(r.Span, "unknown-playbook", hint, "there is no playbook %q", r.Playbook)
				continue
			}
			if way := ld.back(r.Playbook, p.Name, nil); way != nil {
				ld.diags.Errorf(r.Span, "run-cycle", "take one of the steps out", "playbook %q runs itself: %s", p.Name, strings.Join(append([]string{p.Name}, way...), " -> "))
			}
		}
	}
}

func runsOf(p *playbooks.Playbook) []*steps.Run {
	var runs []*steps.Run
	for _, s := range p.Program.Steps {
		if r, ok := s.Spec.(*steps.Run); ok {
			runs = append(runs, r)
		}
	}
	return runs
}

// back is a way of runs from a playbook to another, or nil.
func (ld *loader) back(from, to string, been []string) []string {
	been = append(been, from)
	if from == to {
		return been
	}
	p := ld.p.Playbook(from)
	if p == nil {
		return nil
	}
	for _, r := range runsOf(p) {
		if slices.Contains(been, r.Playbook) && r.Playbook != to {
			continue
		}
		if way := ld.back(r.Playbook, to, slices.Clip(been)); way != nil {
			return way
		}
	}
	return nil
}
