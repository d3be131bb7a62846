package guards

// Stopped holds everything back while someone has stopped all sending, or that
// of the playbook. A row wakes what is parked when it goes on.
var Stopped = Guard{
	Name:    "stopped",
	Summary: "Sending is stopped by hand, of all playbooks or of this one; touches wait until it goes on.",
	Set:     "`holdfast stop PLAYBOOK` and `holdfast stop-all`; `resume` and `resume-all` end it",
	Example: func(a *Ask) {
		a.Stopped = "Mira stopped all sending on 4 Mar 2026"
	},
	Check: func(a Ask) (Decision, error) {
		if a.Stopped == "" {
			return Decision{}, nil
		}
		return Decision{Kind: Park, Reason: "stopped", Detail: a.Stopped}, nil
	},
}
