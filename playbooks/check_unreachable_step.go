package playbooks

var unreachableStep = Check{
	Name:    "unreachable-step",
	Summary: "A step stands behind an end in the same block, so that nothing ever reaches it.",
	Run: func(s Subject) {
		for _, end := range s.steps("end") {
			next := s.Playbook.Program.ByID[end.Next]
			if end.If == nil && next != nil {
				s.warn(next.Span, "unreachable-step", "delete it, or move it above the end",
					"step %q is never reached: %q ends the enrollment before it", next.ID, end.ID)
			}
		}
	},
}
