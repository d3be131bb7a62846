package graph

import (
	"strings"

	"holdfast/steps"
)

// labelOf says what a step does in a few words.
func labelOf(s *steps.Step) string {
	switch spec := s.Spec.(type) {
	case *steps.Email:
		return spec.Template
	case *steps.Slack:
		return spec.To
	case *steps.Task:
		return spec.Title
	case *steps.Pause:
		if spec.Until != nil {
			return "until " + oneLine(spec.Until.Source())
		}
		return spec.For.Text
	case *steps.Listening:
		return strings.Join(spec.Events, " or ") + ", " + spec.Timeout.Text
	case *steps.Every:
		return "every " + spec.Each.Text
	case *steps.Each:
		return oneLine(spec.List.Source())
	case *steps.End:
		return spec.Outcome
	case *steps.Run:
		return spec.Playbook
	case *steps.Webhook:
		return spec.Name
	case *steps.Approval:
		return spec.Title
	case *steps.Offer:
		return strings.ReplaceAll(spec.Kind, "_", " ")
	case *steps.Escalate:
		return spec.Name
	case *steps.Set:
		var names []string
		for _, a := range spec.Fields {
			names = append(names, a.Field.Name)
		}
		return strings.Join(names, ", ")
	}
	return ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cut shortens s to n runes.
func cut(s string, n int) string {
	if r := []rune(oneLine(s)); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return oneLine(s)
}
