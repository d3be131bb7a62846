package guards

import "holdfast/internal/store"

// Exited drops what a playbook would still do after its exit.
var Exited = Guard{
	Name:    "exited",
	Summary: "The enrollment has ended; nothing more goes out, to anyone.",
	Keys:    []string{"exit"},
	Set:     "what ends it: exit, end, or `holdfast enrollments exit`",
	Example: func(a *Ask) {
		a.Exited = &store.Signal{Kind: "exit", Outcome: "responded"}
	},
	Check: func(a Ask) (Decision, error) {
		if a.Exited == nil {
			return Decision{}, nil
		}
		return Decision{Kind: Drop, Reason: "exited", Detail: "the enrollment ended as " + a.Exited.Outcome}, nil
	},
}
