package guards

// Shadow stops a touch of a playbook in `mode: shadow` at the last moment. It is
// asked last, so that all else is as it would be: the same waits, the same moment.
var Shadow = Guard{
	Name:    "shadow",
	Summary: "The playbook runs in mode: shadow: everything happens but the send, and the line says what would have gone.",
	Keys:    []string{"mode"},
	Set:     "`mode: shadow`",
	Example: func(a *Ask) {
		a.Shadow = true
	},
	Check: func(a Ask) (Decision, error) {
		if !a.Shadow {
			return Decision{}, nil
		}
		return Decision{Kind: Drop, Reason: "shadow", Detail: "would have gone now"}, nil
	},
}
