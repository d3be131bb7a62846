package guards

// Stopped holds everything back while someone has stopped all sending, or that
// of the playbook. A row wakes what is parked when it goes on.
var Stopped = Guard{
	Name:    "stopped",
	Summary: "Sending is stopped by hand, of all playbooks or of this one; touches wait until it goes on.",
	Check: func(a Ask) (Decision, error) {
		if a.Stopped == "" {
			return Decision{}, nil
		}
		return Decision{Kind: Park, Reason: "stopped", Detail: a.Stopped}, nil
	},
}
