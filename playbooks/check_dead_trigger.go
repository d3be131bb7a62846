package playbooks

import (
	"holdfast/internal/diag"
	"holdfast/internal/source"
	"holdfast/rules"
	"holdfast/triggers"
)

var deadTrigger = Check{
	Check: diag.Check{
		Name: "dead-trigger", Severity: diag.Warning,
		Summary: "A trigger that never starts anything because its conditions are never true together, or that repeats another.",
		Why:     "A playbook that never starts shows no error: it is missed months later, when somebody asks why nobody was called. Two triggers for the same moment enrol an account twice, since each is an entry of its own.",
	},
	Run: func(s Subject) {
		nodes := triggerNodes(s.Doc.Get("trigger"))
		for i, t := range s.Playbook.Triggers {
			if i >= len(nodes) {
				return
			}
			if rules.Contradict(t.When, s.Playbook.When) {
				s.warn(triggerPlace(s.Doc, nodes[i]), "correct the condition", "trigger %q never starts: its conditions are never true together", t.ID)
				continue
			}
			for _, o := range s.Playbook.Triggers[:i] {
				if repeats(t, o) {
					s.warn(nodes[i].Span(), "delete it, or give each a condition of its own",
						"wherever trigger %q starts, %q of line %d starts too: the account enrols twice", t.ID, o.ID, o.Span.Line)
				}
			}
		}
	},
}

// repeats reports whether o starts wherever t does, at the same moment.
func repeats(t, o triggers.Trigger) bool {
	if t.Kind != o.Kind || t.Kind == triggers.Date || t.On != o.On || t.For != o.For {
		return false
	}
	if o.When == nil {
		return t.Kind == triggers.Event
	}
	return t.When.Implied([]*rules.Expr{o.When})
}

func triggerNodes(n *source.Node) []*source.Node {
	if any := n.Get("any"); any != nil {
		return any.Items()
	}
	return []*source.Node{n}
}

// triggerPlace is the condition to change: the trigger's own, or the common one.
func triggerPlace(doc, n *source.Node) diag.Span {
	for _, c := range []*source.Node{n.Get("when"), n.Get("becomes"), doc.Get("trigger").Get("when")} {
		if c != nil {
			return c.Span()
		}
	}
	return n.Span()
}
